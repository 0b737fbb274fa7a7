using System.Collections.Frozen;
using System.Text.Json;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Connectors.OAuth;

/// <summary>How the tokens of one connection are asked for. Holds names of secrets and no secret, so that it may be stored.</summary>
/// <param name="Connector">The connector's name, as <c>salesforce</c>.</param>
/// <param name="Title">Its title, for people.</param>
/// <param name="Connection">The connection's name.</param>
/// <param name="Token">The credential that holds the access token.</param>
/// <param name="TokenUrl">With <c>${secret.X}</c>, as all addresses and parameters here.</param>
/// <param name="Defaults">Values of secrets that are not set, by name.</param>
internal sealed record OAuthClient(
    string Connector,
    string Title,
    string Connection,
    OAuthGrant Grant,
    string Token,
    string TokenUrl,
    string? AuthorizeUrl,
    IReadOnlyList<string> Scopes,
    OAuthClientPlace Client,
    IReadOnlyDictionary<string, string> Parameters,
    IReadOnlyDictionary<string, string> AuthorizeParameters,
    IReadOnlyDictionary<string, string> Defaults)
{
    /// <summary>Names of the credentials that every OAuth 2 connector has; <c>refreshToken</c> need not be declared.</summary>
    public const string Id = "clientId", Key = "clientSecret", Refresh = "refreshToken";

    /// <summary>Parameters that the server sets.</summary>
    public static readonly FrozenSet<string> OwnParameters = new[] { "grant_type", "client_id", "client_secret", "code", "code_verifier", "code_challenge", "code_challenge_method", "redirect_uri", "refresh_token", "response_type", "scope", "state" }.ToFrozenSet(StringComparer.Ordinal);

    public string AccessToken => Connectors.Connection.SecretOf(Connection, Token);

    public string RefreshToken => Connectors.Connection.SecretOf(Connection, Refresh);

    public string ClientId => Connectors.Connection.SecretOf(Connection, Id);

    public string ClientSecret => Connectors.Connection.SecretOf(Connection, Key);

    /// <summary>As errors name it: <c>Connection "crm" (Salesforce)</c>.</summary>
    public string Shown => $"Connection \"{Connection}\" ({Title})";

    /// <summary>What somebody has to do when only a person can help.</summary>
    public string HowToConnect => $"Connect it again with POST /api/connections/{Connector}/{Connection}/connect.";

    /// <summary>Secrets that have to be set before a token can be asked for.</summary>
    public IEnumerable<string> Needed => new[] { TokenUrl, AuthorizeUrl ?? "" }.Concat(Parameters.Values).Concat(AuthorizeParameters.Values).SelectMany(SecretTemplate.Names).Where(name => !Defaults.ContainsKey(name)).Append(ClientId).Append(ClientSecret).Distinct();

    /// <summary>Of a connector's <c>auth</c>; null when that is of another type.</summary>
    public static OAuthClient? Of(Connector connector, ConnectorAuth? auth, string connection)
    {
        if (auth is not { Type: AuthKind.OAuth2, Grant: { } grant, TokenUrl: { } tokenUrl, Token: { } token }) return null;
        return new OAuthClient(
            connector.Name,
            connector.File.Title,
            connection,
            grant,
            Connectors.Connection.CredentialOf(token)!,
            Connectors.Connection.WithSecrets(tokenUrl, connection),
            auth.AuthorizeUrl is { } authorize ? Connectors.Connection.WithSecrets(authorize, connection) : null,
            auth.Scopes ?? [],
            auth.Client ?? OAuthClientPlace.Body,
            WithSecrets(auth.Parameters, connection),
            WithSecrets(auth.AuthorizeParameters, connection),
            (connector.File.Credentials ?? new Dictionary<string, ConnectorCredential>()).Where(c => c.Value.Default is not null).ToDictionary(c => Connectors.Connection.SecretOf(connection, c.Key), c => c.Value.Default!));
    }

    /// <summary>As the database keeps it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, JsonFormat.Wire);

    public static OAuthClient? FromJson(string text) => JsonSerializer.Deserialize<OAuthClient>(text, JsonFormat.Wire);

    /// <summary>A text of this client with its secrets, or their defaults, put in.</summary>
    /// <exception cref="StepException"><c>secret_missing</c>.</exception>
    public string Fill(string text, SecretFilling filling)
    {
        var filled = new System.Text.StringBuilder();
        foreach (var part in SecretTemplate.Parts(text))
        {
            var piece = text.Substring(part.Start, part.Length);
            filled.Append(!part.IsSecret ? piece : filling.Has(piece) || !Defaults.TryGetValue(piece, out var value) ? filling.Value(piece) : value);
        }

        return filled.ToString();
    }

    private static Dictionary<string, string> WithSecrets(IReadOnlyDictionary<string, string>? parameters, string connection) =>
        (parameters ?? new Dictionary<string, string>()).ToDictionary(p => p.Key, p => Connectors.Connection.WithSecrets(p.Value, connection), StringComparer.Ordinal);
}

/// <summary>The clients that workflows use now, by the name of the secret that holds their access token.</summary>
internal delegate FrozenDictionary<string, OAuthClient> OAuthClients();

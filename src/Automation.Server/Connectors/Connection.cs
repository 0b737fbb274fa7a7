using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Automation.Server.Connectors;

/// <summary>An account at a service: a name that the names of its secrets begin with.</summary>
/// <remarks>The credential <c>accountSid</c> of the connection <c>twilio</c> is the secret <c>TWILIO_ACCOUNT_SID</c>.</remarks>
internal static partial class Connection
{
    public const string NamePattern = "^[a-z][a-z0-9-]{0,49}$";

    public static bool IsName(string text) => Name().IsMatch(text);

    /// <summary>Name of the secret that holds a credential.</summary>
    public static string SecretOf(string connection, string credential) =>
        connection.ToUpperInvariant().Replace('-', '_') + "_" + Capital().Replace(credential, "_$0").ToUpperInvariant();

    /// <summary>The credential that a text is, as <c>accessToken</c> of <c>${connection.accessToken}</c>; null when it is anything else.</summary>
    public static string? CredentialOf(string text) => Reference().Match(text) is { Success: true } match && match.Length == text.Length ? match.Groups[1].Value : null;

    /// <summary>Credentials that a template names, each once.</summary>
    public static IReadOnlySet<string> CredentialsIn(JsonNode? template)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        Rewrite(template, text =>
        {
            foreach (Match match in Reference().Matches(text)) names.Add(match.Groups[1].Value);
            return text;
        });
        return names;
    }

    /// <summary>The template with each <c>${connection.x}</c> as the <c>${secret.X}</c> that it stands for.</summary>
    public static JsonNode? WithSecrets(JsonNode? template, string connection) =>
        Rewrite(template, text => WithSecrets(text, connection));

    /// <inheritdoc cref="WithSecrets(JsonNode?, string)"/>
    public static string WithSecrets(string template, string connection) => Reference().Replace(template, match => "${secret." + SecretOf(connection, match.Groups[1].Value) + "}");

    private static JsonNode? Rewrite(JsonNode? node, Func<string, string> text) => node switch
    {
        JsonObject members => new JsonObject(members.Select(m => KeyValuePair.Create(m.Key, Rewrite(m.Value, text)))),
        JsonArray items => new JsonArray([.. items.Select(i => Rewrite(i, text))]),
        JsonValue value when value.GetValueKind() is JsonValueKind.String => JsonValue.Create(text(value.GetValue<string>())),
        _ => node?.DeepClone(),
    };

    [GeneratedRegex(NamePattern, RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    // Not behind a dollar: $${ is a literal ${.
    [GeneratedRegex(@"(?<!\$)\$\{\s*connection\.([a-z][a-zA-Z0-9]*)\s*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();

    [GeneratedRegex("[A-Z]", RegexOptions.CultureInvariant)]
    private static partial Regex Capital();
}

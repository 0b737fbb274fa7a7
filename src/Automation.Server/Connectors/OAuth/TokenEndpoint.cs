using System.Text;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Steps;

namespace Automation.Server.Connectors.OAuth;

/// <summary>No token came of a request. The message holds no secret.</summary>
/// <param name="error">The service's error code, as <c>invalid_grant</c>; null when there was none.</param>
internal sealed class TokenRequestException(string message, string? error = null) : Exception(message)
{
    public string? Error { get; } = error;
}

/// <summary>Asks token addresses for tokens — RFC 6749 §3.2, §5. Through the one way out, with its address filter; 15 seconds and 64 KB at the most.</summary>
internal sealed class TokenEndpoint(OutboundHttp http, SecretStore secrets, TimeProvider time)
{
    private const int LargestAnswer = 64 * 1024;

    /// <summary>Limit of one request.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>With the code of a way that came back, and the verifier of its challenge (RFC 7636 §4.5).</summary>
    /// <exception cref="TokenRequestException">No token came.</exception>
    public Task<TokenAnswer> ExchangeAsync(OAuthClient client, string code, string verifier, string redirectUri) =>
        AskAsync(client, [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectUri), ("code_verifier", verifier)], code, verifier);

    /// <inheritdoc cref="ExchangeAsync"/>
    public Task<TokenAnswer> RefreshAsync(OAuthClient client, string refreshToken) => AskAsync(client, [("grant_type", "refresh_token"), ("refresh_token", refreshToken)], refreshToken);

    /// <inheritdoc cref="ExchangeAsync"/>
    public Task<TokenAnswer> ClientCredentialsAsync(OAuthClient client) =>
        AskAsync(client, client.Scopes.Count == 0 ? [("grant_type", "client_credentials")] : [("grant_type", "client_credentials"), ("scope", string.Join(' ', client.Scopes))]);

    private async Task<TokenAnswer> AskAsync(OAuthClient client, List<(string Name, string Value)> form, params string[] hidden)
    {
        var filling = new SecretFilling(secrets);
        foreach (var value in hidden) filling.Note(new Secret(client.RefreshToken, value));
        string problem;
        string? error = null;
        using var timer = new CancellationTokenSource(Patience, time);
        try
        {
            using var request = Build(client, form, filling);
            using var response = await http.SendAsync(request, timer.Token);
            var body = await OutboundAnswer.ReadAsync(response, LargestAnswer, timer.Token);
            if (TokenAnswer.Read((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, body, out error, out problem) is { } answer) return answer;
        }
        catch (StepException missing)
        {
            throw new TokenRequestException(missing.Error.Message);
        }
        catch (Exception failed) when (OutboundErrors.Sort(failed, timer.IsCancellationRequested ? Patience : null) is { } failure)
        {
            problem = failure.Message.TrimEnd('.');
        }

        // What it says of an error may repeat what it was sent.
        throw new TokenRequestException($"{client.Title} gave no token: {filling.Redactor?.Mask(problem) ?? problem}.", error);
    }

    private static HttpRequestMessage Build(OAuthClient client, List<(string Name, string Value)> form, SecretFilling filling)
    {
        var (id, key) = (filling.Value(client.ClientId), filling.Value(client.ClientSecret));
        foreach (var (name, value) in client.Parameters) form.Add((name, client.Fill(value, filling)));
        if (client.Client is OAuthClientPlace.Body) form.AddRange([("client_id", id), ("client_secret", key)]);
        var address = OutboundRequest.Address(client.Fill(client.TokenUrl, filling));
        var body = Encoding.UTF8.GetBytes(string.Join('&', form.Select(p => Encoded(p.Name) + "=" + Encoded(p.Value))));
        var request = OutboundRequest.Create("POST", address, body, OutboundBody.Form);
        OutboundRequest.AddHeader(request, "Accept", OutboundBody.Json);
        OutboundRequest.AddHeader(request, "User-Agent", OutboundHttp.UserAgent);
        // Each encoded as in a form, then both as Basic credentials — RFC 6749 §2.3.1.
        if (client.Client is OAuthClientPlace.Basic) OutboundRequest.AddHeader(request, "Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Encoded(id)}:{Encoded(key)}")));
        return request;
    }

    private static string Encoded(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
}

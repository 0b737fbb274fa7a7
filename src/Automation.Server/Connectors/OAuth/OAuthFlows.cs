using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Storage;

namespace Automation.Server.Connectors.OAuth;

/// <summary>Ways to a service's page of consent and back — RFC 6749 §4.1 with PKCE (RFC 7636, S256) and the advice of RFC 9700.</summary>
/// <remarks>
/// The state is 32 random bytes; the database has its hash. The first browser that goes gets a cookie of 32 random bytes, which is PKCE's verifier: its hash is the challenge, so that the database holds neither,
/// and only that browser can come back. A way is over when it is back, and after ten minutes.
/// </remarks>
internal sealed class OAuthFlows(Func<Journal> journal, AccessTokens tokens, TokenEndpoint endpoint, Secrets.SecretStore secrets, TimeProvider time)
{
    /// <summary>Characters of a state and of a verifier: 32 bytes as base64url.</summary>
    public const int TextLength = 43;

    private const int MostWays = 200;

    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>Begins a way; null when too many are under way.</summary>
    public async Task<(string State, DateTimeOffset ExpiresAt)?> BeginAsync(OAuthClient client, string actor, bool bySession, string redirectUri)
    {
        var (state, now) = (Random(), time.GetUtcNow());
        var begun = new FlowBegun(new OAuthFlow(HashOf(state), client.ToJson(), actor, bySession, redirectUri, null, now + Lifetime), now, MostWays);
        await journal().CommitAsync(begun);
        return begun.IsRefused ? null : (state, now + Lifetime);
    }

    /// <summary>A way that is not over; null when there is none of that state.</summary>
    public async Task<OAuthFlow?> FindAsync(string? state)
    {
        if (state is not { Length: TextLength }) return null;
        var read = new FlowRead(HashOf(state), time.GetUtcNow());
        await journal().CommitAsync(read);
        return read.Flow;
    }

    /// <summary>A browser goes. Null when another one went before.</summary>
    /// <exception cref="Steps.StepException"><c>secret_missing</c>.</exception>
    public async Task<(string Verifier, string Address)?> StartAsync(OAuthFlow flow, string state)
    {
        var client = OAuthClient.FromJson(flow.Client)!;
        var filling = new Secrets.SecretFilling(secrets);
        var verifier = Random();
        var challenge = Challenge(verifier);
        var parameters = new List<(string Name, string Value)> { ("response_type", "code"), ("client_id", filling.Value(client.ClientId)), ("redirect_uri", flow.RedirectUri), ("state", state), ("code_challenge", challenge), ("code_challenge_method", "S256") };
        if (client.Scopes.Count > 0) parameters.Add(("scope", string.Join(' ', client.Scopes)));
        foreach (var (name, value) in client.AuthorizeParameters) parameters.Add((name, client.Fill(value, filling)));
        var page = client.Fill(client.AuthorizeUrl!, filling);
        var address = page + (page.Contains('?') ? '&' : '?') + string.Join('&', parameters.Select(p => Uri.EscapeDataString(p.Name) + "=" + Uri.EscapeDataString(p.Value)));
        var started = new FlowStarted(flow.State, challenge, time.GetUtcNow());
        await journal().CommitAsync(started);
        return started.Started ? (verifier, address) : null;
    }

    /// <summary>The browser is back: the way is over. Null when it is not the one that went, or the way was over before.</summary>
    public async Task<OAuthFlow?> TakeAsync(string? state, string? verifier)
    {
        if (state is not { Length: TextLength } || verifier is not { Length: TextLength }) return null;
        var taken = new FlowTaken(HashOf(state), Challenge(verifier), time.GetUtcNow());
        await journal().CommitAsync(taken);
        return taken.Flow;
    }

    /// <summary>Exchanges the code and stores what comes of it.</summary>
    /// <exception cref="TokenRequestException">The service gave no token.</exception>
    /// <exception cref="Secrets.SecretException">It cannot be kept.</exception>
    public async Task FinishAsync(OAuthFlow flow, string code, string verifier)
    {
        var (client, askedAt) = (OAuthClient.FromJson(flow.Client)!, time.GetUtcNow());
        await tokens.ConnectAsync(client, await endpoint.ExchangeAsync(client, code, verifier, flow.RedirectUri), askedAt, flow.StartedBy);
    }

    /// <summary>The cookie of a way, so that two ways of one browser do not mix.</summary>
    public static string CookieOf(string state) => "automation_oauth_" + HashOf(state)[..16];

    private static string HashOf(string state) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state)));

    /// <summary>base64url(SHA-256(verifier)) — RFC 7636 §4.2.</summary>
    private static string Challenge(string verifier) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}

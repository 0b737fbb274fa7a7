using System.Collections.Concurrent;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Storage;

namespace Automation.Server.Connectors.OAuth;

/// <summary>Sees to it that the access tokens which a request names are there and valid, before it is sent and when the service answers 401.</summary>
/// <remarks>
/// A token is named as any secret, so it is put in when the request is written and stored nowhere else. One request for a token at a time and connection: calls of this process join it, servers of the database agree
/// on who makes it (<see cref="OAuthTokenClaimed"/>). A token that somebody set by hand, in a file, in the environment or by the API, is used as it is. A failure is told to who asks within five seconds again: no service is hammered.
/// </remarks>
internal sealed class AccessTokens(OAuthConnections connections, OAuthClients clients, TokenEndpoint endpoint, SecretStore secrets, StoredSecrets stored, TimeProvider time, ILogger<AccessTokens> log)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100), Patience = TokenEndpoint.Patience * 3, FailurePause = TimeSpan.FromSeconds(5);

    // A service that answers 401 to a token that was renewed because of a 401 means something else.
    private static readonly TimeSpan RenewalPause = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Task> asking = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long At, StepError Error)> failed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long At, string Token)> renewedFor = new(StringComparer.Ordinal);

    /// <summary>Before a request: fetches the tokens that its headers name and that are missing or old.</summary>
    /// <exception cref="StepException"><c>not_connected</c>: somebody has to connect; <c>token_failed</c>: the service gave none.</exception>
    public ValueTask ReadyAsync(IReadOnlyDictionary<string, SecretText>? headers, CancellationToken cancellation)
    {
        foreach (var (_, value) in headers ?? NoHeaders)
        {
            if (SecretTemplate.MayHold(value.Escaped)) return new ValueTask(ReadyAllAsync(headers!, cancellation));
        }

        return default;
    }

    /// <summary>After a 401: true when the request may be sent again, with other tokens than it carried.</summary>
    /// <inheritdoc cref="ReadyAsync"/>
    public async ValueTask<bool> RenewAsync(IReadOnlyDictionary<string, SecretText>? headers, SecretFilling used, CancellationToken cancellation)
    {
        var renewed = false;
        foreach (var client in ClientsIn(headers ?? NoHeaders))
        {
            if (used.Used(client.AccessToken) is not { } token || !IsOurs(client) || !CanAsk(client)) continue;
            if (renewedFor.TryGetValue(client.Connection, out var last) && last.Token == token && time.GetElapsedTime(last.At) < RenewalPause) continue;
            await AskAsync(client, token, cancellation);
            if (secrets.Find(client.AccessToken)?.Value is not { } now || now == token) continue;
            renewedFor[client.Connection] = (time.GetTimestamp(), now);
            renewed = true;
        }

        return renewed;
    }

    /// <summary>How a secret is renewed; null for one that is not an access token.</summary>
    public OAuthClient? ClientOf(string secret) => clients().GetValueOrDefault(secret) ?? connections.All.Values.FirstOrDefault(c => c.Client.AccessToken == secret)?.Client;

    /// <summary>Stores the tokens of a way that came back; whoever failed before may ask again.</summary>
    public async Task ConnectAsync(OAuthClient client, TokenAnswer answer, DateTimeOffset askedAt, string by)
    {
        await connections.StoreAsync(client, answer, askedAt, by);
        failed.TryRemove(client.Connection, out _);
        Log.Connected(log, client.Connection, by);
    }

    private static IReadOnlyDictionary<string, SecretText> NoHeaders { get; } = new Dictionary<string, SecretText>();

    private async Task ReadyAllAsync(IReadOnlyDictionary<string, SecretText> headers, CancellationToken cancellation)
    {
        foreach (var client in ClientsIn(headers))
        {
            var row = connections.Find(client.Connection)?.Row;
            var has = secrets.Find(client.AccessToken) is not null;
            if (has && (!IsOurs(client) || !IsOld(row))) continue;
            if (has && !CanAsk(client) && !IsOver(row)) continue;
            try
            {
                await AskAsync(client, null, cancellation);
            }
            catch (StepException) when (has && !IsOver(row))
            {
                // It is valid for a little longer; the next request tries again.
            }
        }
    }

    private IEnumerable<OAuthClient> ClientsIn(IReadOnlyDictionary<string, SecretText> headers) =>
        headers.Values.SelectMany(value => SecretTemplate.Names(value.Escaped)).Distinct(StringComparer.Ordinal).Select(ClientOf).OfType<OAuthClient>();

    private bool IsOld(OAuthRow? row) => row?.RenewAt <= time.GetUtcNow();

    private bool IsOver(OAuthRow? row) => row?.ExpiresAt <= time.GetUtcNow();

    /// <summary>Whether the token that counts is one that this server fetches, or would.</summary>
    private bool IsOurs(OAuthClient client)
    {
        var (file, store, environment) = secrets.SourcesOf(client.AccessToken);
        return !file && (connections.Find(client.Connection) is not null || !environment || store);
    }

    private bool CanAsk(OAuthClient client) =>
        secrets.Contains(client.ClientId) && secrets.Contains(client.ClientSecret) && (client.Grant is OAuthGrant.ClientCredentials || secrets.Contains(client.RefreshToken) || connections.Find(client.Connection) is not null);

    /// <summary>Asks for a token unless there is another than <paramref name="used"/>, or, where that is null, one that is not old.</summary>
    private Task AskAsync(OAuthClient client, string? used, CancellationToken cancellation)
    {
        Task task;
        lock (gate)
        {
            if (!asking.TryGetValue(client.Connection, out task!))
            {
                if (failed.TryGetValue(client.Connection, out var failure) && time.GetElapsedTime(failure.At) < FailurePause) throw new StepException(failure.Error);
                asking[client.Connection] = task = Task.Run(() => OneAtATimeAsync(client, used), CancellationToken.None);
            }
        }

        return task.WaitAsync(cancellation); // who stops waiting stops nobody else
    }

    private async Task OneAtATimeAsync(OAuthClient client, string? used)
    {
        try
        {
            await ObtainAsync(client, used);
            failed.TryRemove(client.Connection, out _);
        }
        catch (Exception error)
        {
            var failure = error switch
            {
                StepException step => step.Error,
                JournalException journal => new StepError("token_failed", $"{client.Shown} has no valid access token, and the database cannot be written: {journal.Message}"),
                SecretException sealing => new StepError("token_failed", $"{client.Shown} got an access token that cannot be kept: {sealing.Message}"),
                _ => new StepError("token_failed", $"{client.Shown} got no access token for a reason that the server did not foresee ({error.GetType().Name})."),
            };
            failed[client.Connection] = (time.GetTimestamp(), failure);
            Log.NotRenewed(log, client.Connection, failure.Message);
            throw new StepException(failure);
        }
        finally
        {
            lock (gate) asking.Remove(client.Connection);
        }
    }

    private async Task ObtainAsync(OAuthClient client, string? used)
    {
        for (var start = time.GetTimestamp(); ;)
        {
            await connections.ReadAsync();
            var row = connections.Find(client.Connection)?.Row;
            if (secrets.Find(client.AccessToken)?.Value is { } token && (used is null ? !IsOld(row) : token != used)) return; // another server was quicker
            if (WhyNot(client, row) is { } problem) throw problem;
            switch (await connections.ClaimAsync(client))
            {
                case TokenClaim.Granted:
                    await FetchAsync(client);
                    return;
                case TokenClaim.Busy when time.GetElapsedTime(start) > Patience:
                    throw new StepException("token_failed", $"{client.Shown} has no valid access token: another server has been asking for one for {Patience.TotalSeconds} seconds.");
                case TokenClaim.Busy:
                    await Task.Delay(Look, time);
                    break;
            }
        }
    }

    private async Task FetchAsync(OAuthClient client)
    {
        var askedAt = time.GetUtcNow();
        try
        {
            var answer = client.Grant is OAuthGrant.ClientCredentials
                ? await endpoint.ClientCredentialsAsync(client)
                : await endpoint.RefreshAsync(client, secrets.Find(client.RefreshToken)!.Value);
            await connections.StoreAsync(client, answer, askedAt, by: null);
            Log.Renewed(log, client.Connection);
        }
        catch (TokenRequestException refused) when (client.Grant is OAuthGrant.AuthorizationCode && refused.Error is "invalid_grant" or "invalid_code" or "invalid_token")
        {
            // RFC 6749 §5.2: the refresh token is invalid, expired or revoked. Asking again does not help.
            var problem = $"The refresh token was refused. {refused.Message}";
            await connections.FailedAsync(client, problem);
            throw NotConnected(client, problem);
        }
        catch (TokenRequestException refused)
        {
            await connections.FailedAsync(client, null);
            throw new StepException("token_failed", $"{client.Shown} has no valid access token. {refused.Message}");
        }
        catch (SecretException)
        {
            await connections.FailedAsync(client, null);
            throw;
        }
    }

    /// <summary>Why no token can be asked for; null when one can.</summary>
    private StepException? WhyNot(OAuthClient client, OAuthRow? row)
    {
        if (client.Needed.FirstOrDefault(name => !secrets.Contains(name)) is { } missing) return new StepException("secret_missing", $"{client.Shown} needs a secret. {secrets.WhyMissing(missing)}");
        if (stored.KeyId is null) return new StepException("token_failed", $"{client.Shown} needs a new access token, which this server could not keep: it has no key to seal secrets with.");
        if (client.Grant is OAuthGrant.ClientCredentials) return null;
        if (secrets.Find(client.RefreshToken) is null) return NotConnected(client, row is null ? "It is not connected." : "The access token is over or refused, and the service gave no refresh token.");
        return row?.Problem is { } problem && !(stored.All.GetValueOrDefault(client.RefreshToken)?.Row.ChangedAt > row.ProblemAt) ? NotConnected(client, problem) : null;
    }

    // Deliveries are tried again: whoever connects in time saves them.
    private static StepException NotConnected(OAuthClient client, string problem) => new("not_connected", $"{client.Shown}: {problem} {client.HowToConnect}");
}

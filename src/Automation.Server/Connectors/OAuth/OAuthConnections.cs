using System.Collections.Frozen;
using Automation.Server.Secrets;
using Automation.Server.Storage;

namespace Automation.Server.Connectors.OAuth;

/// <summary>A connection whose tokens this server fetches.</summary>
/// <param name="Row">As it is stored.</param>
/// <param name="Client">How its tokens are asked for.</param>
internal sealed record OAuthConnection(OAuthRow Row, OAuthClient Client);

/// <summary>The connections that have, or had, tokens; a copy of what the database has. Tokens are among the secrets.</summary>
/// <remarks>All servers of a database see a change as they see that of a secret. A copy is never newer than this server's secrets: who finds a token old by it asks the database first.</remarks>
internal sealed class OAuthConnections(Func<Journal> journal, StoredSecrets secrets, TimeProvider time, ILogger<OAuthConnections> log) : IDisposable
{
    // Longer than a request may take: who lives and is later than that has failed.
    private static readonly TimeSpan Lease = TokenEndpoint.Patience * 2;

    // A token is renewed so long before its end: clocks differ, and requests are on their way.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim loading = new(1);
    private volatile FrozenDictionary<string, OAuthConnection> all = FrozenDictionary<string, OAuthConnection>.Empty;
    private long revision = -1;

    /// <summary>By name.</summary>
    public FrozenDictionary<string, OAuthConnection> All => all;

    public OAuthConnection? Find(string name) => all.GetValueOrDefault(name);

    /// <summary>Reads what is stored now, secrets included.</summary>
    /// <exception cref="JournalException">It cannot be read.</exception>
    public async Task ReadAsync()
    {
        await loading.WaitAsync();
        try
        {
            var read = new OAuthRead();
            await journal().CommitAsync(read);
            await secrets.ReadNowAsync();
            all = read.Rows.Where(row => OAuthClient.FromJson(row.Client) is not null).ToFrozenDictionary(row => row.Name, row => new OAuthConnection(row, OAuthClient.FromJson(row.Client)!), StringComparer.Ordinal);
            Interlocked.Exchange(ref revision, read.Revision);
        }
        finally
        {
            loading.Release();
        }
    }

    /// <summary>Another server may have changed something.</summary>
    public void Follow(long now)
    {
        if (now != Interlocked.Read(ref revision)) _ = FollowAsync();
    }

    /// <summary>Whether this server may ask for the token after the one it knows.</summary>
    public async Task<TokenClaim> ClaimAsync(OAuthClient client)
    {
        var claim = new OAuthTokenClaimed(client.Connection, client.ToJson(), Find(client.Connection)?.Row.Generation ?? 0, time.GetUtcNow(), Lease);
        await journal().CommitAsync(claim);
        return claim.Outcome;
    }

    /// <summary>Stores tokens: in use on this server when this completes.</summary>
    /// <param name="askedAt">When the request was made: the lifetime counts from then.</param>
    /// <param name="by">Who connected; null where a token was renewed.</param>
    /// <exception cref="SecretException">They cannot be sealed.</exception>
    public async Task StoreAsync(OAuthClient client, TokenAnswer answer, DateTimeOffset askedAt, string? by)
    {
        var expires = askedAt + answer.Lifetime;
        var renew = expires - (answer.Lifetime / 4 < Margin ? answer.Lifetime / 4 : Margin);
        var change = new OAuthTokenStored(client.Connection, client.ToJson(), expires, renew, time.GetUtcNow(), by);
        List<(string, string)> values = [(client.AccessToken, answer.AccessToken)];
        if (answer.RefreshToken is { } refresh && client.Grant is OAuthGrant.AuthorizationCode) values.Add((client.RefreshToken, refresh));
        await secrets.SetAllAsync(values, by ?? $"connection {client.Connection}", change);
        if (change.IsForgotten) await secrets.DeleteAllAsync(values.Select(v => v.Item1)); // deleted while this server asked
        await ReadAsync();
    }

    /// <param name="problem">Why somebody has to connect anew; null when trying again can help.</param>
    public async Task FailedAsync(OAuthClient client, string? problem)
    {
        await journal().CommitAsync(new OAuthTokenFailed(client.Connection, problem, time.GetUtcNow()));
        await ReadAsync();
    }

    /// <summary>Deletes a connection's tokens; false when it had none.</summary>
    public async Task<bool> ForgetAsync(OAuthClient client)
    {
        var change = new ConnectionForgotten(client.Connection);
        await secrets.DeleteAllAsync([client.AccessToken, client.RefreshToken], change);
        await ReadAsync();
        return change.Deleted;
    }

    public void Dispose() => loading.Dispose();

    private async Task FollowAsync()
    {
        try
        {
            await ReadAsync();
        }
        catch (Exception error) when (error is JournalException or ObjectDisposedException)
        {
            Log.NotFollowed(log, error.Message); // the next look tries again
        }
    }
}

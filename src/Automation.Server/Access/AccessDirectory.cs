using System.Collections.Concurrent;
using System.Collections.Frozen;
using Automation.Server.Storage;

namespace Automation.Server.Access;

/// <summary>Who may come in, as of the last look at the database: users, tokens and MQTT users whole, sessions as they are used.</summary>
/// <remarks>
/// Other servers of the database see a change at their next look, which its commit wakes. A session that is not known here is read; an unknown token costs nothing. What was used is noted once in
/// five minutes at the most.
/// </remarks>
internal sealed class AccessDirectory(Func<Journal> journal, TimeProvider time, ILogger<AccessDirectory> log) : IDisposable
{
    /// <summary>Bounds what servers keep in memory.</summary>
    public const int MaxUsers = 1000, MaxTokens = 1000, MaxMqttUsers = 10_000, MaxSessions = 10_000;

    /// <summary>How often the use of tokens and sessions is noted at the most.</summary>
    public static readonly TimeSpan NotedEvery = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim loading = new(1);
    private readonly ConcurrentDictionary<string, StoredSession> sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> tokensUsedAt = new(StringComparer.Ordinal);
    private readonly Lock forgetting = new();
    private volatile Snapshot current = Snapshot.Empty;
    private long loads;
    private long revision = -1;

    /// <summary>Raised after users, tokens or MQTT users changed.</summary>
    public event Action? Changed;

    public FrozenDictionary<string, StoredUser> Users => current.Users;

    public FrozenDictionary<string, StoredToken> Tokens => current.Tokens;

    public FrozenDictionary<string, StoredMqttUser> MqttUsers => current.MqttUsers;

    /// <exception cref="JournalException">It cannot be read.</exception>
    public async Task LoadAsync()
    {
        await loading.WaitAsync();
        try
        {
            var read = new AccessRead();
            await journal().CommitAsync(read);
            current = new Snapshot(
                read.Users.ToFrozenDictionary(u => u.Name, StringComparer.Ordinal),
                read.Tokens.ToFrozenDictionary(t => t.Id, StringComparer.Ordinal),
                read.MqttUsers.ToFrozenDictionary(u => u.Name, StringComparer.Ordinal));
            foreach (var id in tokensUsedAt.Keys.Where(id => !current.Tokens.ContainsKey(id))) tokensUsedAt.TryRemove(id, out _);
            lock (forgetting)
            {
                loads++;
                sessions.Clear();
            }

            Interlocked.Exchange(ref revision, read.Revision);
        }
        finally
        {
            loading.Release();
        }

        Changed?.Invoke();
    }

    /// <summary>Stores a change; this server goes by it when this completes.</summary>
    /// <exception cref="JournalException">It could not be stored.</exception>
    public async Task CommitAsync(Change change)
    {
        await journal().CommitAsync(change);
        await LoadAsync();
    }

    /// <summary>Another server may have changed something.</summary>
    public void Follow(long now)
    {
        if (now != Interlocked.Read(ref revision)) _ = FollowAsync();
    }

    /// <param name="usedSince">One that was used before, as far as this server knows, is read again: it may be in use on another.</param>
    public async Task<StoredSession?> FindSessionAsync(byte[] hash, DateTimeOffset usedSince)
    {
        var key = Convert.ToHexStringLower(hash);
        if (sessions.TryGetValue(key, out var known) && known.UsedAt > usedSince) return known;
        var before = Interlocked.Read(ref loads);
        var read = new SessionRead(hash);
        await journal().CommitAsync(read);
        if (read.Session is null) return null;
        lock (forgetting)
        {
            if (loads != before) return read.Session; // it may have been ended between: the next request looks again
            if (sessions.Count >= MaxSessions) sessions.Clear();
            return sessions[key] = read.Session;
        }
    }

    /// <summary>Notes that a session was used, now and then.</summary>
    public void Use(StoredSession session, TimeSpan noteEvery)
    {
        var now = time.GetUtcNow();
        if (now - session.UsedAt < noteEvery) return;
        if (!sessions.TryUpdate(Convert.ToHexStringLower(session.Hash), session with { UsedAt = now }, session)) return; // forgotten since, or noted by another request
        _ = NoteAsync(new SessionUsed(session.Id, now));
    }

    /// <summary>Notes that a token was used, now and then.</summary>
    public void Use(StoredToken token)
    {
        var now = time.GetUtcNow();
        if (UsedAt(token) is { } before && now - before < NotedEvery) return;
        tokensUsedAt[token.Id] = now;
        _ = NoteAsync(new TokenUsed(token.Id, now));
    }

    /// <summary>When a token was last used, as far as this server knows; null for never.</summary>
    public DateTimeOffset? UsedAt(StoredToken token) => tokensUsedAt.TryGetValue(token.Id, out var noted) && !(noted < token.UsedAt) ? noted : token.UsedAt;

    public void Dispose() => loading.Dispose();

    private async Task FollowAsync()
    {
        try
        {
            await LoadAsync();
        }
        catch (JournalException error)
        {
            Log.NotFollowed(log, error.Message); // the next look tries again
        }
    }

    private async Task NoteAsync(Change change)
    {
        try
        {
            await journal().CommitAsync(change);
        }
        catch (JournalException error)
        {
            Log.UseNotNoted(log, error.Message);
        }
    }

    private sealed record Snapshot(FrozenDictionary<string, StoredUser> Users, FrozenDictionary<string, StoredToken> Tokens, FrozenDictionary<string, StoredMqttUser> MqttUsers)
    {
        public static readonly Snapshot Empty = new(FrozenDictionary<string, StoredUser>.Empty, FrozenDictionary<string, StoredToken>.Empty, FrozenDictionary<string, StoredMqttUser>.Empty);
    }
}

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

    private static readonly TimeSpan NotedEvery = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim loading = new(1);
    private readonly ConcurrentDictionary<string, StoredSession> sessions = new(StringComparer.Ordinal);
    private volatile Snapshot current = Snapshot.Empty;
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
            sessions.Clear();
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

    public async Task<StoredSession?> FindSessionAsync(byte[] hash)
    {
        var key = Convert.ToHexStringLower(hash);
        if (sessions.TryGetValue(key, out var known)) return known;
        var read = new SessionRead(hash);
        await journal().CommitAsync(read);
        if (read.Session is null) return null;
        if (sessions.Count >= MaxSessions) sessions.Clear();
        return sessions[key] = read.Session;
    }

    public async Task StartSessionAsync(StoredSession session) => await journal().CommitAsync(new SessionStored(session, MaxSessions));

    /// <summary>Notes that a session was used, now and then.</summary>
    public void Use(StoredSession session)
    {
        var now = time.GetUtcNow();
        if (now - session.UsedAt < NotedEvery) return;
        sessions[Convert.ToHexStringLower(session.Hash)] = session with { UsedAt = now };
        _ = NoteAsync(new SessionUsed(session.Id, now));
    }

    /// <inheritdoc cref="Use(StoredSession)"/>
    public void Use(StoredToken token)
    {
        var now = time.GetUtcNow();
        if (token.UsedAt is { } before && now - before < NotedEvery) return;
        var snapshot = current;
        if (snapshot.Tokens.ContainsKey(token.Id)) current = snapshot with { Tokens = snapshot.Tokens.Values.Select(t => t.Id == token.Id ? t with { UsedAt = now } : t).ToFrozenDictionary(t => t.Id, StringComparer.Ordinal) };
        _ = NoteAsync(new TokenUsed(token.Id, now));
    }

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

using System.Collections.Frozen;
using Automation.Server.Hosting;
using Automation.Server.Storage;

namespace Automation.Server.Secrets;

/// <summary>A secret of the database.</summary>
/// <param name="Row">As it is stored.</param>
/// <param name="Secret">Opened; null when this server lacks the key, or the row was tampered with.</param>
internal sealed record StoredSecret(SealedSecret Row, Secret? Secret);

/// <summary>The secrets in the database, sealed there and open in this server's memory. Reading costs no query.</summary>
/// <remarks>
/// All servers of a database see a change: this one before <see cref="SetAsync"/> completes, others at their next look, which the commit wakes
/// (<see cref="Servers"/>). A server without the key goes on without these secrets, says so in the log, and never makes a key of its own beside one that is in use.
/// </remarks>
internal sealed class StoredSecrets(Func<Journal> journal, Func<SecretKeys> keysOf, TimeProvider time, ILogger<StoredSecrets> log) : IDisposable
{
    /// <summary>Bounds the memory of servers, with <see cref="MaxBytes"/> for each.</summary>
    public const int MaxSecrets = 2000, MaxBytes = 64 * 1024;

    private const int MaxRows = MaxSecrets + 2; // with the server's own keys

    private readonly SemaphoreSlim loading = new(1);
    private volatile FrozenDictionary<string, StoredSecret> all = FrozenDictionary<string, StoredSecret>.Empty;
    private volatile List<string> noted = [];
    private long revision = -1;
    private string? complained;

    /// <summary>All of them, by name.</summary>
    public FrozenDictionary<string, StoredSecret> All => all;

    /// <summary>Id of the key that seals; null when this server has none.</summary>
    public string? KeyId => Keys.Current?.Id;

    public Secret? Find(string name) => all.GetValueOrDefault(name)?.Secret;

    /// <summary>Why a secret that is stored cannot be read, and what to do; null for one that can, or is not there.</summary>
    public string? WhyLocked(string name) => all.GetValueOrDefault(name) is not { Secret: null } locked ? null
        : Keys.Find(locked.Row.KeyId) is null
            ? $"{name} is in the database, but sealed with the key {locked.Row.KeyId}, which this server does not have: {WhereKeysGo}"
            : $"{name} is in the database, but its row was changed by something other than this program. Set it again.";

    /// <summary>What to do on a server that has no key to seal with.</summary>
    public string WhyNoKey => noted.Count == 0
        ? $"This server has no key to seal secrets with. {WhereKeysGo}"
        : $"This server has no key to seal secrets with. The secrets of this database are sealed with {string.Join(", ", noted)}: {WhereKeysGo} When the key is lost for good, ./automation secrets-key makes another one.";

    // Made when first asked for: commands that start no server leave the data folder alone.
    private SecretKeys Keys => keysOf();

    private string WhereKeysGo => Keys.IsConfigured
        ? $"add that key to {SecretKeys.Variable}, behind a comma, and start the server again."
        : $"put the file {SecretKeys.FileName} that belongs to the database into the data folder, or give its key as {SecretKeys.Variable}; then start the server again.";

    /// <summary>Reads all of them, and makes the first key of a database. Before anything else asks.</summary>
    /// <exception cref="JournalException">They cannot be read.</exception>
    /// <exception cref="StartupException">The key's file cannot be made.</exception>
    public async Task LoadAsync()
    {
        await NoteKeyAsync();
        if (Keys.IsReadableByOthers()) Log.KeyIsReadable(log, Keys.File);
        await ReadAsync();
    }

    /// <summary>Stores a secret. It is in use on this server when this completes.</summary>
    /// <param name="name">As <see cref="SecretStore.IsName"/> allows.</param>
    /// <param name="value">Not empty, <see cref="MaxBytes"/> at the most.</param>
    /// <param name="by">Who, for the list of secrets.</param>
    /// <exception cref="SecretException">Name or value cannot be taken, there are too many, or this server has no key.</exception>
    /// <exception cref="JournalException">It could not be stored.</exception>
    public async Task SetAsync(string name, string value, string? by)
    {
        if (!SecretStore.IsName(name)) throw new SecretException($"\"{(name.Length <= 60 ? name : name[..60] + "…")}\" is no secret's name: it has to be of capital letters, digits and _, begin with a letter, and have 128 characters at the most.");
        if (value.Length == 0) throw new SecretException($"The value of {name} is empty. Delete the secret instead.");
        if (System.Text.Encoding.UTF8.GetByteCount(value) > MaxBytes) throw new SecretException($"The value of {name} is longer than {MaxBytes} bytes.");
        await SetAllAsync([(name, value)], by);
    }

    /// <summary>Stores several, which the caller has checked, and a change that belongs to them, as one unit.</summary>
    /// <exception cref="SecretException">There are too many, or this server has no key.</exception>
    /// <exception cref="JournalException">Nothing of it is stored.</exception>
    public async Task SetAllAsync(IReadOnlyList<(string Name, string Value)> secrets, string? by, params Change[] with)
    {
        var key = Keys.Current ?? throw new SecretException(WhyNoKey);
        var changes = secrets.Select(s => new SecretStored(SecretSeal.Close(s.Name, s.Value, key, time.GetUtcNow(), by), null, MaxRows)).ToArray();
        await journal().CommitAsync([.. changes, new SecretKeyNoted(key.Id, false, time.GetUtcNow()), .. with]);
        await ReadAsync();
        if (changes.Any(change => change.IsRefused)) throw new SecretException($"There are {MaxSecrets} secrets, as many as may be. Delete some that are not used.");
    }

    /// <summary>Stores what the server needs for itself, under a name that no secret can have, when there is none yet, and a change that belongs to it as one unit. Does nothing on a server without a key of this database.</summary>
    /// <exception cref="JournalException">Nothing of it is stored.</exception>
    public async Task KeepAsync(string name, string value, params Change[] with)
    {
        // One that is new and noted nowhere may be a mistake: who knows the others could not open what it sealed.
        if (Keys.Current is not { } key || !noted.Any(id => Keys.Find(id) is not null)) return;
        await journal().CommitAsync([new SecretStored(SecretSeal.Close(name, value, key, time.GetUtcNow(), null), Before: [], MaxRows), new SecretKeyNoted(key.Id, false, time.GetUtcNow()), .. with]);
        await ReadAsync();
    }

    /// <summary>Takes in what other servers changed, now.</summary>
    /// <exception cref="JournalException">They cannot be read.</exception>
    public Task ReadNowAsync() => ReadAsync();

    /// <summary>Deletes a secret; false when there was none. What the server keeps for itself can be deleted when it cannot be opened.</summary>
    public async Task<bool> DeleteAsync(string name)
    {
        if (!SecretStore.IsName(name) && WhyLocked(name) is null) return false;
        var change = new SecretDeleted(name);
        await journal().CommitAsync(change);
        await ReadAsync();
        return change.Deleted;
    }

    /// <summary>Seals every secret with the first key, which may have come to the file since the start. Those that are set meanwhile stay as they are set.</summary>
    /// <returns>The key's id, how many were sealed anew, and the names of those that this server cannot open.</returns>
    /// <exception cref="SecretException">This server has no key, or its file has a mistake.</exception>
    public async Task<(string Key, int Sealed, IReadOnlyList<string> Locked)> SealAnewAsync()
    {
        LoadKeys();
        var key = Keys.Current ?? throw new SecretException(WhyNoKey);
        await ReadAsync(again: true);
        await journal().CommitAsync(new SecretKeyNoted(key.Id, false, time.GetUtcNow()));
        var count = 0;
        foreach (var (name, stored) in all)
        {
            if (stored.Secret is not { } secret || stored.Row.KeyId == key.Id) continue;
            var change = new SecretStored(SecretSeal.Close(name, secret.Value, key, stored.Row.ChangedAt, stored.Row.ChangedBy), stored.Row.Nonce, MaxRows);
            await journal().CommitAsync(change);
            if (!change.IsRefused) count++;
        }

        await ReadAsync();
        return (key.Id, count, [.. all.Where(s => s.Value.Secret is null).Select(s => s.Key).Order(StringComparer.Ordinal)]);
    }

    /// <summary>Deletes several, and stores a change that belongs to that, as one unit.</summary>
    /// <exception cref="JournalException">Nothing of it is stored.</exception>
    public async Task DeleteAllAsync(IEnumerable<string> names, params Change[] with)
    {
        await journal().CommitAsync([.. names.Select(name => new SecretDeleted(name)), .. with]);
        await ReadAsync();
    }

    /// <summary>Another server may have changed something.</summary>
    public void Follow(long now)
    {
        if (now == Interlocked.Read(ref revision)) return;
        _ = FollowAsync();
    }

    public void Dispose() => loading.Dispose();

    private async Task FollowAsync()
    {
        try
        {
            await ReadAsync();
        }
        catch (JournalException error)
        {
            Log.NotFollowed(log, error.Message); // the next look tries again
        }
    }

    private async Task NoteKeyAsync()
    {
        var note = new SecretKeyNoted(Keys.Current?.Id, OnlyFirst: true, time.GetUtcNow());
        await journal().CommitAsync(note);
        if (Keys.Current is null && note.Ids.Count == 0)
        {
            note = new SecretKeyNoted(MakeKey().Id, OnlyFirst: true, time.GetUtcNow());
            await journal().CommitAsync(note);
            if (Keys.Current is { } made && !note.Ids.Contains(made.Id)) Keys.Discard();
            else Log.KeyMade(log, Keys.File);
        }

        noted = note.Ids;
        if (noted.Count > 0 && !noted.Any(id => Keys.Find(id) is not null)) Log.NoKey(log, string.Join(", ", noted), WhereKeysGo);
    }

    private SecretKey MakeKey()
    {
        try
        {
            return Keys.Add();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{Keys.File}, the key of the secrets, cannot be made: {error.Message}", error);
        }
    }

    private async Task ReadAsync(bool again = false)
    {
        await loading.WaitAsync();
        try
        {
            var before = all;
            var read = new SecretsRead(again ? new Dictionary<string, byte[]>() : before.ToDictionary(s => s.Key, s => s.Value.Row.Nonce));
            await journal().CommitAsync(read);
            if (read.Changed.Any(row => Keys.Find(row.KeyId) is null)) LoadKeys(); // it may have come since
            var now = before.Where(s => read.Names.Contains(s.Key)).ToDictionary(StringComparer.Ordinal);
            foreach (var row in read.Changed) now[row.Name] = Open(row);
            all = now.ToFrozenDictionary(StringComparer.Ordinal);
            Interlocked.Exchange(ref revision, read.Revision);
            Complain();
        }
        finally
        {
            loading.Release();
        }
    }

    private void LoadKeys()
    {
        try
        {
            Keys.Load();
        }
        catch (Exception error) when (error is StartupException or IOException or UnauthorizedAccessException)
        {
            throw new SecretException(error.Message);
        }
    }

    private StoredSecret Open(SealedSecret row) => new(row, Keys.Find(row.KeyId) is { } key && SecretSeal.TryOpen(row, key, out var value) ? new Secret(row.Name, value) : null);

    private void Complain()
    {
        var locked = string.Join(", ", all.Where(s => s.Value.Secret is null).Select(s => s.Key).Order(StringComparer.Ordinal).Take(20));
        if (locked.Length > 0 && locked != complained) Log.Locked(log, locked, WhereKeysGo);
        complained = locked;
    }
}

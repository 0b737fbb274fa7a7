using System.Security.Cryptography;
using Automation.Server.Storage;

namespace Automation.Server.Secrets;

/// <summary>The keys that callback links and the secrets of endpoints are derived from: made at the first start, sealed in the database as secrets are, under names that none of those can have.</summary>
/// <remarks>So they are the same after a restart and on every server, and sealing anew includes them. A server that cannot open them goes on without, and makes none of its own: what was given out before would be worth nothing.</remarks>
internal sealed class ServerKeys(StoredSecrets stored, Func<Journal> journal, ILogger<ServerKeys> log)
{
    /// <summary>Sign callback links: the newest signs, each is accepted.</summary>
    public const string Callbacks = "callback-keys";

    /// <summary>The secrets of endpoints follow from it.</summary>
    public const string Endpoints = "endpoint-keys";

    private const int KeyBytes = 32;

    // Of a database that kept them plain, for as long as no server with the key has sealed them.
    private readonly Dictionary<string, string> plain = [];

    /// <summary>Makes those that are missing, and seals those that an older program kept plain. After <see cref="StoredSecrets.LoadAsync"/>, before anything else asks.</summary>
    /// <exception cref="JournalException">They cannot be read or stored.</exception>
    public async Task LoadAsync()
    {
        var read = new PlainKeysRead();
        await journal().CommitAsync(read);
        foreach (var (name, keys) in new[] { (Callbacks, read.Callbacks), (Endpoints, read.Endpoints) })
        {
            if (keys.Count > 0) plain[name] = Text(keys);
            if (keys.Count > 0 || !stored.All.ContainsKey(name)) await stored.KeepAsync(name, plain.GetValueOrDefault(name) ?? Text([RandomNumberGenerator.GetBytes(KeyBytes)]), new PlainKeysErased(name));
            if (Find(name) is null) Log.NoServerKey(log, WhyNot(name));
        }
    }

    /// <summary>The keys of that name, the newest first.</summary>
    /// <exception cref="ServerKeyException">This server cannot open them.</exception>
    public IReadOnlyList<byte[]> Of(string name) => Find(name) is { } text ? [.. text.Split('\n').Select(Convert.FromBase64String)] : throw new ServerKeyException(WhyNot(name));

    private static string Text(IEnumerable<byte[]> keys) => string.Join('\n', keys.Select(Convert.ToBase64String));

    private string? Find(string name) => stored.Find(name)?.Value ?? plain.GetValueOrDefault(name);

    private string WhyNot(string name) =>
        $"{(name == Callbacks ? "Callback links can neither be made nor taken" : "The secrets that the server made for endpoints cannot be had")}. {stored.WhyLocked(name) ?? stored.WhyNoKey}";
}

using System.Buffers;
using System.Collections;
using System.Collections.Concurrent;
using System.Text;

namespace Automation.Server.Secrets;

/// <summary>The secrets of this server: files of one folder, then those that were set through the API, then environment variables <c>AUTOMATION_SECRET_NAME</c>. The first that has a name wins.</summary>
/// <remarks>
/// Files are read when asked for and again when the last reading is a second old, so a rotated secret is used within a second and without a restart; no
/// watcher is needed, which mounted volumes often do not serve. Trailing line ends are cut off. An empty value counts as not set. Values live in memory and in outgoing requests only.
/// </remarks>
internal sealed class SecretStore
{
    public const string Prefix = "AUTOMATION_SECRET_";
    public const string NameRule = "[A-Z][A-Z0-9_]*";

    private const int LongestFile = 64 * 1024;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    private readonly Dictionary<string, Secret> variables = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Reading> readings = new(StringComparer.Ordinal);
    private readonly string? folder;
    private readonly TimeProvider time;
    private readonly ILogger<SecretStore> log;
    private readonly StoredSecrets? stored;

    /// <param name="options">Where the files are.</param>
    /// <param name="environment">The environment variables, as <see cref="Environment.GetEnvironmentVariables()"/> gives them.</param>
    /// <param name="time">For the age of a reading.</param>
    /// <param name="log">Says what could not be read, by name.</param>
    /// <param name="stored">Those of the database; null where there is none.</param>
    public SecretStore(SecretsOptions options, IDictionary environment, TimeProvider time, ILogger<SecretStore> log, StoredSecrets? stored = null)
    {
        this.stored = stored;
        folder = (string.IsNullOrEmpty(options.Folder) ? options.DefaultFolder : options.Folder) is { Length: > 0 } path ? Path.GetFullPath(path) : null;
        this.time = time;
        this.log = log;
        foreach (DictionaryEntry entry in environment)
        {
            if (entry is not { Key: string key, Value: string { Length: > 0 } value } || !key.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            var name = key[Prefix.Length..];
            if (IsName(name)) variables[name] = Made(name, value);
            else Log.NameRefused(log, key);
        }
    }

    /// <summary>The names of all secrets, sorted.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            var names = new SortedSet<string>(variables.Keys, StringComparer.Ordinal);
            if (folder is not null && Directory.Exists(folder))
            {
                foreach (var file in Directory.EnumerateFiles(folder))
                {
                    if (IsName(Path.GetFileName(file)) && Contains(Path.GetFileName(file))) names.Add(Path.GetFileName(file));
                }
            }

            if (stored is not null) names.UnionWith(stored.All.Keys.Where(name => IsName(name)));
            return [.. names];
        }
    }

    public static bool IsName(ReadOnlySpan<char> text) => text.Length is > 0 and <= 128 && char.IsAsciiLetterUpper(text[0]) && !text.ContainsAnyExcept(NameCharacters);

    public bool Contains(string name) => Find(name) is not null;

    /// <summary>A sentence that says how to set a secret that is not there; null for one that is.</summary>
    public string? HowToSet(string name)
    {
        if (Contains(name)) return null;
        if (!IsName(name)) return "Correct the name: it has to be of capital letters, digits and _, and begin with a letter.";
        if (stored?.WhyLocked(name) is { } locked) return locked;
        return folder is null
            ? $"Set the environment variable {Prefix}{name} and start the server again, or correct the name."
            : $"Write its value into the file {Path.Combine(folder, name)},{(stored is null ? "" : $" set it with PUT /api/secrets/{name},")} or set the environment variable {Prefix}{name} and start the server again.";
    }

    /// <summary>The same for who looks at a run, which need not know the server's folders.</summary>
    public string WhyMissing(string name) =>
        stored?.WhyLocked(name) ?? $"The secret {name} is not set. Put it into a file of that name in the secrets folder,{(stored is null ? "" : $" set it with PUT /api/secrets/{name},")} or into the environment variable {Prefix}{name}.";

    public bool TryGet(string name, out string value)
    {
        var secret = Find(name);
        value = secret?.Value ?? "";
        return secret is not null;
    }

    /// <summary>The secret of that name; null when it is not set, or its file cannot be read.</summary>
    public Secret? Find(string name)
    {
        if (!IsName(name)) return null;
        if (folder is not null && FromFolder(name) is { } secret) return secret;
        return stored?.Find(name) ?? variables.GetValueOrDefault(name);
    }

    /// <summary>Whether each of the sources has it, the one that counts first.</summary>
    public (bool File, bool Store, bool Environment) SourcesOf(string name) =>
        (folder is not null && IsName(name) && FromFolder(name) is not null, IsName(name) && stored?.Find(name) is not null, variables.ContainsKey(name));

    /// <summary>Stores a secret in the database, sealed; in use on this server when this completes, on others of the database within a second as a rule. A file of the name still counts before it.</summary>
    /// <param name="name">Capital letters, digits and <c>_</c>.</param>
    /// <param name="value">Not empty, 64 KiB at the most.</param>
    /// <param name="by">Who set it, for the list of secrets.</param>
    /// <exception cref="SecretException">Name or value cannot be taken, there are too many, or this server has no key.</exception>
    /// <exception cref="Storage.JournalException">It could not be stored.</exception>
    public Task SetAsync(string name, string value, string? by = null) => (stored ?? throw new InvalidOperationException("There is no database here.")).SetAsync(name, value, by);

    private Secret? FromFolder(string name)
    {
        var now = time.GetTimestamp();
        var known = readings.TryGetValue(name, out var reading);
        if (known && time.GetElapsedTime(reading.At, now) < Fresh) return reading.Secret;
        var value = Read(name);
        var secret = value is null ? null : value == reading.Secret?.Value ? reading.Secret : Made(name, value);
        // Names come from workflow files, so the readings are bounded; a name without a file is not kept.
        if (secret is not null || known) readings[name] = new Reading(secret, now);
        return secret;
    }

    private string? Read(string name)
    {
        try
        {
            var file = new FileInfo(Path.Combine(folder!, name));
            if (!file.Exists) return null;
            using var stream = file.OpenRead();
            if (stream.Length > LongestFile)
            {
                Log.FileTooLong(log, name, LongestFile);
                return null;
            }

            using var reader = new StreamReader(stream, Encoding.UTF8);
            return reader.ReadToEnd().TrimEnd('\r', '\n') is { Length: > 0 } value ? value : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.FileUnreadable(log, name, error.GetType().Name);
            return null;
        }
    }

    private Secret Made(string name, string value)
    {
        if (value.Length < SecretForms.ShortestValue) Log.TooShortToMask(log, name, SecretForms.ShortestValue);
        return new Secret(name, value);
    }

    private readonly record struct Reading(Secret? Secret, long At);
}

using System.Collections.Frozen;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Access;

/// <summary>
/// Users and their hashed passwords in a text file, one a line: <c>name:$pbkdf2-sha256$iterations$salt$hash</c>. Empty lines and lines that
/// start with <c>#</c> are skipped. The file is read again for the first client after it changed; when it cannot be read then, or a line is
/// wrong, that is reported and the users read before stay valid.
/// </summary>
/// <remarks>
/// A check takes as long for an unknown user as for a known one. Checks cost time on purpose, so only a few run at a time
/// (<see cref="MaxParallelChecks"/>) and only so many wait (<see cref="MaxWaitingChecks"/>); what was right once is remembered
/// (<see cref="MaxRemembered"/>) and costs nothing when the client comes back. Neither passwords nor their plain hashes are kept for that,
/// only a keyed hash whose key is this process's. All members may be used from any thread.
/// </remarks>
public sealed class PasswordFile : IDisposable
{
    private const int MaxBytes = 64 * 1024 * 1024;

    private readonly FileContent<Users> _users;
    private readonly PasswordChecks _checks;

    /// <summary>Opens the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="onError">Told of changes that cannot be taken: what was being done, and the exception.</param>
    /// <param name="maxRemembered">See <see cref="MaxRemembered"/>.</param>
    /// <param name="maxParallelChecks">See <see cref="MaxParallelChecks"/>; 0 for half of the processors.</param>
    /// <param name="maxWaitingChecks">See <see cref="MaxWaitingChecks"/>.</param>
    /// <exception cref="InvalidDataException">The file cannot be read, or a line is wrong; the message names file and line.</exception>
    public PasswordFile(
        string path, Action<string, Exception>? onError = null, int maxRemembered = 10_000, int maxParallelChecks = 0, int maxWaitingChecks = 100)
    {
        MaxRemembered = maxRemembered;
        MaxParallelChecks = maxParallelChecks > 0 ? maxParallelChecks : Math.Max(1, Environment.ProcessorCount / 2);
        MaxWaitingChecks = maxWaitingChecks;
        _users = new([path], () => Users.Read(path), onError ?? ((_, _) => { }));
        _checks = new(maxRemembered, MaxParallelChecks, maxWaitingChecks);
    }

    /// <summary>Most users whose last right password is remembered.</summary>
    public int MaxRemembered { get; }

    /// <summary>Most passwords that are checked at a time; each keeps one processor busy.</summary>
    public int MaxParallelChecks { get; }

    /// <summary>Most passwords that wait to be checked; one more is told to come back later.</summary>
    public int MaxWaitingChecks { get; }

    /// <summary>Passwords that were checked the costly way so far.</summary>
    public long Checks => _checks.Count;

    /// <summary>The line of a user.</summary>
    /// <param name="userName">The name: not empty, without a colon, a line break or a leading <c>#</c>.</param>
    /// <param name="password">The hashed password.</param>
    /// <exception cref="ArgumentException">The name cannot stand in such a file.</exception>
    public static string FormatLine(string userName, PasswordHash password)
    {
        ArgumentNullException.ThrowIfNull(password);
        return IsName(userName)
            ? $"{userName}:{password}"
            : throw new ArgumentException("A user name is not empty, has no colon or control character, no # before it, and no space around it.");
    }

    /// <summary>Checks a password.</summary>
    /// <param name="userName">The user name.</param>
    /// <param name="password">The password.</param>
    /// <returns>
    /// <see cref="MqttReasonCode.Success"/>, <see cref="MqttReasonCode.BadUserNameOrPassword"/>, or <see cref="MqttReasonCode.ServerBusy"/> when
    /// too many wait.
    /// </returns>
    public async ValueTask<MqttReasonCode> CheckAsync(string userName, ReadOnlyMemory<byte> password)
    {
        ArgumentNullException.ThrowIfNull(userName);
        var users = _users.Current;
        return await _checks.CheckAsync(userName, password, users.ByName.GetValueOrDefault(userName), users.Decoy);
    }

    /// <summary>Whether the file has the user now.</summary>
    /// <param name="userName">The user name.</param>
    public bool Has(string userName) => _users.Current.ByName.ContainsKey(userName);

    /// <summary>Forgets what was remembered.</summary>
    public void Dispose() => _checks.Dispose();

    internal static bool IsName(string? name) =>
        name is { Length: > 0 and <= ushort.MaxValue }
        && name[0] != '#'
        && !name.Any(character => character == ':' || char.IsControl(character))
        && name.Trim() == name;

    private sealed record Users(FrozenDictionary<string, PasswordHash> ByName, PasswordHash Decoy)
    {
        public static Users Read(string path)
        {
            if (new FileInfo(path).Length > MaxBytes)
                throw new InvalidDataException($"{path} is larger than {MaxBytes} bytes.");
            var users = new Dictionary<string, PasswordHash>(StringComparer.Ordinal);
            var number = 0;
            foreach (var line in File.ReadLines(path))
            {
                number++;
                if (line.Length == 0 || line[0] == '#')
                    continue;
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                if (colon < 0 || !IsName(line[..colon]) || !PasswordHash.TryParse(line[(colon + 1)..].TrimEnd(), out var hash))
                {
                    throw new InvalidDataException(
                        $"{path}({number}): a line is name:$pbkdf2-sha256$iterations$salt$hash with at least {PasswordHash.DefaultIterations} iterations.");
                }

                if (!users.TryAdd(line[..colon], hash))
                    throw new InvalidDataException($"{path}({number}): the user was named before.");
            }

            // Unknown users cost what known ones do; where those differ, the most.
            var most = users.Values.MaxBy(hash => hash.Iterations);
            return new Users(users.ToFrozenDictionary(StringComparer.Ordinal), most ?? PasswordHash.Create("decoy"u8));
        }
    }
}

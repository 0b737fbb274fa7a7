using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Automation.Mqtt.Access;

/// <summary>
/// A password as it is stored: <c>$pbkdf2-sha256$ITERATIONS$SALT$HASH</c>, salt and hash in base64. PBKDF2 with HMAC-SHA-256 — RFC 8018 §5.2.
/// </summary>
public sealed class PasswordHash
{
    /// <summary>
    /// Iterations of new hashes, and the fewest that are accepted: some 50 ms of one processor. Devices come back often, and their passwords
    /// are made by machines.
    /// </summary>
    public const int DefaultIterations = 210_000;

    /// <summary>Most iterations that are accepted: one check would keep a processor busy for seconds.</summary>
    public const int MaximumIterations = 10_000_000;

    /// <summary>Most bytes of a password.</summary>
    public const int MaximumPasswordBytes = 1024;

    private const string Scheme = "pbkdf2-sha256";
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private PasswordHash(int iterations, byte[] salt, byte[] hash)
    {
        Iterations = iterations;
        _salt = salt;
        _hash = hash;
    }

    /// <summary>Iterations of the function.</summary>
    public int Iterations { get; }

    /// <summary>Hashes a password with a new random salt.</summary>
    /// <param name="password">The password's bytes, as the client will send them: UTF-8 mostly.</param>
    /// <exception cref="ArgumentException">The password is empty or has more than <see cref="MaximumPasswordBytes"/> bytes.</exception>
    public static PasswordHash Create(ReadOnlySpan<byte> password)
    {
        if (password.IsEmpty || password.Length > MaximumPasswordBytes)
            throw new ArgumentException($"A password has 1 to {MaximumPasswordBytes} bytes.");
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new PasswordHash(DefaultIterations, salt, Derive(password, salt, DefaultIterations));
    }

    /// <summary>Parses what <see cref="ToString"/> gives.</summary>
    /// <param name="text">The text.</param>
    /// <param name="hash">The hash when true is returned.</param>
    /// <returns>False for another scheme, iterations out of range, a salt of less than 16 bytes or a hash of other than 32.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out PasswordHash? hash)
    {
        hash = null;
        if (text?.Split('$') is not ["", Scheme, var count, var saltText, var hashText]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < DefaultIterations or > MaximumIterations
            || !TryDecode(saltText, out var salt) || salt.Length is < SaltBytes or > 64
            || !TryDecode(hashText, out var bytes) || bytes.Length != HashBytes)
            return false;
        hash = new PasswordHash(iterations, salt, bytes);
        return true;
    }

    /// <summary>Whether this is the hash of the password; compares in constant time. Costs what the iterations cost.</summary>
    /// <param name="password">The password's bytes; more than <see cref="MaximumPasswordBytes"/> are never right.</param>
    public bool Verify(ReadOnlySpan<byte> password) =>
        CryptographicOperations.FixedTimeEquals(_hash, Derive(password[..Math.Min(password.Length, MaximumPasswordBytes)], _salt, Iterations))
        && password.Length <= MaximumPasswordBytes;

    /// <summary>The line's part after the user name.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"${Scheme}${Iterations}${Convert.ToBase64String(_salt)}${Convert.ToBase64String(_hash)}");

    /// <summary>Whether both are of the same password for certain: same salt, same hash.</summary>
    internal bool IsSameAs(PasswordHash other) =>
        Iterations == other.Iterations && _salt.AsSpan().SequenceEqual(other._salt) && _hash.AsSpan().SequenceEqual(other._hash);

    private static byte[] Derive(ReadOnlySpan<byte> password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, HashBytes);

    private static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = Base64.IsValid(text) ? Convert.FromBase64String(text) : null;
        return bytes is not null;
    }
}

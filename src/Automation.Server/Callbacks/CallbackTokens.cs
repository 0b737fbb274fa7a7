using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Server.Callbacks;

/// <summary>Makes and checks the tokens in callback URLs: <c>base64url(address) . base64url(HMAC-SHA256 of it, first 160 bits)</c>.</summary>
/// <remarks>
/// A token follows from the address and a key of the server, so that it is the same before and after a crash and on every server, and nothing has to be stored before a step
/// shows it. The newest key signs; each is accepted.
/// </remarks>
/// <param name="keys">One or more of 32 bytes, the newest first.</param>
internal sealed class CallbackTokens(IReadOnlyList<byte[]> keys)
{
    private const int SignatureBytes = 20;

    // An address holds an id of a run, a step id and numbers of rounds; what is longer was not made here.
    private const int LongestToken = 2048;

    public string Of(CallbackAddress address)
    {
        var text = Encoding.UTF8.GetBytes(address.ToString());
        return $"{Base64Url.EncodeToString(text)}.{Base64Url.EncodeToString(Sign(keys[0], text))}";
    }

    /// <summary>False for a token that no key of this server signed.</summary>
    public bool TryRead(string token, out CallbackAddress address)
    {
        address = default;
        var dot = token.IndexOf('.');
        if (token.Length > LongestToken || dot < 0 || Bytes(token.AsSpan(0, dot)) is not { } text || Bytes(token.AsSpan(dot + 1)) is not { } signature) return false;
        var isSigned = false;
        foreach (var key in keys) isSigned |= CryptographicOperations.FixedTimeEquals(Sign(key, text), signature);
        return isSigned && CallbackAddress.TryParse(Encoding.UTF8.GetString(text), out address);
    }

    private static byte[] Sign(byte[] key, byte[] text) => HMACSHA256.HashData(key, text)[..SignatureBytes];

    private static byte[]? Bytes(ReadOnlySpan<char> text) => Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
}

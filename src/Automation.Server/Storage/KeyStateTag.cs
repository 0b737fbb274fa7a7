using System.Security.Cryptography;

namespace Automation.Server.Storage;

/// <summary>Names what a key keeps, so that it can be replaced only while it is that: the same state has the same tag.</summary>
internal static class KeyStateTag
{
    /// <summary>Of a key that keeps no state.</summary>
    public const string None = "none";

    /// <param name="state">As it is stored; empty for none.</param>
    public static string Of(ReadOnlySpan<byte> state) => state.IsEmpty ? None : Convert.ToHexStringLower(SHA256.HashData(state).AsSpan(0, 16));
}

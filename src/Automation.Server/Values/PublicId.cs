namespace Automation.Server.Values;

/// <summary>How a stored 64-bit id looks outside: a prefix that names the noun and 13 characters of Crockford base 32, as in <c>run_0f9k2m7q4x3aw</c>.</summary>
/// <remarks>Ids sort by time, in their stored and in their outside form.</remarks>
internal static class PublicId
{
    public const string Event = "evt", Run = "run", Delivery = "dlv", Activation = "act", Request = "req", Emission = "emt";
    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Length = 13;

    public static string Format(string prefix, long id) =>
        string.Create(prefix.Length + 1 + Length, (prefix, id), static (text, state) =>
        {
            state.prefix.CopyTo(text);
            text[state.prefix.Length] = '_';
            var rest = (ulong)state.id;
            for (var i = text.Length - 1; i > state.prefix.Length; i--, rest >>= 5) text[i] = Digits[(int)(rest & 31)];
        });

    /// <summary>Reads an id of the given noun; false for anything else, also for another noun's id.</summary>
    public static bool TryParse(string prefix, ReadOnlySpan<char> text, out long id)
    {
        id = 0;
        if (text.Length != prefix.Length + 1 + Length || !text.StartsWith(prefix) || text[prefix.Length] != '_') return false;
        foreach (var character in text[(prefix.Length + 1)..])
        {
            var digit = Digits.IndexOf(char.ToLowerInvariant(character));
            if (digit < 0) return false;
            id = (id << 5) | (long)digit;
        }

        return id > 0;
    }
}

using System.Buffers;
using System.Text;

namespace Automation.Server.Secrets;

/// <summary>Masks the values of given secrets in text that came from outside: response heads, bodies, error texts.</summary>
/// <remarks>
/// Finds a value as it is, in Base64 at any offset, and the telling parts of an address (<see cref="SecretForms"/>), each character of them as itself or escaped as in
/// JSON, addresses, forms and HTML (<see cref="SpelledCharacter"/>). Values shorter than four characters are not looked for. A receiver that sends a secret back in a
/// form of its own (reversed, hashed, hexadecimal) is not caught: a receiver is trusted with what it is sent.
/// </remarks>
internal sealed class SecretRedactor(IReadOnlyCollection<Secret> secrets)
{
    private static readonly SearchValues<char> Escapes = SearchValues.Create("\\%&+");

    /// <summary>The text with every value replaced by <c>•••</c>; the same instance when there is none.</summary>
    /// <param name="text">What came from outside.</param>
    /// <param name="cut">True when the text was cut off at its end: then a beginning of a value there is masked too.</param>
    public string Mask(string text, bool cut = false)
    {
        var found = Find(text, cut, secrets.SelectMany(secret => secret.Patterns));
        if (found.Count == 0) return text;
        var masked = new StringBuilder(text.Length);
        var shown = 0;
        foreach (var (start, end) in found)
        {
            masked.Append(text, shown, start - shown).Append(SecretTemplate.Hidden);
            shown = end;
        }

        return masked.Append(text, shown, text.Length - shown).ToString();
    }

    /// <summary>Overwrites every value with asterisks, in place; for bodies that are no text.</summary>
    public void Mask(Span<byte> bytes)
    {
        foreach (var (start, end) in Find(Encoding.Latin1.GetString(bytes), cut: false, secrets.SelectMany(secret => secret.BytePatterns))) bytes[start..end].Fill((byte)'*');
    }

    /// <summary>Where values stand, in order and without overlaps.</summary>
    private static List<(int Start, int End)> Find(string text, bool cut, IEnumerable<SecretPattern> patterns)
    {
        var found = new List<(int Start, int End)>();
        var spelled = Spelled(text);
        foreach (var pattern in patterns)
        {
            if (spelled.Exists(pattern.Has))
            {
                pattern.Find(text, 0, cut, found);
                continue;
            }

            // Nothing of it is escaped anywhere, which is how it mostly is, and quick to search.
            for (var at = text.IndexOf(pattern.Form, StringComparison.Ordinal); at >= 0; at = text.IndexOf(pattern.Form, at + pattern.Form.Length, StringComparison.Ordinal))
                found.Add((at, at + pattern.Form.Length));
            if (cut) pattern.Find(text, Math.Max(0, text.Length - pattern.LongestSpelling), cut, found);
        }

        return found.Count < 2 ? found : Merged(found);
    }

    /// <summary>Every character that is escaped somewhere in the text, once.</summary>
    private static List<Rune> Spelled(string text)
    {
        var spelled = new HashSet<Rune>();
        for (var at = text.AsSpan().IndexOfAny(Escapes); at >= 0;)
        {
            if (text[at] == '+') spelled.Add(new Rune(' '));
            else if (SpelledCharacter.TryRead(text.AsSpan(at), out var character, out _)) spelled.Add(character);
            var next = text.AsSpan(at + 1).IndexOfAny(Escapes);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return [.. spelled];
    }

    private static List<(int Start, int End)> Merged(List<(int Start, int End)> found)
    {
        found.Sort();
        var merged = new List<(int Start, int End)> { found[0] };
        foreach (var next in found)
        {
            if (next.Start >= merged[^1].End) merged.Add(next);
            else merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, next.End));
        }

        return merged;
    }
}

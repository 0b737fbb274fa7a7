using System.Text;

namespace Automation.Server.Secrets;

/// <summary>Masks the values of given secrets in text that came from outside: response heads, bodies, error texts.</summary>
/// <remarks>
/// Finds a value as it is and URL-encoded, JSON- and HTML-escaped, in Base64 at any offset, and the telling parts of an address
/// (<see cref="SecretForms"/>). Values shorter than four characters are not looked for. A receiver that sends a secret back in a form of its own
/// (reversed, hashed, hexadecimal) is not caught: a receiver is trusted with what it is sent.
/// </remarks>
internal sealed class SecretRedactor
{
    private readonly string[] forms;

    public SecretRedactor(IReadOnlyCollection<Secret> secrets) =>
        forms = secrets.Count == 1 ? [.. secrets.First().Forms] : [.. secrets.SelectMany(s => s.Forms).Distinct().OrderByDescending(f => f.Length)];

    /// <summary>The text with every value replaced by <c>•••</c>; the same instance when there is none.</summary>
    /// <param name="text">What came from outside.</param>
    /// <param name="cut">True when the text was cut off at its end: then a beginning of a value there is masked too.</param>
    public string Mask(string text, bool cut = false)
    {
        foreach (var form in forms) text = text.Replace(form, SecretTemplate.Hidden, StringComparison.Ordinal);
        return cut ? MaskEnd(text) : text;
    }

    /// <summary>Overwrites every value with asterisks, in place; for bodies that are no text.</summary>
    public void Mask(Span<byte> bytes)
    {
        foreach (var form in forms)
        {
            var utf8 = Encoding.UTF8.GetBytes(form);
            var rest = bytes;
            for (var at = rest.IndexOf(utf8); at >= 0; at = rest.IndexOf(utf8))
            {
                rest.Slice(at, utf8.Length).Fill((byte)'*');
                rest = rest[(at + utf8.Length)..];
            }
        }
    }

    private string MaskEnd(string text)
    {
        var longest = 0;
        foreach (var form in forms)
        {
            for (var length = Math.Min(form.Length - 1, text.Length); length > longest && length >= SecretForms.ShortestValue; length--)
            {
                if (text.AsSpan().EndsWith(form.AsSpan(0, length))) longest = length;
            }
        }

        return longest == 0 ? text : text[..^longest] + SecretTemplate.Hidden;
    }
}

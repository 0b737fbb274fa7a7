using System.Buffers;
using System.Text;
using Automation.Server.Steps;

namespace Automation.Server.Secrets;

/// <summary>The syntax of <see cref="SecretText"/>: <c>${secret.NAME}</c> is a secret, <c>$${</c> a literal <c>${</c>, anything else is itself.</summary>
internal static class SecretTemplate
{
    public const string Hidden = "•••";
    private const string Opening = "${secret.", EscapedBrace = "$${";

    /// <summary>The text as people may see it: each secret as <c>•••</c>, escapes resolved.</summary>
    public static string Mask(string escaped)
    {
        if (!MayHold(escaped)) return escaped;
        var text = new StringBuilder(escaped.Length);
        foreach (var part in Parts(escaped)) text.Append(part.IsSecret ? Hidden : escaped.AsSpan(part.Start, part.Length));
        return text.ToString();
    }

    /// <summary>Names of the secrets in the text, each once, in the order of their first mention.</summary>
    public static IReadOnlyList<string> Names(string escaped)
    {
        if (!MayHold(escaped)) return [];
        var names = new List<string>();
        foreach (var part in Parts(escaped))
        {
            if (!part.IsSecret) continue;
            var name = escaped.Substring(part.Start, part.Length);
            if (!names.Contains(name)) names.Add(name);
        }

        return names;
    }

    /// <summary>The text with the values put in. <see cref="SecretFilling"/> does the same and remembers what it put in, for masking.</summary>
    /// <exception cref="StepException"><c>secret_missing</c>: names the secret.</exception>
    public static string Fill(string escaped, SecretStore store) => new SecretFilling(store).Text(escaped);

    /// <summary>True when <paramref name="escaped"/> is not simply its own value.</summary>
    public static bool MayHold(ReadOnlySpan<char> escaped) => escaped.IndexOf("${", StringComparison.Ordinal) >= 0;

    /// <summary>Doubles the dollar of each <c>${</c>, as <see cref="SecretText.Escape"/> does; without one the bytes are returned as they are.</summary>
    /// <remarks>For the bytes that are sent. JSON text may be escaped so when it is sent as JSON; where its strings are decoded, escape what comes out.</remarks>
    public static ReadOnlyMemory<byte> EscapeUtf8(ReadOnlyMemory<byte> text)
    {
        var rest = text.Span;
        var at = rest.IndexOf("${"u8);
        if (at < 0) return text;
        var escaped = new ArrayBufferWriter<byte>(text.Length + 16);
        for (; at >= 0; at = rest.IndexOf("${"u8))
        {
            escaped.Write(rest[..at]);
            escaped.Write("$${"u8);
            rest = rest[(at + 2)..];
        }

        escaped.Write(rest);
        return escaped.WrittenMemory;
    }

    /// <summary>The inverse of <see cref="SecretText.Escape"/>, for what was escaped and holds no secret, as the names of an object.</summary>
    public static string Unescape(string escaped) => escaped.Contains(EscapedBrace, StringComparison.Ordinal) ? escaped.Replace(EscapedBrace, "${", StringComparison.Ordinal) : escaped;

    public static PartEnumerator Parts(string escaped) => new(escaped);

    /// <summary>A piece of a text: characters that stand for themselves, or a secret's name.</summary>
    public readonly record struct Part(bool IsSecret, int Start, int Length);

    /// <summary>Walks a text part by part, without allocating.</summary>
    public ref struct PartEnumerator(string escaped)
    {
        private int next;

        public Part Current { get; private set; }

        public readonly PartEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (next >= escaped.Length) return false;
            var start = next;
            for (var at = start; ;)
            {
                at = escaped.IndexOf('$', at);
                if (at < 0)
                {
                    next = escaped.Length;
                    break;
                }

                var rest = escaped.AsSpan(at);
                if (rest.StartsWith(EscapedBrace))
                {
                    // The first dollar ends this part and is left out; "${" goes with the next one.
                    if (at > start)
                    {
                        next = at;
                        break;
                    }

                    start = at + 1;
                    at += EscapedBrace.Length;
                    continue;
                }

                if (SecretLength(rest) is var length && length > 0)
                {
                    if (at > start)
                    {
                        next = at;
                        break;
                    }

                    next = at + length;
                    Current = new Part(true, at + Opening.Length, length - Opening.Length - 1);
                    return true;
                }

                at++;
            }

            Current = new Part(false, start, next - start);
            return true;
        }

        private static int SecretLength(ReadOnlySpan<char> text)
        {
            if (!text.StartsWith(Opening)) return 0;
            var end = text.IndexOf('}');
            return end > 0 && SecretStore.IsName(text[Opening.Length..end]) ? end + 1 : 0;
        }
    }
}

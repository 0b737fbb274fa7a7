using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using Automation.Server.Steps;

namespace Automation.Server.Secrets;

/// <summary>How a value has to be written into a body.</summary>
internal enum SecretSpelling
{
    /// <summary>As it is: text, and bytes of unknown meaning.</summary>
    Raw,

    /// <summary>As part of a JSON string.</summary>
    Json,

    /// <summary>As part of a value of <c>application/x-www-form-urlencoded</c>.</summary>
    Form,
}

/// <summary>Puts secrets into one outgoing request and remembers which, so that what comes back can be masked.</summary>
internal sealed class SecretFilling(SecretStore store)
{
    private List<Secret>? used;

    /// <summary>Masks every secret that was put in so far; null when there was none.</summary>
    public SecretRedactor? Redactor => used is null ? null : new SecretRedactor(used);

    /// <summary>The text with the values put in and escapes resolved.</summary>
    /// <exception cref="StepException"><c>secret_missing</c>: names the secret.</exception>
    public string Text(string escaped)
    {
        if (!SecretTemplate.MayHold(escaped)) return escaped;
        var text = new StringBuilder(escaped.Length + 64);
        foreach (var part in SecretTemplate.Parts(escaped))
        {
            if (part.IsSecret) text.Append(Value(escaped.Substring(part.Start, part.Length)));
            else text.Append(escaped, part.Start, part.Length);
        }

        return text.ToString();
    }

    /// <summary>The same for a body. Bytes without <c>${</c> are returned as they are, not copied.</summary>
    /// <exception cref="StepException"><c>secret_missing</c>: names the secret.</exception>
    public ReadOnlyMemory<byte> Utf8(ReadOnlyMemory<byte> escaped, SecretSpelling spelling)
    {
        if (escaped.Span.IndexOf("${"u8) < 0) return escaped;
        // Latin 1 maps each byte to one character and back, so that bytes which are not UTF-8 pass unharmed; the syntax itself is ASCII.
        var text = Encoding.Latin1.GetString(escaped.Span);
        var filled = new ArrayBufferWriter<byte>(escaped.Length + 128);
        foreach (var part in SecretTemplate.Parts(text))
        {
            if (part.IsSecret) Encoding.UTF8.GetBytes(Spelled(Value(text.Substring(part.Start, part.Length)), spelling), filled);
            else Encoding.Latin1.GetBytes(text.AsSpan(part.Start, part.Length), filled);
        }

        return filled.WrittenMemory;
    }

    /// <summary>The value of the secret of that name.</summary>
    /// <exception cref="StepException"><c>secret_missing</c>: names the secret.</exception>
    public string Value(string name)
    {
        var secret = store.Find(name) ?? throw new StepException(
            "secret_missing",
            store.WhyMissing(name));
        Note(secret);
        return secret.Value;
    }

    public bool Has(string name) => store.Find(name) is not null;

    /// <summary>Counts a secret as put in, which another put into the request.</summary>
    public void Note(Secret secret)
    {
        used ??= [];
        if (!used.Contains(secret)) used.Add(secret);
    }

    /// <summary>What was put in as the secret of that name; null when it was not.</summary>
    public string? Used(string name) => used?.Find(secret => secret.Name == name)?.Value;

    private static string Spelled(string value, SecretSpelling spelling) => spelling switch
    {
        SecretSpelling.Json => JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value),
        SecretSpelling.Form => Uri.EscapeDataString(value),
        _ => value,
    };
}

using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Automation.Server.Secrets;

namespace Automation.Server.Workflows.Templates;

/// <summary>Collects a config's JSON while it is walked: text in UTF-8, cut where values go in.</summary>
internal sealed class TemplateWriter
{
    private const string Masked = "•••";
    private readonly ArrayBufferWriter<byte> wire = new();
    private readonly ArrayBufferWriter<byte> shown = new();
    private readonly ImmutableArray<TemplateSegment>.Builder segments = ImmutableArray.CreateBuilder<TemplateSegment>();

    public int Values => segments.Count;

    /// <summary>Writes JSON punctuation, numbers and words.</summary>
    public void Json(ReadOnlySpan<byte> json)
    {
        wire.Write(json);
        shown.Write(json);
    }

    /// <summary>Writes a string that holds no value. <paramref name="secret"/>: it is read as <see cref="SecretText"/>, so <c>${</c> is written escaped.</summary>
    public void String(string text, bool secret)
    {
        Json("\""u8);
        Literal(text, secret);
        Json("\""u8);
    }

    /// <summary>Writes a piece of a string, between the quotes.</summary>
    public void Literal(string text, bool secret)
    {
        Encoded(wire, secret ? SecretText.Escape(text) : text);
        Encoded(shown, text);
    }

    public void Secret(string name)
    {
        Encoded(wire, "${secret." + name + "}");
        Encoded(shown, Masked);
    }

    public void Value(Splice splice)
    {
        segments.Add(new TemplateSegment(wire.WrittenSpan.ToArray(), shown.WrittenSpan.ToArray(), splice));
        wire.ResetWrittenCount();
        shown.ResetWrittenCount();
    }

    public (ImmutableArray<TemplateSegment> Segments, byte[] Wire, byte[] Shown) Finish() =>
        (segments.ToImmutable(), wire.WrittenSpan.ToArray(), shown.WrittenSpan.ToArray());

    private static void Encoded(ArrayBufferWriter<byte> target, string text) =>
        target.Write(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
}

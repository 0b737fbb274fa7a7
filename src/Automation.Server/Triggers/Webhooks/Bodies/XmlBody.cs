using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Xml;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary>An XML body as an object: <c>{ "root element's name": value }</c>, values as <see cref="XmlElement.Write"/> says. Names keep their prefix.</summary>
/// <remarks>
/// Comments and processing instructions are left out. Refused: document type declarations (and with them entities of the sender's own),
/// nesting deeper than <see cref="MaxDepth"/>, more than <see cref="MaxNodes"/> elements and attributes.
/// </remarks>
internal static class XmlBody
{
    /// <summary>In elements. Half of JSON's limit, because an element may take an object and an array.</summary>
    public const int MaxDepth = (JsonBody.MaxDepth / 2) - 1;

    /// <summary>Keeps what one body takes in memory below some tens of megabytes.</summary>
    public const int MaxNodes = 50_000;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        MaxCharactersInDocument = 64 << 20,
        MaxCharactersFromEntities = 1024,
        CloseInput = true,
    };

    public static bool TryParse(string? charset, ReadOnlyMemory<byte> body, out Json data, out string reason)
    {
        data = default;
        reason = "";
        if (!TryOpen(charset, body, out var opened, out reason)) return false;
        try
        {
            using var reader = opened!;
            if (!TryRead(reader, out var root, out reason)) return false;
            data = ToJson(root!, body.Length);
            return true;
        }
        catch (XmlException problem)
        {
            // The reader's sentence is cut at the place it repeats.
            var said = problem.Message.Split(" Line ", 2)[0];
            reason = $"The body is not valid XML at line {problem.LineNumber}, column {problem.LinePosition}: {said}";
            return false;
        }
        catch (Exception problem) when (problem is DecoderFallbackException or ArgumentException or NotSupportedException)
        {
            reason = "The body is not valid XML: its bytes do not fit the encoding it declares.";
            return false;
        }
    }

    /// <summary>A charset sent with the content type wins over the document's own declaration — RFC 7303 §3.</summary>
    private static bool TryOpen(string? charset, ReadOnlyMemory<byte> body, out XmlReader? reader, out string reason)
    {
        reader = null;
        reason = "";
        if (charset is null)
        {
            reader = XmlReader.Create(new MemoryStream(body.ToArray(), writable: false), Settings);
            return true;
        }

        if (!Charset.TryToUtf8(charset, body, out var utf8, out reason)) return false;
        reader = XmlReader.Create(new StringReader(Encoding.UTF8.GetString(utf8.Span)), Settings);
        return true;
    }

    private static bool TryRead(XmlReader reader, out XmlElement? root, out string reason)
    {
        root = null;
        reason = "";
        var open = new Stack<XmlElement>();
        var nodes = 0;
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    nodes += 1 + reader.AttributeCount;
                    if (open.Count >= MaxDepth) reason = $"The XML is nested deeper than {MaxDepth} elements.";
                    else if (nodes > MaxNodes) reason = $"The XML has more than {MaxNodes} elements and attributes.";
                    if (reason.Length > 0) return false;
                    var element = new XmlElement(reader.Name);
                    if (open.TryPeek(out var parent)) parent.AddChild(element);
                    root ??= element;
                    if (!reader.IsEmptyElement) open.Push(element);
                    while (reader.MoveToNextAttribute()) element.AddAttribute(reader.Name, reader.Value);
                    break;
                case XmlNodeType.EndElement:
                    open.Pop();
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace when open.TryPeek(out var holder):
                    holder.AddText(reader.Value);
                    break;
            }
        }

        return true;
    }

    private static Json ToJson(XmlElement root, int size)
    {
        var buffer = new ArrayBufferWriter<byte>(size + 16);
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            writer.WritePropertyName(root.Name);
            root.Write(writer);
            writer.WriteEndObject();
        }

        return new Json(buffer.WrittenMemory);
    }
}

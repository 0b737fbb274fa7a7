using System.Text;
using System.Text.Json;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary>One element of an XML body on its way to JSON.</summary>
internal sealed class XmlElement(string name)
{
    private readonly List<(string Name, string Value)> attributes = [];
    private readonly List<XmlElement> children = [];
    private readonly StringBuilder text = new();

    public string Name => name;

    public void AddAttribute(string attribute, string value) => attributes.Add((attribute, value));

    public void AddChild(XmlElement child) => children.Add(child);

    public void AddText(string value) => text.Append(value);

    /// <summary>
    /// Without attributes and elements: its text as a string. Else an object: <c>@name</c> for each attribute, <c>#text</c> for text
    /// that is more than white space, and a property for each element name, an array where the name is repeated.
    /// </summary>
    public void Write(Utf8JsonWriter writer)
    {
        var content = text.ToString();
        if (attributes.Count == 0 && children.Count == 0)
        {
            writer.WriteStringValue(content);
            return;
        }

        writer.WriteStartObject();
        foreach (var (attribute, value) in attributes) writer.WriteString("@" + attribute, value);
        if (!string.IsNullOrWhiteSpace(content)) writer.WriteString("#text"u8, children.Count == 0 ? content : content.Trim());
        foreach (var same in children.GroupBy(child => child.Name, StringComparer.Ordinal)) WriteSame(writer, same.Key, [.. same]);
        writer.WriteEndObject();
    }

    private static void WriteSame(Utf8JsonWriter writer, string name, List<XmlElement> elements)
    {
        writer.WritePropertyName(name);
        if (elements.Count > 1) writer.WriteStartArray();
        foreach (var element in elements) element.Write(writer);
        if (elements.Count > 1) writer.WriteEndArray();
    }
}

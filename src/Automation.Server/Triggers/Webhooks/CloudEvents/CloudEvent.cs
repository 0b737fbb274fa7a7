using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.CloudEvents;

/// <summary>The context attributes of a CloudEvent — CloudEvents 1.0.2 §3.1. Required ones are never empty.</summary>
internal sealed class CloudEvent
{
    private readonly List<(string Name, Json Value)> extensions = [];

    public string Id { get; private set; } = "";

    public string Source { get; private set; } = "";

    public string Type { get; private set; } = "";

    public string? Subject { get; private set; }

    /// <summary>RFC 3339, as sent.</summary>
    public string? Time { get; private set; }

    public string? DataSchema { get; private set; }

    public string? DataContentType { get; private set; }

    /// <summary>In the order sent; strings, numbers and booleans.</summary>
    public IReadOnlyList<(string Name, Json Value)> Extensions => extensions;

    private string SpecVersion { get; set; } = "";

    /// <summary>Takes a text attribute; one this version of the specification does not know becomes an extension.</summary>
    /// <param name="name">As in the specification, without <c>ce-</c>.</param>
    /// <param name="value">Decoded.</param>
    public void Set(string name, string value)
    {
        switch (name)
        {
            case "specversion": SpecVersion = value; break;
            case "id": Id = value; break;
            case "source": Source = value; break;
            case "type": Type = value; break;
            case "subject": Subject = value; break;
            case "time": Time = value; break;
            case "dataschema": DataSchema = value; break;
            case "datacontenttype": DataContentType = value; break;
            default: extensions.Add((name, Bodies.TextBody.ToJson(value))); break;
        }
    }

    public void SetExtension(string name, Json value) => extensions.Add((name, value));

    /// <summary>Whether a word is one of the specification's own attributes, which are texts.</summary>
    public static bool IsCoreAttribute(string name) =>
        name is "specversion" or "id" or "source" or "type" or "subject" or "time" or "dataschema" or "datacontenttype";

    /// <summary>Attribute names are <c>[a-z0-9]+</c> — §3.1.</summary>
    public static bool IsAttributeName(string name) =>
        name.Length > 0 && name.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character));

    /// <summary>Null when complete and of version 1.0; else a sentence that names all that is missing.</summary>
    public string? Problem()
    {
        (string Name, string Value)[] required = [("specversion", SpecVersion), ("id", Id), ("source", Source), ("type", Type)];
        var missing = string.Join(", ", required.Where(attribute => attribute.Value.Length == 0).Select(attribute => attribute.Name));
        if (missing.Length > 0) return $"The CloudEvent lacks its required {missing}.";
        if (SpecVersion != "1.0") return $"The CloudEvent's specversion is \"{SpecVersion}\"; only \"1.0\" is taken.";
        if (Time is not null && !Rfc3339.IsTimestamp(Time)) return $"The CloudEvent's time \"{Time}\" is not an RFC 3339 timestamp such as 2026-01-31T12:00:00Z.";
        return null;
    }
}

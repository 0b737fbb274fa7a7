using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Server.Connectors.OpenApi;

/// <summary>An OpenAPI document whose references are followed as they are met. What is missing or of another kind than it should be is not there.</summary>
internal sealed class OpenApiDocument(JsonObject root)
{
    private const int LongestChain = 20;

    public JsonObject Root => root;

    /// <summary>A member as an object, behind its references; null when there is none.</summary>
    public JsonObject? Object(JsonNode? of, string name) => Follow(Member(of, name));

    /// <summary>The entries of a list that are objects, behind their references.</summary>
    public IEnumerable<JsonObject> Objects(JsonNode? of, string name) => Member(of, name) is JsonArray items ? items.Select(Follow).OfType<JsonObject>() : [];

    /// <summary>The members of an object that are objects, behind their references.</summary>
    public IEnumerable<(string Name, JsonObject Value)> Members(JsonNode? of, string name)
    {
        foreach (var (key, value) in Object(of, name) ?? [])
        {
            if (Follow(value) is { } found) yield return (key, found);
        }
    }

    /// <summary>The reference at which a member, or an entry or member of it, is lost: it leads into another file, or nowhere. Null when none does.</summary>
    public string? Lost(JsonNode? of, string name) => Member(of, name) switch
    {
        JsonArray items => items.Select(Lost).FirstOrDefault(r => r is not null),
        JsonObject members when Text(members, "$ref") is null => members.Select(m => Lost(m.Value)).FirstOrDefault(r => r is not null),
        var node => Lost(node),
    };

    public static string? Text(JsonNode? of, string name) => Member(of, name) is JsonValue value && value.GetValueKind() is JsonValueKind.String ? value.GetValue<string>() : null;

    public static bool IsTrue(JsonNode? of, string name) => Member(of, name) is JsonValue value && value.GetValueKind() is JsonValueKind.True;

    public static JsonNode? Member(JsonNode? of, string name) => of is JsonObject members && members.TryGetPropertyValue(name, out var value) ? value : null;

    /// <summary>Properties of an object schema, those of its <c>allOf</c> too, and which of them have to be there; null when it is no such schema, one that is several, or one that is not whole in the document.</summary>
    public (Dictionary<string, JsonObject> Properties, HashSet<string> Required)? Properties(JsonObject schema)
    {
        var found = (Properties: new Dictionary<string, JsonObject>(StringComparer.Ordinal), Required: new HashSet<string>(StringComparer.Ordinal));
        var open = new Stack<JsonObject>([schema]);
        for (var seen = 0; open.TryPop(out var part); seen++)
        {
            if (seen > LongestChain || Member(part, "oneOf") is not null || Member(part, "anyOf") is not null || Lost(part, "allOf") is not null || Lost(part, "properties") is not null) return null;
            foreach (var (name, property) in Members(part, "properties")) found.Properties.TryAdd(name, property);
            if (Member(part, "required") is JsonArray required) found.Required.UnionWith(required.OfType<JsonValue>().Where(r => r.GetValueKind() is JsonValueKind.String).Select(r => r.GetValue<string>()));
            foreach (var more in Objects(part, "allOf")) open.Push(more);
        }

        return found.Properties.Count == 0 ? null : found;
    }

    private string? Lost(JsonNode? node) => Text(node, "$ref") is { } reference && Follow(node) is null ? reference : null;

    private JsonObject? Follow(JsonNode? node)
    {
        for (var steps = 0; steps < LongestChain; steps++) // a circle ends here
        {
            if (node is not JsonObject found) return null;
            if (Text(found, "$ref") is not { } reference) return found;
            if (!reference.StartsWith("#/", StringComparison.Ordinal)) return null; // nothing is fetched
            node = root;
            foreach (var part in reference[2..].Split('/')) node = Member(node, Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
        }

        return null;
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Automation.Server.Connectors.OpenApi;

/// <summary>Reads a document that is JSON or YAML (its core schema) as JSON.</summary>
internal static class OpenApiText
{
    // GitHub's description, the largest in common use, has 12 MB and 400,000 values.
    public const int MaxBytes = 32 << 20, MaxValues = 2_000_000, MaxDepth = 200;

    /// <exception cref="OpenApiException">It is neither, too large, or too deep.</exception>
    public static JsonObject Read(byte[] bytes)
    {
        if (bytes.Length > MaxBytes) throw new OpenApiException($"The document is larger than {MaxBytes >> 20} MB.");
        var text = System.Text.Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');
        JsonNode? root;
        try
        {
            root = text.TrimStart() is ['{', ..] ? JsonNode.Parse(text, null, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowTrailingCommas = true, AllowDuplicateProperties = false }) : Yaml(text);
        }
        catch (Exception broken) when (broken is JsonException or YamlException or ArgumentException or InvalidOperationException)
        {
            throw new OpenApiException($"The document is neither valid JSON nor YAML: {broken.Message}");
        }

        return root as JsonObject ?? throw new OpenApiException("The document is no OpenAPI document: expected an object at its top.");
    }

    private static JsonNode? Yaml(string text)
    {
        // Depth before anything recursive reads it: the parser of events does not recurse.
        var (depth, count) = (0, 0);
        var events = new Parser(new StringReader(text));
        while (events.MoveNext())
        {
            depth += events.Current!.NestingIncrease;
            if (depth > MaxDepth) throw new OpenApiException($"The document is nested deeper than {MaxDepth} levels.");
            if (++count > MaxValues) throw new OpenApiException($"The document has more than {MaxValues} values.");
        }

        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        var left = MaxValues;
        return stream.Documents.Count == 0 ? null : Node(stream.Documents[0].RootNode, MaxDepth, ref left);
    }

    // An anchor's value is written out at each of its aliases: counted, so that a few lines cannot become gigabytes.
    private static JsonNode? Node(YamlNode node, int depth, ref int left)
    {
        if (--left < 0 || depth == 0) throw new OpenApiException($"The document has more than {MaxValues} values, or is nested deeper than {MaxDepth} levels, once its aliases are written out.");
        switch (node)
        {
            case YamlMappingNode mapping:
                var members = new JsonObject();
                foreach (var (key, value) in mapping.Children) members[key is YamlScalarNode { Value: { } name } ? name : throw new OpenApiException("A name in the document is no text.")] = Node(value, depth - 1, ref left);
                return members;
            case YamlSequenceNode sequence:
                var items = new JsonArray();
                foreach (var item in sequence.Children) items.Add(Node(item, depth - 1, ref left));
                return items;
            case YamlScalarNode { Style: ScalarStyle.Plain } plain:
                return Plain(plain.Value);
            default:
                return JsonValue.Create(((YamlScalarNode)node).Value);
        }
    }

    // YAML 1.2 §10.3.2
    private static JsonValue? Plain(string? text) => text switch
    {
        null or "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => JsonValue.Create(integer),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}

/// <summary>An OpenAPI document cannot become a connector; the message says why.</summary>
internal sealed class OpenApiException(string message) : Exception(message);

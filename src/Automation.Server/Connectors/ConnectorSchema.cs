using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Connectors;

/// <summary>The JSON Schema of connector files, made from the records that the server reads.</summary>
internal static class ConnectorSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Indented, LF, one newline at the end.</summary>
    public static byte[] ToFile()
    {
        var schema = ConfigSchema.Of(typeof(ConnectorFile), expressions: false);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "Connector");
        ((JsonObject)schema["properties"]!).Insert(0, "$schema", new JsonObject { ["type"] = "string" });
        return Encoding.UTF8.GetBytes(schema.ToJsonString(Indented) + "\n");
    }
}

using System.Text.Json.Nodes;

namespace Automation.Server.Connectors.OpenApi;

/// <summary>Gathers the fields of one operation under names that fields may have.</summary>
/// <param name="hasServer">Whether the connector has a field <c>server</c>.</param>
internal sealed class OperationDraft(bool hasServer)
{
    public JsonObject Made { get; } = [];

    public int Count => Made.Count;

    /// <summary>Adds a field and returns its name.</summary>
    public string Add(string wanted, JsonObject field, bool required)
    {
        var name = OpenApiImport.Camel(wanted);
        if (ConnectorCheck.TakenNames.Contains(name) || (hasServer && name == "server")) name += "Value";
        name = OpenApiImport.Unique(name, Made.ContainsKey);
        if (required) field["required"] = true;
        Made[name] = field;
        return name;
    }
}

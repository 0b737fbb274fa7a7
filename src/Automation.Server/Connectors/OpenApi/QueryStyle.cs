using System.Text.Json.Nodes;

namespace Automation.Server.Connectors.OpenApi;

/// <summary>How the value of a query parameter is written: OpenAPI's <c>style</c> and <c>explode</c>.</summary>
internal static class QueryStyle
{
    /// <summary>An expression that gives a list of <c>name=value</c>, encoded, where the value becomes more than one parameter; null where it becomes one.</summary>
    public static string? Several(JsonObject parameter, string? type, string field)
    {
        var style = OpenApiDocument.Text(parameter, "style") ?? "form";
        var name = Uri.EscapeDataString(OpenApiDocument.Text(parameter, "name")!); // has no quotes
        var explodes = OpenApiDocument.Member(parameter, "explode") is null ? style is "form" : OpenApiDocument.IsTrue(parameter, "explode");
        return (type, style, explodes) switch
        {
            ("array", "form", true) => $"...[input.{field} ?? []].flat().map(v => '{name}=' + encodeURIComponent(v))",
            ("object", "form", true) => $"...Object.entries(input.{field} ?? {{}}).map(e => e.map(encodeURIComponent).join('='))",
            ("object", "deepObject", _) => $"...Object.entries(input.{field} ?? {{}}).map(([k, v]) => '{name}' + encodeURIComponent('[' + k + ']') + '=' + encodeURIComponent(v))",
            _ => null,
        };
    }

    /// <summary>An expression that gives the value as one text.</summary>
    public static string One(JsonObject parameter, string? type, string field)
    {
        var between = OpenApiDocument.Text(parameter, "style") switch
        {
            "spaceDelimited" => ' ',
            "pipeDelimited" => '|',
            _ => ',',
        };
        return type switch
        {
            "array" => $"${{Array.isArray(input.{field}) ? input.{field}.join('{between}') : input.{field}}}",
            "object" => $"${{input.{field} == null ? null : Object.entries(input.{field}).flat().join('{between}')}}",
            _ => $"${{input.{field}}}",
        };
    }
}

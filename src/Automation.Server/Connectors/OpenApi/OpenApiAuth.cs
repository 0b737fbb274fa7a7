using System.Text.Json.Nodes;
using Automation.Server.Deliveries;

namespace Automation.Server.Connectors.OpenApi;

/// <summary>Makes a connector's authentication of the document's security schemes. A connector has one way at a time: of several that are asked for together, the others are noted.</summary>
internal sealed class OpenApiAuth(OpenApiDocument document, List<string> notes)
{
    private readonly Dictionary<string, JsonObject> schemes =
        document.Members(document.Object(document.Root, "components"), "securitySchemes").ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal);

    private readonly Dictionary<string, JsonObject> made = new(StringComparer.Ordinal);

    /// <summary>Those of the ways that were made.</summary>
    public JsonObject Credentials { get; } = [];

    /// <param name="security">Alternatives, each of schemes that are asked for together. Null: any scheme of the document.</param>
    /// <param name="where">What asks, for notes.</param>
    /// <returns>Null when there is none that a connector knows.</returns>
    public JsonObject? Of(JsonArray? security, string where)
    {
        var alternatives = security is null ? [.. schemes.Keys.Select(k => new List<string> { k })] : security.OfType<JsonObject>().Select(a => a.Select(m => m.Key).ToList()).Where(a => a.Count > 0).ToList();
        if (alternatives.Count == 0) return null;
        if ((alternatives.Find(a => a is [var only] && IsKnown(only)) ?? alternatives.Find(a => a.Exists(IsKnown))) is not { } chosen)
        {
            notes.Add($"{where}: no way of authentication that the document names is one that a connector knows; add \"auth\" by hand.");
            return null;
        }

        var scheme = chosen.First(IsKnown);
        if (chosen.Count > 1) notes.Add($"{where}: {string.Join(", ", chosen.Where(n => n != scheme))} is asked for together with {scheme}, and is left out; add it to \"headers\" or \"query\" by hand.");
        if (!made.TryGetValue(scheme, out var auth)) made[scheme] = auth = Make(schemes[scheme]);
        return (JsonObject)auth.DeepClone();
    }

    private bool IsKnown(string name) => schemes.TryGetValue(name, out var scheme) && Kind(scheme) is not null;

    private static AuthKind? Kind(JsonObject scheme) => (OpenApiDocument.Text(scheme, "type"), OpenApiDocument.Text(scheme, "scheme")?.ToLowerInvariant(), OpenApiDocument.Text(scheme, "in")) switch
    {
        ("http", "basic", _) => AuthKind.Basic,
        ("http", "bearer", _) or ("oauth2" or "openIdConnect", _, _) => AuthKind.Bearer,
        ("apiKey", _, "header") when OpenApiDocument.Text(scheme, "name") is { } name && OutboundRequest.NameProblem(name) is null => AuthKind.Header,
        ("apiKey", _, "query") when OpenApiDocument.Text(scheme, "name") is { Length: > 0 } => AuthKind.Query,
        _ => null,
    };

    private JsonObject Make(JsonObject scheme)
    {
        var help = OpenApiImport.Short(OpenApiDocument.Text(scheme, "description"));
        return Kind(scheme) switch
        {
            AuthKind.Basic => new JsonObject { ["type"] = "basic", ["user"] = Credential("user", help ?? "User name."), ["password"] = Credential("password", help ?? "Password.") },
            AuthKind.Bearer => new JsonObject { ["type"] = "bearer", ["token"] = Credential("token", help ?? "Access token.") },
            _ => new JsonObject { ["type"] = OpenApiDocument.Text(scheme, "in"), ["name"] = OpenApiDocument.Text(scheme, "name"), ["value"] = Credential("apiKey", help ?? "API key.") },
        };
    }

    private string Credential(string wanted, string help)
    {
        var name = OpenApiImport.Unique(wanted, Credentials.ContainsKey);
        Credentials[name] = new JsonObject { ["help"] = help };
        return "${connection." + name + "}";
    }
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Automation.Server.Deliveries;
using Automation.Server.Workflows;

namespace Automation.Server.Connectors.OpenApi;

/// <summary>A connector made of an OpenAPI document.</summary>
/// <param name="Text">The connector file.</param>
/// <param name="Notes">What of the document is not in it.</param>
internal sealed record ImportedConnector(string Text, IReadOnlyList<string> Notes);

/// <summary>Makes a connector file of an OpenAPI 3.0 or 3.1 document.</summary>
/// <remarks>
/// Each operation becomes an inline one: parameters of path, query and header and the properties of its body are fields, the body of the answer is the output. What a connector cannot say
/// (cookies, files, bodies that are no JSON or form) is left out with a note. References into other files are not followed.
/// </remarks>
internal sealed partial class OpenApiImport
{
    private const int LongestHelp = 300, MostFields = 60;
    private static readonly string[] Methods = ["get", "post", "put", "patch", "delete", "head"];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly OpenApiDocument document;
    private readonly IReadOnlyCollection<string> only;
    private readonly List<string> notes = [];
    private readonly OpenApiAuth auth;
    private readonly List<string> seen = [];
    private bool needsServer;

    private OpenApiImport(OpenApiDocument document, IReadOnlyCollection<string> only) => (this.document, this.only, auth) = (document, only, new OpenApiAuth(document, notes));

    /// <param name="name">Of the connector.</param>
    /// <param name="bytes">The document, JSON or YAML.</param>
    /// <param name="only">Ids of the operations to take; all when empty.</param>
    /// <exception cref="OpenApiException">It is no such document, or nothing of it can be said by a connector.</exception>
    public static ImportedConnector Run(string name, byte[] bytes, IReadOnlyCollection<string> only)
    {
        var import = new OpenApiImport(new OpenApiDocument(OpenApiText.Read(bytes)), only);
        string text;
        try
        {
            text = import.Connector().ToJsonString(Indented) + "\n";
        }
        catch (InvalidOperationException half)
        {
            throw new OpenApiException($"The document holds a text that is none, as half of a character: {half.Message}");
        }

        if (text.Length > Workflows.Compilation.ScriptFile.MaxBytes) throw new OpenApiException("The connector would be larger than 1 MB; name the operations that you need, with --only.");
        var problems = new List<Problem>();
        if (Connectors.Connector.Read(name, text, problems) is null) throw new OpenApiException("The connector would have problems: " + string.Join(" ", problems.Take(5).Select(p => $"{p.Pointer}: {p.Message}")));
        return new ImportedConnector(text, import.notes);
    }

    private JsonObject Connector()
    {
        if (OpenApiDocument.Text(document.Root, "openapi") is not ['3', '.', ..])
            throw new OpenApiException(OpenApiDocument.Member(document.Root, "swagger") is null ? "The document is no OpenAPI 3 document: \"openapi\" has to be 3.0.x or 3.1.x." : "The document is Swagger 2; convert it to OpenAPI 3 first, as with swagger2openapi.");
        var info = document.Object(document.Root, "info");
        var address = Server();
        var all = auth.Of(OpenApiDocument.Member(document.Root, "security") as JsonArray, "All");
        var operations = Operations(address, all);
        if (only.Except(seen).ToList() is [var missing, ..] several) throw new OpenApiException($"The document has no operation {string.Join(", ", several)}.{Suggestion.For(missing, seen)}");
        if (operations.Count == 0) throw new OpenApiException(string.Join(" ", notes.Take(5).Prepend("The document has no operations that a connector can have.")));
        var made = new JsonObject { ["title"] = Short(OpenApiDocument.Text(info, "title")) ?? "API" };
        if (Short(OpenApiDocument.Text(info, "description")) is { } description) made["description"] = description;
        made["baseUrl"] = address;
        if (auth.Credentials.Count > 0) made["credentials"] = auth.Credentials;
        if (all is not null) made["auth"] = all;
        if (needsServer) made["fields"] = new JsonObject { ["server"] = new JsonObject { ["help"] = "Address of the server, as https://api.example.com.", ["required"] = true, ["literal"] = true, ["pattern"] = @"^https?://[A-Za-z0-9.:\[\]-]+$" } };
        made["operations"] = operations;
        return made;
    }

    private string Server()
    {
        var url = Url(document.Objects(document.Root, "servers").FirstOrDefault());
        if (Absolute(url) is { } address) return address;
        needsServer = true;
        return "${input.server}" + (PlainPath().IsMatch(url) ? url.TrimEnd('/') : "");
    }

    /// <summary>Of a server, with the defaults of its variables.</summary>
    private string Url(JsonObject? server)
    {
        var url = OpenApiDocument.Text(server, "url") ?? "";
        foreach (var (name, variable) in document.Members(server, "variables")) url = url.Replace("{" + name + "}", OpenApiDocument.Text(variable, "default") ?? "", StringComparison.Ordinal);
        return url;
    }

    private static string? Absolute(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && !url.Contains('{') && !url.Contains('$') && address.UserInfo.Length == 0 ? address.GetLeftPart(UriPartial.Path).TrimEnd('/') : null;

    /// <summary>Address of an operation that has servers of its own, or its path has; empty when it has none, null when it is not known.</summary>
    private string? OwnServer(JsonObject item, JsonObject operation, string root)
    {
        var servers = new[] { operation, item }.Select(o => document.Objects(o, "servers").FirstOrDefault()).OfType<JsonObject>().ToList();
        if (servers.Count == 0) return "";
        var url = Url(servers[0]);
        return Absolute(url) ?? (!url.Contains('{') && Absolute(root) is { } known && Uri.TryCreate(new Uri(known + "/"), url, out var whole) ? Absolute(whole.AbsoluteUri) : null);
    }

    private JsonObject Operations(string root, JsonObject? all)
    {
        var operations = new JsonObject();
        foreach (var (path, _) in document.Object(document.Root, "paths") ?? [])
        {
            if (only.Count == 0 && document.Lost(document.Object(document.Root, "paths"), path) is { } lost) notes.Add(LeftOut(path, lost));
        }

        foreach (var (path, item) in document.Members(document.Root, "paths"))
        {
            foreach (var method in Methods)
            {
                if (document.Object(item, method) is not { } operation) continue;
                var id = OpenApiDocument.Text(operation, "operationId") ?? $"{method} {path}";
                seen.Add(id);
                if (only.Count > 0 && !only.Contains(id)) continue;
                var name = Unique(Camel(id), n => operations.ContainsKey(n));
                if (Operation(path, method, item, operation, id, root) is not { } made) continue;
                if (OpenApiDocument.Member(operation, "security") is JsonArray security && auth.Of(security, id) is var own && !JsonNode.DeepEquals(own, all)) made["auth"] = own ?? new JsonObject { ["type"] = "none" };
                operations[name] = made;
            }
        }

        return operations;
    }

    private static string LeftOut(string what, string reference) => $"{what}: left out, because it refers to {Short(reference)}, which is not in the document.";

    private JsonObject? Operation(string path, string method, JsonObject item, JsonObject operation, string id, string root)
    {
        if ((document.Lost(operation, "parameters") ?? document.Lost(item, "parameters") ?? document.Lost(operation, "requestBody")) is { } lost)
        {
            notes.Add(LeftOut(id, lost));
            return null;
        }

        if (OwnServer(item, operation, root) is not { } server)
        {
            notes.Add($"{id}: left out, because it has a server of its own, whose address is not known.");
            return null;
        }

        if (!path.StartsWith('/') || path.Contains('$') || path.Any(char.IsControl))
        {
            notes.Add($"{id}: left out, because its path is none that a connector can have.");
            return null;
        }

        var fields = new OperationDraft(needsServer);
        var parameters = document.Objects(operation, "parameters").Concat(document.Objects(item, "parameters"))
            .Where(p => OpenApiDocument.Text(p, "name") is { Length: > 0 }).DistinctBy(p => (OpenApiDocument.Text(p, "name"), OpenApiDocument.Text(p, "in"))).ToList();
        var url = PathParameter().Replace(path, match =>
        {
            var parameter = parameters.Find(p => OpenApiDocument.Text(p, "in") == "path" && OpenApiDocument.Text(p, "name") == match.Groups[1].Value);
            return $"${{encodeURIComponent(input.{fields.Add(match.Groups[1].Value, Field(document.Object(parameter, "schema"), Help(parameter, match.Groups[1].Value)), required: true)})}}";
        });
        var request = new JsonObject { ["url"] = server + url, ["method"] = method.ToUpperInvariant() };
        var several = new List<string>();
        foreach (var parameter in parameters)
        {
            var (name, place) = (OpenApiDocument.Text(parameter, "name")!, OpenApiDocument.Text(parameter, "in"));
            if (place is "path") continue;
            if (place is not ("query" or "header") || name.Contains("${", StringComparison.Ordinal) || (place is "header" && (OutboundRequest.NameProblem(name) is not null || name.ToLowerInvariant() is "accept" or "authorization")) || fields.Count >= MostFields)
            {
                notes.Add($"{id}: the parameter {name} is left out.");
                continue;
            }

            var schema = document.Object(parameter, "schema");
            var type = TypeOf(schema);
            var field = fields.Add(name, Field(schema, Help(parameter, name)), OpenApiDocument.IsTrue(parameter, "required"));
            if (document.Lost(parameter, "schema") is { } elsewhere) notes.Add($"{id}: the parameter {name} is sent as a text, because its schema refers to {Short(elsewhere)}, which is not in the document.");
            if (place is "query" && QueryStyle.Several(parameter, type, field) is { } pairs)
            {
                several.Add(pairs);
                continue;
            }

            var list = place is "query" ? "query" : "headers";
            var into = request[list] as JsonObject ?? [];
            into[name] = QueryStyle.One(parameter, type, field);
            request[list] = into;
        }

        if (several.Count > 0) request["url"] = $"{server}{url}${{(q => q.length ? '?' + q.join('&') : '')([{string.Join(", ", several)}])}}";
        Body(document.Object(operation, "requestBody"), request, fields, id);
        var made = new JsonObject { ["title"] = Short(OpenApiDocument.Text(operation, "summary")) ?? id, ["mode"] = "inline", ["request"] = request };
        if (Short(OpenApiDocument.Text(operation, "description")) is { } description) made["description"] = description;
        if (OpenApiDocument.Text(document.Object(operation, "externalDocs"), "url") is { } docs && Uri.TryCreate(docs, UriKind.Absolute, out var at) && at.Scheme is "http" or "https") made["docs"] = docs;
        if (fields.Count > 0) made["fields"] = fields.Made;
        made["error"] = new JsonObject { ["message"] = "${input.body?.detail ?? input.body?.error?.message ?? input.body?.message ?? input.body?.error ?? input.body?.title}" };
        return made;
    }

    private void Body(JsonObject? body, JsonObject request, OperationDraft fields, string id)
    {
        var contents = document.Members(body, "content").ToList();
        if (contents.Count == 0) return;
        var (type, content) = contents.Find(c => c.Name.Split(';')[0].EndsWith("json", StringComparison.OrdinalIgnoreCase));
        if (type is null) (type, content) = contents.Find(c => c.Name.Equals(OutboundBody.Form, StringComparison.OrdinalIgnoreCase));
        if (type is null || !System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(type, out _))
        {
            notes.Add($"{id}: its body ({contents[0].Name}) is left out.");
            return;
        }

        if (request["method"]!.GetValue<string>() is "GET" or "HEAD") return;
        if (!type.Equals(OutboundBody.Json, StringComparison.OrdinalIgnoreCase)) request["contentType"] = type;
        var schema = document.Object(content, "schema") ?? [];
        if (document.Properties(schema) is not { } parts || parts.Properties.Count + fields.Count > MostFields)
        {
            request["body"] = $"${{input.{fields.Add("body", new JsonObject { ["help"] = Short(OpenApiDocument.Text(body, "description")) ?? "The body.", ["type"] = "json" }, OpenApiDocument.IsTrue(body, "required"))}}}";
            return;
        }

        var made = new JsonObject();
        foreach (var (name, property) in parts.Properties)
        {
            if (OpenApiDocument.IsTrue(property, "readOnly") || name.Contains("${", StringComparison.Ordinal)) continue;
            made[name] = $"${{input.{fields.Add(name, Field(property, Help(property, name)), parts.Required.Contains(name))}}}";
        }

        request["body"] = made;
    }

    /// <summary>The first of several, null aside.</summary>
    private static string? TypeOf(JsonObject? schema) =>
        OpenApiDocument.Member(schema, "type") is JsonArray several ? several.OfType<JsonValue>().Select(t => t.ToString()).FirstOrDefault(t => t != "null") : OpenApiDocument.Text(schema, "type");

    private JsonObject Field(JsonObject? schema, string help)
    {
        var type = TypeOf(schema);
        var field = new JsonObject { ["help"] = help };
        if (type is "string" && OpenApiDocument.Member(schema, "enum") is JsonArray choices && choices.Count is > 0 and <= 100 && choices.All(c => c is JsonValue v && v.GetValueKind() is JsonValueKind.String))
            field["choices"] = new JsonArray([.. choices.Select(c => c!.GetValue<string>()).Distinct().Select(c => JsonValue.Create(c))]);
        else if (type is "integer" or "number" or "boolean") field["type"] = type;
        else if (type is "array" && OpenApiDocument.Text(document.Object(schema, "items"), "type") is "string") field["type"] = "texts";
        else if (type is not "string") field["type"] = "json";
        return field;
    }

    private static string Help(JsonObject? of, string name) => Short(OpenApiDocument.Text(of, "description")) ?? name;

    /// <summary>One line of it, not too long; null for none.</summary>
    internal static string? Short(string? text)
    {
        var line = Spaces().Replace(text ?? "", " ").Trim();
        if (line.Length == 0) return null;
        return line.Length <= LongestHelp ? line : line[..(char.IsHighSurrogate(line[LongestHelp - 1]) ? LongestHelp - 1 : LongestHelp)] + "…";
    }

    /// <summary>Letters and digits, the first one small.</summary>
    internal static string Camel(string text)
    {
        var words = Words().Matches(text).Select(m => m.Value).ToList();
        var made = string.Concat(words.Select((w, i) => i == 0 ? char.ToLowerInvariant(w[0]) + w[1..] : char.ToUpperInvariant(w[0]) + w[1..]));
        if (made.Length > 80) made = made[..80];
        return made.Length > 0 && char.IsAsciiLetterLower(made[0]) ? made : "x" + made;
    }

    internal static string Unique(string name, Func<string, bool> isTaken)
    {
        if (!isTaken(name)) return name;
        for (var number = 2; ; number++)
        {
            if (!isTaken(name + number)) return name + number;
        }
    }

    [GeneratedRegex("[A-Za-z0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\{([^{}/]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex PathParameter();

    [GeneratedRegex("^(/[A-Za-z0-9._~-]+)+/?$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainPath();
}

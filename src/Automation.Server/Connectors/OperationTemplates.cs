using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Connectors;

/// <summary>The templates of one operation as objects that configs are compiled from: base address and authentication put in.</summary>
internal static class OperationTemplates
{
    public static readonly ConfigShape RequestShape = ConfigShape.Of(typeof(ConnectorRequest)), MessageShape = ConfigShape.Of(typeof(ConnectorMessage)), AnswerShape = ConfigShape.Of(typeof(ConnectorAnswer)), ErrorShape = ConfigShape.Of(typeof(ConnectorError));

    /// <summary>JSON pointer of an operation's part in its connector's file.</summary>
    public static string PointerOf(string operation, string part) => $"/operations/{operation}/{part}";

    /// <summary>An operation's <c>answer</c>, or <c>error</c>, as written; null when it has none.</summary>
    public static JsonObject? Part(Connector connector, string operation, string part) =>
        connector.Document.GetProperty("operations").GetProperty(operation).TryGetProperty(part, out var written) && written.ValueKind is JsonValueKind.Object ? JsonObject.Create(written.Clone()) : null;

    /// <summary>The whole request, credentials still as <c>${connection.x}</c>; of an operation that publishes its message, which has none.</summary>
    public static JsonObject Request(Connector connector, string operation)
    {
        if (connector.File.Operations[operation].Mode is OperationMode.Publish) return Part(connector, operation, "message")!;
        var request = (JsonObject)Part(connector, operation, "request")!.DeepClone();
        if (request["url"]?.GetValue<string>() is ['/', ..] path) request["url"] = connector.File.BaseUrl?.TrimEnd('/') + path;
        var auth = connector.File.Operations[operation].Auth ?? connector.File.Auth;
        switch (auth?.Type)
        {
            case AuthKind.Bearer:
                Add(request, "headers", "Authorization", "Bearer " + auth.Token);
                break;
            case AuthKind.Basic:
                Add(request, "headers", "Authorization", $"Basic {auth.User}:{auth.Password}"); // encoded when it is sent
                break;
            case AuthKind.OAuth2 when auth.Name is null:
                Add(request, "headers", "Authorization", "Bearer " + auth.Token);
                break;
            case AuthKind.Header or AuthKind.OAuth2:
                Add(request, "headers", auth.Name!, auth.Value!);
                break;
            case AuthKind.Query:
                Add(request, "query", auth.Name!, auth.Value!);
                break;
        }

        return request;
    }

    private static void Add(JsonObject request, string to, string name, string value)
    {
        if (request[to] is not JsonObject entries) request[to] = entries = [];
        entries[name] = value;
    }
}

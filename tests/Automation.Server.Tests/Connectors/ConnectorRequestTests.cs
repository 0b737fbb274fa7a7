using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Automation.Server.Connectors;
using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Connectors;

/// <summary>What each operation sends and makes of the answer, in the cases of <c>Requests/*.json</c>, which were written after the documentation that the operation names.</summary>
/// <remarks>The stand-in takes <c>https://host/path</c> as <c>/host/path</c>. A credential's value is its own name behind <c>the-</c>, unless the case gives another.</remarks>
public sealed class ConnectorRequestTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Connectors", "Requests");

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var connector in BuiltInConnectors.Names)
        {
            for (var i = 0; i < Read(connector).Count; i++) cases.Add(connector, i);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Operation_SendsWhatTheServiceDocuments(string connector, int index)
    {
        var given = Read(connector)[index]!.AsObject();
        Install(connector, given["secrets"]?.AsObject());
        var expected = given["expect"]!;
        var target = Text(expected["target"])!;
        var path = target.Split('?')[0];
        var answer = given["answer"];
        var body = answer?["body"] is null ? "{}" : answer["body"]!.ToJsonString();
        server.Receiver.On(path, (_, context) =>
        {
            foreach (var (name, value) in answer?["headers"]?.AsObject() ?? []) context.Response.Headers[name] = Text(value);
            return RunReceiver.WriteAsync(context, answer?["status"]?.GetValue<int>() ?? 200, body);
        });
        var step = new JsonObject { ["type"] = $"{connector}.{Text(given["operation"])}" };
        foreach (var (name, value) in given["fields"]!.AsObject()) step[name] = value?.DeepClone();
        var id = await server.AddAsync(new JsonObject { ["steps"] = new JsonObject { ["it"] = step }, ["output"] = null }.ToJsonString());
        var ended = await server.PostAsync($"/api/workflows/{id}/run?wait=60s", "{}", 200);
        Assert.True(given["error"] is not null || Text(ended["state"]) == "succeeded", ended.ToJsonString());
        var arrived = await server.Receiver.NextAsync(path);

        Assert.Equal(Text(expected["method"]) ?? "POST", arrived.Method);
        Assert.Equal(target, arrived.Path + arrived.Query);
        foreach (var (name, value) in expected["headers"]?.AsObject() ?? []) Assert.Equal(Text(value), arrived.Headers.GetValueOrDefault(name));
        if (expected["body"] is JsonValue text && text.GetValueKind() is JsonValueKind.String) Assert.Equal(Text(text), arrived.Body);
        else if (expected["body"] is { } json) Assert.True(JsonNode.DeepEquals(json, JsonNode.Parse(arrived.Body)), $"Expected {json.ToJsonString()}\nbut it was {arrived.Body}");
        else Assert.Equal(("", false), (arrived.Body, arrived.Headers.ContainsKey("Content-Type")));
        if (given["output"] is { } output) Assert.True(JsonNode.DeepEquals(output, ended["output"]), ended.ToJsonString());
        if (given["error"] is { } error) Assert.Contains(Text(error)!, ended.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryOperation_HasACase()
    {
        foreach (var name in BuiltInConnectors.Names)
        {
            var connector = Connector.Read(name, BuiltInConnectors.TextOf(name)!, []);
            Assert.Empty(connector!.File.Operations.Where(o => o.Value.Mode is not OperationMode.Publish).Select(o => o.Key).Except(Read(name).Select(c => Text(c!["operation"])!)).Select(o => $"{name}.{o}"));
        }
    }

    private static JsonArray Read(string connector)
    {
        var file = Path.Combine(Folder, connector + ".json");
        return File.Exists(file) ? JsonNode.Parse(File.ReadAllText(file))!.AsArray() : [];
    }

    private static string? Text(JsonNode? node) => node?.GetValue<string>();

    /// <summary>The connector with every host below the stand-in's address, and its secrets.</summary>
    private void Install(string name, JsonObject? secrets)
    {
        Directory.CreateDirectory(Path.Combine(server.Folder, "workflows", "connectors"));
        var text = Regex.Replace(BuiltInConnectors.TextOf(name)!, "(\"(?:url|baseUrl)\": *\")https?://", "$1RECEIVER/");
        server.Write(($"connectors/{name}.json", text));
        foreach (var credential in Connector.Read(name, BuiltInConnectors.TextOf(name)!, [])!.File.Credentials?.Keys ?? [])
        {
            var value = Text(secrets?[credential])?.Replace("RECEIVER", server.Receiver.Url, StringComparison.Ordinal) ?? "the-" + credential;
            server.SetSecret(Connection.SecretOf(name, credential), value);
        }
    }
}

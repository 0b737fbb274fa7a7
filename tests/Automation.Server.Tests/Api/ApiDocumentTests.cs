using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Server.Tests.Api;

public sealed class ApiDocumentTests(ApiServer server) : IClassFixture<ApiServer>
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task Document_IsTheCommittedOne()
    {
        var document = await DocumentAsync();
        var text = document.ToJsonString(Written) + "\n";
        var file = Path.Combine(Root(), "openapi.json");
        if (Environment.GetEnvironmentVariable("UPDATE_GENERATED") == "1") await File.WriteAllTextAsync(file, text);

        Assert.True(text == await File.ReadAllTextAsync(file), "openapi.json is not what the server says. Set UPDATE_GENERATED=1 and run this test to write it anew.");
    }

    [Fact]
    public async Task Document_NamesNoHost()
    {
        var document = await DocumentAsync();

        Assert.Null(document["servers"]?.AsArray().FirstOrDefault());
        Assert.DoesNotContain("127.0.0.1", document.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryOperation_HasASummaryAndAnId()
    {
        var operations = Operations(await DocumentAsync()).ToList();

        Assert.All(operations, o => Assert.False(string.IsNullOrEmpty(o.Operation["summary"]?.GetValue<string>()), o.Path));
        Assert.Equal(operations.Count, operations.Select(o => o.Operation["operationId"]!.GetValue<string>()).Distinct().Count());
    }

    [Fact]
    public async Task EveryApiRoute_Answers401_WithoutToken()
    {
        var operations = Operations(await DocumentAsync()).Where(o => o.Path.StartsWith("/api", StringComparison.Ordinal)).ToList();

        Assert.True(operations.Count > 20);
        foreach (var (path, method, operation) in operations)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("{id}", "x", StringComparison.Ordinal).Replace("{hash}", "x", StringComparison.Ordinal));
            using var response = await server.Stranger.SendAsync(request);
            Assert.True((int)response.StatusCode == 401, $"{method} {path} answers {(int)response.StatusCode}");
            Assert.NotNull(operation["responses"]!["401"]);
            Assert.NotNull(operation["security"]);
        }
    }

    [Fact]
    public async Task Filters_ListTheirValues()
    {
        var document = await DocumentAsync();
        var parameters = document["paths"]!["/api/runs"]!["get"]!["parameters"]!.AsArray();

        var state = parameters.Single(p => p!["name"]!.GetValue<string>() == "state")!;
        Assert.Equal(["pending", "running", "waiting", "succeeded", "failed", "cancelled"], state["schema"]!["enum"]!.AsArray().Select(v => v!.GetValue<string>()));
        Assert.Equal("Only runs in this state.", state["description"]!.GetValue<string>());
        Assert.Equal(200, parameters.Single(p => p!["name"]!.GetValue<string>() == "limit")!["schema"]!["maximum"]!.GetValue<int>());
    }

    private static IEnumerable<(string Path, string Method, JsonNode Operation)> Operations(JsonNode document) =>
        from path in document["paths"]!.AsObject() from operation in path.Value!.AsObject() select (path.Key, operation.Key.ToUpperInvariant(), operation.Value!);

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));

    private async Task<JsonNode> DocumentAsync() => JsonNode.Parse(await server.Stranger.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;
}

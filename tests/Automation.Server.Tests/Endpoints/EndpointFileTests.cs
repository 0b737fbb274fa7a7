using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Server.Endpoints;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Storage;

namespace Automation.Server.Tests.Endpoints;

/// <summary>Endpoints and event types as files of the workflows folder.</summary>
public sealed class EndpointFileTests
{
    [Fact]
    public async Task File_MakesAnEndpoint_ChangesIt_AndItsRemovalDeletesIt_ByTheWatcherAlone()
    {
        await using var server = await WorkflowServer.StartAsync();
        Write(server, "endpoints/acme.json", Endpoint(server, "/one", "order.*"));
        await ShowsAsync(server, "SELECT count(*) FROM endpoints WHERE id = 'acme' AND from_file = 1", 1);
        await server.PostAsync("/api/emissions", """{ "type": "order.created", "data": 1 }""", 202);
        await server.Receiver.NextAsync("/one");
        Write(server, "endpoints/acme.json", Endpoint(server, "/two", "invoice.*"));
        await ShowsAsync(server, "SELECT count(*) FROM subscriptions WHERE pattern = 'invoice.*'", 1);
        await server.PostAsync("/api/emissions", """{ "type": "invoice.paid", "data": 2 }""", 202);
        await server.Receiver.NextAsync("/two");
        Assert.Empty(server.Get<Automation.Server.Workflows.WorkflowCatalog>().Current.Workflows);

        server.Receiver.On("/two", 503);
        await server.PostAsync("/api/emissions", """{ "type": "invoice.paid", "data": 3 }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'retrying'") == 1);
        File.Delete(PathIn(server, "endpoints/acme.json"));
        await ShowsAsync(server, "SELECT count(*) FROM endpoints", 0);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'dead'") == 1); // what was under way
    }

    [Fact]
    public async Task EndpointOfAFile_CannotBeChangedThroughTheApi_ButPausedAndRotated()
    {
        await using var server = await WorkflowServer.StartAsync();
        Write(server, "endpoints/acme.json", Endpoint(server, "/one", "a"));
        Write(server, "event-types.json", """{ "types": { "order.created": { "description": "Somebody ordered.", "example": { "id": 1 } } } }""");
        await LookAsync(server);
        Assert.True((await server.GetAsync("/api/endpoints/acme"))["fromFile"]!.GetValue<bool>());
        using var put = await server.Http.PutAsync("/api/endpoints/acme", WorkflowServer.Json(Endpoint(server, "/two", "a", forApi: true)));
        using var delete = await server.Http.DeleteAsync("/api/endpoints/acme");
        using var type = await server.Http.PutAsync("/api/event-types/order.created", WorkflowServer.Json("""{ "description": "x" }"""));
        using var forget = await server.Http.DeleteAsync("/api/event-types/order.created");
        foreach (var (answer, file) in new[] { (put, "endpoints/acme.json"), (delete, "endpoints/acme.json"), (type, "event-types.json"), (forget, "event-types.json") })
        {
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
            Assert.Contains(file, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        foreach (var action in new[] { "pause", "resume" }) Assert.Equal(HttpStatusCode.NoContent, (await server.Http.PostAsync($"/api/endpoints/acme/{action}", null)).StatusCode);
        var before = await server.PostAsync("/api/endpoints/acme/rotate", "", 200);
        var described = (await server.GetAsync("/api/event-types"))["items"]!.AsArray().Single()!;
        Assert.Equal(("Somebody ordered.", true), (described["description"]!.GetValue<string>(), described["fromFile"]!.GetValue<bool>()));

        Write(server, "endpoints/acme.json", Endpoint(server, "/two", "b"));
        File.Delete(PathIn(server, "event-types.json"));
        await LookAsync(server);
        Assert.Equal(before["secrets"]!.ToJsonString(), (await server.GetAsync("/api/endpoints/acme/secret"))["secrets"]!.ToJsonString());
        Assert.Empty((await server.GetAsync("/api/event-types"))["items"]!.AsArray());
    }

    [Fact]
    public async Task FileTakesOverAnEndpointOfTheApi_WithItsSecret()
    {
        await using var server = await WorkflowServer.StartAsync();
        using var put = await server.Http.PutAsync("/api/endpoints/acme", WorkflowServer.Json(Endpoint(server, "/one", "a", forApi: true)));
        var secret = (await server.GetAsync("/api/endpoints/acme/secret"))["secrets"]!.ToJsonString();
        Write(server, "endpoints/acme.json", Endpoint(server, "/one", "b"));
        await LookAsync(server);
        var now = await server.GetAsync("/api/endpoints/acme");
        Assert.Equal((true, "b"), (now["fromFile"]!.GetValue<bool>(), now["config"]!["events"]![0]!.GetValue<string>()));
        Assert.Equal(secret, (await server.GetAsync("/api/endpoints/acme/secret"))["secrets"]!.ToJsonString());
    }

    [Fact]
    public async Task EveryMistakeIsListed_WithFilePointerAndLine_AndTheLastGoodStays()
    {
        await using var server = await WorkflowServer.StartAsync();
        Write(server, "endpoints/good.json", Endpoint(server, "/one", "a"));
        Write(server, "event-types.json", """{ "types": { "a.b": {} } }""");
        await LookAsync(server);
        Write(server, "endpoints/good.json", """
            {
              "url": "ftp://x",
              "events": ["a b"],
              "filter": "((",
              "secrets": ["NONE"]
            }
            """);
        Write(server, "endpoints/Bad-Name.json", Endpoint(server, "/one", "a"));
        Write(server, "endpoints/typo.json", """{ "url": "https://x.example/", "events": ["a"], "fliter": "true", "order": "stirct" }""");
        Write(server, "endpoints/broken.json", "{");
        Write(server, "event-types.json", """{ "types": { "a b": {} } }""");
        await LookAsync(server);
        var found = (await server.GetAsync("/api/endpoint-problems"))["items"]!.AsArray().Select(p => $"{p!["file"]} {p["pointer"]} {p["line"]}").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(
            [
                "endpoints/Bad-Name.json  1",
                "endpoints/broken.json  1",
                "endpoints/good.json /events/0 3",
                "endpoints/good.json /filter 4",
                "endpoints/good.json /secrets/0 5",
                "endpoints/good.json /url 2",
                "endpoints/typo.json /fliter 1",
                "endpoints/typo.json /order 1",
                "event-types.json /types/a b 1",
            ],
            found);
        Assert.Equal(1, server.Count("SELECT count(*) FROM endpoints"));
        Assert.Equal(1, server.Count("SELECT count(*) FROM event_types"));
        Write(server, "endpoints/good.json", Endpoint(server, "/one", "a").Replace("\"a\"", "\"a\"], \"secrets\": [\"LATER\"", StringComparison.Ordinal));
        await LookAsync(server);
        Assert.Contains("LATER", (await server.GetAsync("/api/endpoint-problems")).ToJsonString(), StringComparison.Ordinal);
        server.SetSecret("LATER", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        await WorkflowServer.UntilAsync(() => server.Get<EndpointFiles>().Problems.All(p => p.File != "endpoints/good.json")); // tried again unasked
    }

    [Fact]
    public async Task FolderThatIsNotThere_DeletesNothing_AndARestartFindsAllAsItWas()
    {
        await using var server = await WorkflowServer.StartAsync();
        Write(server, "endpoints/acme.json", Endpoint(server, "/one", "a"));
        await LookAsync(server);
        var changed = server.Count("SELECT changed_at FROM endpoints");
        await server.StopAsync();
        Directory.Move(PathIn(server, ""), PathIn(server, "") + ".away");
        await server.StartAsync(); // makes an empty one
        Directory.Delete(PathIn(server, ""));
        await LookAsync(server);
        await server.StopAsync();
        Assert.Equal(0, server.Count("SELECT count(*) FROM endpoints")); // an empty folder says that there is none
        Directory.Move(PathIn(server, "") + ".away", PathIn(server, ""));
        await server.StartAsync();
        Assert.Equal(1, server.Count("SELECT count(*) FROM endpoints"));
        Assert.True(server.Count("SELECT changed_at FROM endpoints") >= changed);
        Directory.Move(PathIn(server, ""), PathIn(server, "") + ".away");
        await LookAsync(server);
        Assert.Equal(1, server.Count("SELECT count(*) FROM endpoints"));
        Directory.Move(PathIn(server, "") + ".away", PathIn(server, ""));
    }

    [Theory]
    [InlineData("endpoint.schema.json")]
    [InlineData("event-types.schema.json")]
    public async Task Schema_IsTheCommittedOne(string name)
    {
        var made = Encoding.UTF8.GetString(name[1] == 'n' ? EndpointFileSchemas.Endpoint() : EndpointFileSchemas.EventTypes());
        var path = Path.Combine(Root(), "src", "Automation.Server", "Endpoints", name);
        if (Environment.GetEnvironmentVariable("UPDATE_GENERATED") == "1") await File.WriteAllTextAsync(path, made);
        Assert.Equal(await File.ReadAllTextAsync(path), made);
    }

    internal static void Write(WorkflowServer server, string path, string text)
    {
        var file = PathIn(server, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    internal static string Endpoint(WorkflowServer server, string path, string type, bool forApi = false) => $$"""{ {{(forApi ? "" : "\"$schema\": \"../endpoint.schema.json\", ")}}"url": "{{server.Receiver.Url}}{{path}}", "events": ["{{type}}"] }""";

    internal static Task LookAsync(WorkflowServer server) => server.Get<EndpointFiles>().RefreshAsync(everything: true, CancellationToken.None);

    private static string PathIn(WorkflowServer server, string path) => Path.TrimEndingDirectorySeparator(Path.Combine(server.Folder, "workflows", path));

    private static Task ShowsAsync(WorkflowServer server, string sql, long count) => WorkflowServer.UntilAsync(() => server.Count(sql) == count);

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}

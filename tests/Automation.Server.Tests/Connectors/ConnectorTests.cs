using System.Text.Json.Nodes;
using Automation.Server.Connectors;
using Automation.Server.Tests.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Connectors;

public sealed class ConnectorTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    private const string Shop = """
        {
          "title": "Shop",
          "baseUrl": "RECEIVER/NAME",
          "credentials": { "key": { "help": "Its key." } },
          "auth": { "type": "header", "name": "X-Key", "value": "${connection.key}" },
          "operations": {
            "order": { "title": "Order", "mode": "inline", "fields": { "what": { "help": "What.", "required": true }, "count": { "type": "integer", "help": "How many.", "default": 1 } },
              "request": { "url": "/v1/orders/${encodeURIComponent(input.what)}", "body": { "count": "${input.count}", "by": "${input.next}" } } }
          }
        }
        """;

    [Fact]
    public async Task Run_KeepsTheConnectorOfItsVersion_AndAChangeOfTheFileMakesAnother()
    {
        var name = Add("kept");
        var id = await server.AddAsync("""{ "steps": { "it": { "type": "kept.order", "what": "tea" } } }""");
        var first = server.Get<WorkflowCatalog>().Current.Workflows[id].Version!;
        await server.ChangeAsync("other", "{ \"steps\": { \"a\": { \"type\": \"log\", \"message\": \"x\" } } }", ("connectors/kept.json", Shop.Replace("NAME", name, StringComparison.Ordinal).Replace("/v1/", "/v2/", StringComparison.Ordinal)));
        var second = server.Get<WorkflowCatalog>().Current.Workflows[id].Version!;

        Assert.NotEqual(first.Hash, second.Hash);
        Assert.Contains("/v1/", first.Source.Files["/connectors/kept.json"], StringComparison.Ordinal);
        var again = server.Get<Server.Workflows.Compilation.WorkflowCompiler>().Compile(id, first.Source);
        Assert.Equal(first.Hash, again.Version!.Hash);
        await server.RunByIdAsync(id);
        Assert.Equal("""{"count":1}""", (await server.Receiver.NextAsync($"/{name}/v2/orders/tea")).Body);
    }

    [Fact]
    public async Task Connection_IsTheNameThatItsSecretsBeginWith()
    {
        var name = Add("linked");
        server.SetSecret("SECOND_SHOP_KEY", "k2");
        await server.RunAsync("""{ "steps": { "it": { "type": "linked.order", "what": "tea", "connection": "second-shop" } } }""");

        Assert.Equal("k2", (await server.Receiver.NextAsync($"/{name}/v1/orders/tea")).Headers["X-Key"]);
    }

    [Theory]
    [InlineData("""{ "type": "bad.order" }""", "/steps/it", "\"what\" is missing")]
    [InlineData("""{ "type": "bad.order", "what": "x", "cuont": 1 }""", "/steps/it/cuont", "Did you mean \"count\"?")]
    [InlineData("""{ "type": "bad.order", "what": "x", "count": "many" }""", "/steps/it/count", "Expected a whole number")]
    [InlineData("""{ "type": "bad.oder", "what": "x" }""", "/steps/it/type", "Did you mean \"bad.order\"?")]
    [InlineData("""{ "type": "bad.order", "what": "${secret.BAD_KEY}" }""", "/steps/it/what", "not possible here")]
    [InlineData("""{ "type": "bad.order", "what": "x", "connection": "nobody" }""", "/steps/it", "There is no secret \"NOBODY_KEY\"")]
    [InlineData("""{ "type": "bad.order", "what": "x", "connection": "${input.c}" }""", "/steps/it/connection", "taken as it is written")]
    public async Task Compiling_NamesWhatIsWrongWithAStep(string step, string at, string message)
    {
        Add("bad");
        var found = await ProblemsAsync($$"""{ "steps": { "it": {{step}} } }""");

        var problem = Assert.Single(found);
        Assert.Equal(at, problem.Pointer);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compiling_NamesEveryMistakeOfAConnectorFile()
    {
        server.Write(("connectors/worse.json", """
            {
              "title": "Worse",
              "baseUrl": "https://${input.site}.example.com",
              "fields": { "site": { "help": "From the event." } },
              "operations": {
                "one": { "title": "One", "mode": "inline", "request": { "url": "/a/${input.id}" } },
                "two": { "title": "Two", "mode": "durable", "request": { "url": "https://x.example/" }, "answer": { "output": 1 } }
              }
            }
            """));
        var found = await ProblemsAsync("""{ "steps": { "it": { "type": "worse.one" } } }""");

        Assert.All(found.Where(p => p.File != "w.json"), p => Assert.Equal("connectors/worse.json", p.File));
        Assert.Equal(["/baseUrl", "/operations/one/request/url", "/operations/one/request/url", "/operations/two/answer"], found.Where(p => p.File == "connectors/worse.json").Select(p => p.Pointer));
    }

    [Fact]
    public async Task AFileThatIsNoJson_IsAProblemOfItsOwn_AndTakesNothingElseDown()
    {
        Add("cut");
        server.Write(("connectors/cut.json", "{ \"title\": \"cut"));
        try
        {
            var problem = Assert.Single(await ProblemsAsync("""{ "steps": { "it": { "type": "cut.order", "what": "x" } } }"""));
            Assert.Equal(("connectors/cut.json", 1), (problem.File, problem.Line));
            Assert.NotEmpty((await server.GetAsync("/api/step-types"))["items"]!.AsArray());
            var shown = (await server.GetAsync("/api/connectors"))["items"]!.AsArray().Single(c => c!["name"]!.GetValue<string>() == "cut")!;
            Assert.Contains("not valid JSON", shown["problems"]!.ToJsonString(), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(Path.Combine(server.Folder, "workflows", "connectors", "cut.json"));
        }
    }

    [Fact]
    public async Task Compiling_SuggestsTheConnectorThatWasMeant()
    {
        var problem = Assert.Single(await ProblemsAsync("""{ "steps": { "it": { "type": "slak.message" } } }"""));

        Assert.Contains("Did you mean \"slack.message\"? Known are ", problem.Message, StringComparison.Ordinal);
        Assert.Contains("slack.message, customer-io.…, discord.…", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Catalog_RefusesOperationsThatAreStepTypesOfTheServer()
    {
        Add("http");
        server.Write(("connectors/http.json", """{ "title": "Http", "operations": { "request": { "title": "R", "mode": "inline", "request": { "url": "https://x.example/" } } } }"""));
        var found = server.Get<ConnectorCatalog>().All().Single(c => c.Name == "http");
        File.Delete(Path.Combine(server.Folder, "workflows", "connectors", "http.json"));

        Assert.Null(found.Connector);
        Assert.Equal("/operations/request", Assert.Single(found.Problems).Pointer);
    }

    [Fact]
    public async Task Compiling_FindsAnExpressionThatDoesNotParse_InTheConnectorsFile()
    {
        server.Write(("connectors/odd.json", """{ "title": "Odd", "operations": { "one": { "title": "One", "mode": "inline", "request": { "url": "https://x.example/", "body": { "a": "${1 +}" } } } } }"""));
        var problem = Assert.Single(await ProblemsAsync("""{ "steps": { "it": { "type": "odd.one" } } }"""));

        Assert.Equal(("connectors/odd.json", "/operations/one/request/body/a"), (problem.File, problem.Pointer));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    public async Task Run_RefusesAFieldThatLeadsOutOfThePath(string what)
    {
        Add("climb");
        var run = await server.RunAsync($$"""{ "steps": { "it": { "type": "climb.order", "what": "{{what}}" } } }""");

        Assert.Equal("failed", run.State);
    }

    [Fact]
    public async Task Run_ReadsAllPages()
    {
        server.Write(("connectors/pages.json", """
            { "title": "Pages", "baseUrl": "RECEIVER/pages", "operations": { "all": { "title": "All", "mode": "inline",
              "request": { "url": "/list", "method": "GET", "query": { "after": "${input.next}" } },
              "answer": { "items": "${input.body.items}", "next": "${input.body.cursor}" } } } }
            """));
        server.Receiver.On("/pages/list", (arrival, context) => RunReceiver.WriteAsync(context, 200, arrival.Query switch
        {
            "" => """{ "items": [1, 2], "cursor": "b" }""",
            "?after=b" => """{ "items": [3], "cursor": null }""",
            _ => "{}",
        }));
        var id = await server.AddAsync("""{ "steps": { "it": { "type": "pages.all" } } }""");
        var ended = await server.PostAsync($"/api/workflows/{id}/run?wait=60s", "{}", 200);

        Assert.Equal("[1,2,3]", ended["output"]!.ToJsonString());
    }

    [Fact]
    public async Task Run_AsksNoOtherHostForTheNextPage()
    {
        server.Write(("connectors/lured.json", """
            { "title": "Lured", "baseUrl": "RECEIVER/lured", "operations": { "all": { "title": "All", "mode": "inline",
              "request": { "url": "/list", "method": "GET" }, "answer": { "items": "${input.body}", "next": "http://127.0.0.1:1/list" } } } }
            """));
        server.Receiver.On("/lured/list", 200, "[1]");
        var run = await server.RunAsync("""{ "steps": { "it": { "type": "lured.all" } } }""");

        Assert.Equal("failed", run.State);
    }

    [Fact]
    public async Task Api_ListsConnectorsAndTheirStepTypes()
    {
        var connectors = (await server.GetAsync("/api/connectors"))["items"]!.AsArray();
        var slack = connectors.Single(c => c!["name"]!.GetValue<string>() == "slack")!;
        Assert.Contains("slack.message", slack["stepTypes"]!.AsArray().Select(t => t!.GetValue<string>()));
        Assert.Contains("SLACK_TOKEN", slack["credentials"]!.ToJsonString(), StringComparison.Ordinal);
        var types = (await server.GetAsync("/api/step-types"))["items"]!.AsArray();
        Assert.Equal("Connectors", types.Single(t => t!["type"]!.GetValue<string>() == "slack.message")!["category"]!.GetValue<string>());
    }

    [Fact]
    public void BuiltInConnectors_HaveNoProblems_AndSayWhereTheServiceDocumentsEachOperation()
    {
        foreach (var name in BuiltInConnectors.Names)
        {
            var problems = new List<Problem>();
            var connector = Connector.Read(name, BuiltInConnectors.TextOf(name)!, problems);
            Assert.True(problems.Count == 0, string.Join('\n', problems));
            Assert.All(connector!.File.Operations.Values, o => Assert.NotNull(o.Docs));
        }
    }

    private string Add(string name)
    {
        Directory.CreateDirectory(Path.Combine(server.Folder, "workflows", "connectors"));
        server.SetSecret(Connection.SecretOf(name, "key"), "k1");
        server.Write(($"connectors/{name}.json", Shop.Replace("NAME", name, StringComparison.Ordinal)));
        return name;
    }

    private async Task<IReadOnlyList<Problem>> ProblemsAsync(string workflow)
    {
        server.Write(("w.json", workflow));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look { Everything = true }, CancellationToken.None);
        var found = server.Get<WorkflowCatalog>().Current.Workflows["w"].Problems;
        await server.RemoveAsync("w");
        return found;
    }
}

using System.Net;
using System.Text.Json.Nodes;
using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Editing;

public sealed class WorkflowFilesTests : EditingTest
{
    [Fact]
    public async Task Read_HasTheWorkflow_ItsLayout_ItsTests_AndTheScriptsItNames()
    {
        Write(("order.json", Order), ("order.ts", "export default () => 1\n"), ("order.layout.json", "{}"), ("order.tests.json", "{}"), ("other.json", Order));

        var files = await Server.GetAsync("/api/workflows/order/files");

        Assert.Equal(["order.json", "order.layout.json", "order.tests.json", "order.ts"], files["files"]!.AsObject().Select(file => file.Key).Order(StringComparer.Ordinal));
        Assert.Equal(Order, files["files"]!["order.json"]!.GetValue<string>());
        var before = files["base"]!.GetValue<string>();
        Write(("order.ts", "export default () => 2\n"));
        Assert.NotEqual(before, await BaseAsync("order"));
    }

    [Fact]
    public async Task Save_WritesTheFiles_AndTheyAreInForceAtOnce()
    {
        var saved = await PutAsync("shop%2Forder", null, ("shop/order.json", Order), ("shop/order.ts", "export default ({ event }) => event.data.a * 2\n"));

        Assert.Equal(HttpStatusCode.OK, saved.Status);
        Assert.Empty(saved.Body["problems"]!.AsArray());
        Assert.Equal(Order, await File.ReadAllTextAsync(Path.Combine(Workflows, "shop", "order.json")));
        Assert.Equal("""{"a":42}"""[5..7], (await Server.RunByIdAsync("shop%2Forder", """{"a":21}""")).Node["steps"]![0]!["output"]!.ToJsonString());
        Assert.Equal(saved.Body["base"]!.GetValue<string>(), await BaseAsync("shop%2Forder"));
    }

    [Fact]
    public async Task Save_OverAChangeOfSomebodyElse_WritesNothing_AndAnswersWithTheFilesAsTheyAre()
    {
        Write(("order.json", Order), ("order.ts", "export default () => 1\n"));
        var read = await BaseAsync("order");
        Write(("order.ts", "export default () => 'theirs'\n"));

        var refused = await PutAsync("order", read, ("order.ts", "export default () => 'mine'\n"));

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("theirs", refused.Body["current"]!["files"]!["order.ts"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("theirs", await File.ReadAllTextAsync(Path.Combine(Workflows, "order.ts")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("order", refused.Body["current"]!["base"]!.GetValue<string>(), ("order.ts", "export default () => 'mine'\n"))).Status);
    }

    [Fact]
    public async Task Save_OfANewWorkflow_DoesNotReplaceOneThatIsThere()
    {
        Write(("order.json", Order));
        var refused = await PutAsync("order", null, ("order.json", "{}"));
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("already", refused.Body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(Order, await File.ReadAllTextAsync(Path.Combine(Workflows, "order.json")));
    }

    [Fact]
    public async Task Save_OfMistakes_IsTold_AndTheVersionBeforeStaysActive()
    {
        await PutAsync("order", null, ("order.json", Order), ("order.ts", "export default () => 1\n"));

        var saved = await PutAsync("order", await BaseAsync("order"), ("order.ts", "export default () => {\n"));

        Assert.Equal("order.ts", Assert.Single(saved.Body["problems"]!.AsArray())!["file"]!.GetValue<string>());
        Assert.Equal("1", (await Server.RunByIdAsync("order")).Node["steps"]![0]!["output"]!.ToJsonString());
    }

    [Fact]
    public async Task TestCases_AreCheckedWithTheWorkflow_AndKeepNoVersionFromBeingActive()
    {
        const string Script = "export default () => 1\n", Cases = """{ "cases": { "large": { "trigger": "hok", "event": {}, "expect": { "steps": { "totl": {}, "total": {} } } } } }""";

        var check = await Server.PostAsync("/api/workflows/order/check", Body(new { files = new Dictionary<string, string> { ["order.json"] = Order, ["order.ts"] = Script, ["order.tests.json"] = Cases } }), 200);
        var saved = await PutAsync("order", null, ("order.json", Order), ("order.ts", Script), ("order.tests.json", Cases));

        foreach (var problems in new[] { check["problems"]!.AsArray(), saved.Body["problems"]!.AsArray() })
        {
            Assert.Equal(["/cases/large/trigger", "/cases/large/expect/steps/totl"], problems.Select(p => p!["pointer"]!.GetValue<string>()));
            Assert.Equal(["Did you mean \"hook\"?", "Did you mean \"total\"?"], problems.Select(p => p!["message"]!.GetValue<string>().Split(". ")[1]));
            Assert.All(problems, p => Assert.Equal("order.tests.json", p!["file"]!.GetValue<string>()));
        }

        Assert.Equal("1", (await Server.RunByIdAsync("order")).Node["steps"]![0]!["output"]!.ToJsonString());
    }

    [Theory]
    [InlineData("../order.json")]
    [InlineData("/etc/order.json")]
    [InlineData("other.json.txt")]
    [InlineData(".git/config.json")]
    [InlineData("node_modules/a.js")]
    [InlineData("run.sh")]
    [InlineData("another.json")]
    [InlineData("another.layout.json")]
    [InlineData("endpoints/crm.json")]
    [InlineData("a/../../b.js")]
    [InlineData("a\\b.js")]
    [InlineData("")]
    public async Task Save_WritesNothingButTheWorkflowsOwnFilesAndScripts(string path)
    {
        var refused = await PutAsync("order", null, ("order.json", Order), (path, "x"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.False(File.Exists(Path.Combine(Workflows, "order.json")));
    }

    [Theory]
    [InlineData("..%2Forder")]
    [InlineData("a b")]
    [InlineData(".hidden")]
    public async Task Save_RefusesWhatIsNoId(string id) => Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync(id, null, ("order.json", Order))).Status);

    [Fact]
    public async Task Save_DoesNotFollowALinkOutOfTheFolder()
    {
        var outside = Directory.CreateTempSubdirectory("automation-outside-").FullName;
        Directory.CreateSymbolicLink(Path.Combine(Workflows, "shop"), outside);

        var refused = await PutAsync("shop%2Forder", null, ("shop/order.json", Order));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("link", refused.Body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(outside));
    }

    [Fact]
    public async Task Delete_TakesTheWorkflow_ItsLayoutAndTests_AndLeavesScripts()
    {
        Write(("order.json", Order), ("order.ts", "export default () => 1\n"), ("order.layout.json", "{}"));
        using var deleted = await Server.Http.DeleteAsync($"/api/workflows/order/files?base={await BaseAsync("order")}");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal(["order.ts"], Directory.GetFiles(Workflows).Select(Path.GetFileName));
        Write(("order.json", Order));
        using var without = await Server.Http.DeleteAsync("/api/workflows/order/files");
        Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);
        Assert.Contains("base", await without.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commit_HoldsTheSavedFilesAlone()
    {
        Git("init", "--quiet", "--initial-branch", "main");
        Write(("unrelated.txt", "mine"), ("order.json", Order));
        Git("add", "unrelated.txt");

        var saved = await PutAsync("order", await BaseAsync("order"), "Count the total in a script", ("order.json", Order + "\n"), ("order.ts", "export default () => 1\n"));

        Assert.Equal(Git("rev-parse", "HEAD"), saved.Body["commit"]!.GetValue<string>());
        Assert.Equal("order.json\norder.ts", Git("show", "--format=", "--name-only", "HEAD"));
        Assert.Equal("Count the total in a script", Git("log", "-1", "--format=%s"));
        Assert.Equal("A  unrelated.txt", Git("status", "--porcelain"));
        var state = (await Server.GetAsync("/api/workflows/order/files"))["git"]!;
        Assert.Equal(("main", 0), (state["branch"]!.GetValue<string>(), state["changed"]!.AsArray().Count));
        Write(("order.ts", "export default () => 2\n"));
        Assert.Equal("order.ts", Assert.Single((await Server.GetAsync("/api/workflows/order/files"))["git"]!["changed"]!.AsArray())!.GetValue<string>());
    }

    [Fact]
    public async Task Commit_WithoutARepository_IsToldAndTheFilesAreWritten()
    {
        var saved = await PutAsync("order", null, "First", ("order.json", Order));
        Assert.Equal(HttpStatusCode.OK, saved.Status);
        Assert.Null(saved.Body["commit"]);
        Assert.NotEmpty(saved.Body["commitProblem"]!.GetValue<string>());
        Assert.Null((await Server.GetAsync("/api/workflows/order/files"))["git"]);
    }

    [Fact]
    public async Task Check_SaysWhatWouldBeWrong_AndWritesNothing()
    {
        var problems = (await Server.PostAsync("/api/workflows/order/check", Body(new { files = new Dictionary<string, string> { ["order.json"] = Order, ["order.ts"] = "export default () => {" } }), 200))["problems"]!.AsArray();
        Assert.Equal("order.ts", Assert.Single(problems)!["file"]!.GetValue<string>());
        Assert.Empty(Directory.GetFiles(Workflows));
    }

    [Fact]
    public async Task Evaluate_GivesTheValue_TheConsole_AndTheLineOfAnError()
    {
        var value = await EvaluateAsync(new { kind = "expression", text = "input.a + event.data.b", input = new { a = 1 }, @event = new { data = new { b = 2 } } });
        Assert.Equal("3", value["value"]!.ToJsonString());
        var module = await EvaluateAsync(new { kind = "script", file = "a.ts", text = "export default ({ input }: { input: { n: number } }) => { console.log('seen', input.n); return { twice: input.n * 2 } }", input = new { n = 4 } });
        Assert.Equal("""{"twice":8}""", module["value"]!.ToJsonString());
        Assert.Equal("seen 4", module["log"]![0]!["text"]!.GetValue<string>());
        var failed = await EvaluateAsync(new { kind = "script", text = "const a = 1\nreturn a.b.c" });
        Assert.Equal(2, failed["error"]!["line"]!.GetValue<int>());
    }

    [Fact]
    public async Task Presence_TellsWhoElseIsThere_UntilTheyAreSilent()
    {
        await NoteAsync("window-1-of-ada");
        Assert.Equal(["window-1-of-ada", "window-2-of-bob"], await NoteAsync("window-2-of-bob"));
        Time.Advance(TimeSpan.FromSeconds(20));
        await NoteAsync("window-2-of-bob");
        Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(["window-2-of-bob"], await NoteAsync("window-2-of-bob"));

        async Task<IEnumerable<string>> NoteAsync(string editor) =>
            (await Server.PostAsync("/api/workflows/order/presence", Body(new { editor }), 200))["editors"]!.AsArray().Select(who => who!["editor"]!.GetValue<string>());
    }

    [Fact]
    public async Task Stream_TellsOfChangedWorkflows_AndOfThoseThatAreGone()
    {
        using var response = await Server.Http.GetAsync("/api/workflows/stream", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal(": connected", await reader.ReadLineAsync());
        await reader.ReadLineAsync();

        var saved = await PutAsync("order", null, ("order.json", Order), ("order.ts", "export default () => 1\n"));
        Assert.Equal("event: workflow", await reader.ReadLineAsync());
        Assert.Contains("\"id\":\"order\"", await reader.ReadLineAsync(), StringComparison.Ordinal);
        await reader.ReadLineAsync();
        using var deleted = await Server.Http.DeleteAsync($"/api/workflows/order/files?base={saved.Body["base"]}");
        Assert.Equal("event: gone", await reader.ReadLineAsync());
    }

    [Theory]
    [InlineData("order.layout.json", """{"steps":{}}""")]
    [InlineData("order.tests.json", """{"tests":[]}""")]
    [InlineData("order.json", "{ \"steps\": 1 }\n")]
    public async Task Stream_TellsOfWhatADesignerMerges_ThatMakesNoVersion(string file, string text)
    {
        Write(("order.json", """{ "steps": 1 }"""));
        using var response = await Server.Http.GetAsync("/api/workflows/stream", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        await reader.ReadLineAsync();
        await reader.ReadLineAsync();

        Write((file, text));

        Assert.Equal("event: workflow", await reader.ReadLineAsync().WaitAsync(WorkflowServer.Patience));
        Assert.Contains($"\"base\":\"{await BaseAsync("order")}\"", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    private Task<JsonNode> EvaluateAsync(object body) => Server.PostAsync("/api/evaluate", Body(body), 200);
}

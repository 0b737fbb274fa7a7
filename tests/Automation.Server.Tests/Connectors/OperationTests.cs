using System.Globalization;
using Automation.Server.Connectors;
using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Connectors;

/// <summary>What operations do with fields, answers and errors, by connectors made for one test each.</summary>
public sealed class OperationTests : IClassFixture<WorkflowServer>
{
    private readonly WorkflowServer server;

    public OperationTests(WorkflowServer server)
    {
        this.server = server;
        Directory.CreateDirectory(Path.Combine(server.Folder, "workflows", "connectors"));
    }

    [Theory]
    [InlineData("''", "text must not be empty")]
    [InlineData("'x'.repeat(11)", "text must have at most 10 characters")]
    [InlineData("'b'", "text must match ^(a+)+$")]
    public async Task Run_ChecksWhatExpressionsGive_ByTheRulesOfTheField(string value, string message)
    {
        Add("ruled", """ "fields": { "text": { "help": "Text.", "required": true, "maxLength": 10, "pattern": "^(a+)+$" } }, "request": { "url": "/", "body": "${input.text}" } """);
        var run = await server.RunAsync($$$"""{ "steps": { "it": { "type": "ruled.go", "text": "${ {{{value}}} }" } } }""");

        Assert.Equal("config_invalid", run.ErrorCode);
        Assert.Contains(message, Message(run), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inline", "${input.text}")]
    [InlineData("durable", "${input.text}")]
    [InlineData("inline", "${input.text.slice(0, -1)}")]
    public async Task Run_NamesHalfOfACharacter(string mode, string body)
    {
        Add("half", $$""" "fields": { "text": { "help": "Text." } }, "request": { "url": "/", "body": { "a": "{{body}}" } } """, mode);
        var text = body.Contains("slice", StringComparison.Ordinal) ? "cut 🙂" : "${'cut 🙂'.slice(0, -1)}";
        var run = await server.RunAsync($$"""{ "steps": { "it": { "type": "half.go", "text": "{{text}}" } } }""");

        Assert.Equal("config_invalid", run.ErrorCode);
        Assert.Contains("half of a character", Message(run), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("durable", "POST")]
    [InlineData("durable", "DELETE")]
    [InlineData("inline", "POST")]
    [InlineData("inline", "GET")]
    [InlineData("inline", "DELETE")]
    public async Task Run_SendsNoBodyWhereTheRequestHasNone(string mode, string method)
    {
        var at = Add("bare", $$""" "request": { "url": "/{{mode}}{{method}}", "method": "{{method}}" } """, mode);
        await server.RunAsync("""{ "steps": { "it": { "type": "bare.go" } } }""", """{ "private": 1 }""");
        var arrived = await server.Receiver.NextAsync($"{at}/{mode}{method}");

        Assert.Equal((method, ""), (arrived.Method, arrived.Body));
        Assert.False(arrived.Headers.ContainsKey("Content-Type"));
        Assert.Equal(method is "POST" ? "0" : null, arrived.Headers.GetValueOrDefault("Content-Length"));
    }

    [Fact]
    public async Task Run_LeavesOutTheNullsOfTheTemplate_AndKeepsThoseOfTheFields()
    {
        var at = Add("nulls", """ "fields": { "a": { "help": "A." }, "values": { "type": "json", "help": "V." } }, "request": { "url": "/n", "body": { "a": "${input.a}", "in": { "a": "${input.a}" }, "list": [{ "a": "${input.a}", "b": 1 }], "values": "${input.values}" } } """);
        await server.RunAsync("""{ "steps": { "it": { "type": "nulls.go", "values": { "phone": null, "deep": { "x": null } } } } }""");

        Assert.Equal("""{"in":{},"list":[{"b":1}],"values":{"phone":null,"deep":{"x":null}}}""", (await server.Receiver.NextAsync(at + "/n")).Body);
    }

    [Fact]
    public async Task Run_KeepsTheServicesError_WhereItsWordsCannotBeRead()
    {
        var at = Add("odd", """ "request": { "url": "/e" }, "error": { "message": "${input.body.errors.map(e => e.x).join()}" } """);
        server.Receiver.On(at + "/e", 503, """{ "errors": "boom" }""");
        var run = await server.RunAsync("""{ "steps": { "it": { "type": "odd.go" } } }""");

        Assert.Equal("http_status", run.ErrorCode);
        Assert.Equal("boom", run.Node["error"]!["details"]!["body"]!["errors"]!.GetValue<string>());
        Assert.Contains(run.Log("it"), l => l.Contains("\"error\" makes no sense", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_MakesNoSecondRequest_WhereOnlyTheAnswerCannotBeRead()
    {
        var at = Add("once", """ "request": { "url": "/o" }, "answer": { "output": "${input.body.a.b.c}" } """);
        server.Receiver.On(at + "/o", 200, "{}");
        var run = await server.RunAsync("""{ "steps": { "it": { "type": "once.go", "retry": { "attempts": 3, "initial": "1ms" } } } }""");

        Assert.Equal("script_failed", run.ErrorCode);
        Assert.Equal(1, server.Receiver.Waiting(at + "/o"));
    }

    [Theory]
    [InlineData("\"yes\"", true)]
    [InlineData("1", true)]
    [InlineData("\"\"", false)]
    [InlineData("0", false)]
    [InlineData("null", false)]
    [InlineData("false", false)]
    public async Task Success_IsTrueAsInJavaScript(string ok, bool succeeds)
    {
        var at = Add("truth", """ "request": { "url": "/t" }, "answer": { "success": "${input.body.ok}" } """);
        server.Receiver.On(at + "/t", 200, $$"""{ "ok": {{ok}} }""");

        Assert.Equal(succeeds ? null : "service_error", (await server.RunAsync("""{ "steps": { "it": { "type": "truth.go" } } }""")).ErrorCode);
    }

    [Theory]
    [InlineData("90000", "86400 s")]
    [InlineData("Fri, 02 Jan 2026 03:04:45 GMT", "40 s")]
    public async Task Run_WaitsAsLongAsTheServiceAsks(string retryAfter, string pause)
    {
        var time = new ManualTime();
        await using var own = await WorkflowServer.StartAsync(time);
        Directory.CreateDirectory(Path.Combine(own.Folder, "workflows", "connectors"));
        own.Write(("connectors/busy.json", """{ "title": "Busy", "operations": { "go": { "title": "Go", "mode": "inline", "request": { "url": "RECEIVER/busy" } } } }"""));
        own.Receiver.On("/busy", (_, context) =>
        {
            context.Response.Headers.RetryAfter = retryAfter;
            return RunReceiver.WriteAsync(context, time.GetUtcNow().Second == 5 && time.GetUtcNow().Day == 2 ? 503 : 200, "");
        });
        var id = await own.AddAsync("""{ "steps": { "it": { "type": "busy.go", "retry": { "attempts": 2, "initial": "1ms" } } } }""");
        using var ends = own.Get<Server.Runs.RunFeed>().Subscribe(id)!;
        await own.RunUntilItWaitsAsync(id);
        time.Advance(TimeSpan.Parse(retryAfter.Length > 9 ? "00:00:40" : "1.00:00:00", CultureInfo.InvariantCulture));
        var run = await own.EndAsync(ends);

        Assert.Contains(run.Log("it"), l => l.EndsWith($"Next try in {pause}.", StringComparison.Ordinal));
        Assert.Equal("succeeded", run.State);
    }

    [Fact]
    public async Task GitHub_IsAskedAgain_WhenItsLimitIsOver()
    {
        var time = new ManualTime();
        await using var own = await WorkflowServer.StartAsync(time);
        Directory.CreateDirectory(Path.Combine(own.Folder, "workflows", "connectors"));
        own.Write(("connectors/github.json", BuiltInConnectors.TextOf("github")!.Replace("https://api.github.com", "RECEIVER", StringComparison.Ordinal)));
        own.SetSecret("GITHUB_TOKEN", "t");
        var until = time.GetUtcNow() + TimeSpan.FromMinutes(20);
        own.Receiver.On("/repos/o/r/issues", (_, context) =>
        {
            if (time.GetUtcNow() >= until) return RunReceiver.WriteAsync(context, 201, "{}");
            context.Response.Headers["X-RateLimit-Remaining"] = "0";
            context.Response.Headers["X-RateLimit-Reset"] = until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            context.Response.Headers.Date = time.GetUtcNow().ToString("r", CultureInfo.InvariantCulture);
            return RunReceiver.WriteAsync(context, 403, """{ "message": "API rate limit exceeded" }""");
        });
        var id = await own.AddAsync("""{ "steps": { "it": { "type": "github.createIssue", "owner": "o", "repo": "r", "title": "x", "retry": { "attempts": 2, "initial": "1ms" } } } }""");
        using var ends = own.Get<Server.Runs.RunFeed>().Subscribe(id)!;
        await own.RunUntilItWaitsAsync(id);
        time.Advance(TimeSpan.FromMinutes(20));

        Assert.Equal("succeeded", (await own.EndAsync(ends)).State);
    }

    [Fact]
    public async Task List_FollowsAddressesBelowTheHost_WithTheKeyInTheQuery_AndAnIdempotencyKeyForEachPage()
    {
        server.SetSecret("LINKS_KEY", "k1");
        var at = Add("links", """ "auth": { "type": "query", "name": "key", "value": "${connection.key}" }, "request": { "url": "/l", "query": { "size": "2" } }, "answer": { "items": "${input.body.items}", "next": "${input.body.next}" } """, credentials: """ "credentials": { "key": { "help": "Key." } }, """);
        server.Receiver.On(at + "/l", (arrival, context) => RunReceiver.WriteAsync(context, 200, arrival.Query.Contains("page=2", StringComparison.Ordinal)
            ? """{ "items": [2], "next": "http-cursor" }"""
            : arrival.Query == "?size=2&key=k1" && arrival.Key!.EndsWith("page3", StringComparison.Ordinal) ? """{ "items": [3] }""" : $$"""{ "items": [1], "next": "{{at}}/l?page=2&key=k1" }"""));
        var run = await server.RunAsync("""{ "steps": { "it": { "type": "links.go" } } }""");
        var pages = await server.Receiver.NextAsync(at + "/l", 3);

        Assert.Equal("[1,2,3]", run.Output("it"));
        Assert.Equal(["?size=2&key=k1", "?page=2&key=k1", "?size=2&key=k1"], pages.Select(p => p.Query));
        Assert.Equal(3, pages.Select(p => p.Key).Distinct().Count());
    }

    [Theory]
    [InlineData("""{ "items": [1], "next": "same" }""", "named before")]
    [InlineData("""{ "items": [1], "next": "//127.0.0.2/x" }""", "another host")]
    [InlineData("""{ "items": { "a": 1 } }""", "no list")]
    [InlineData("{}", "no list")]
    public async Task List_FailsWhereTheAnswersMakeNone(string answer, string message)
    {
        var at = Add("rings", """ "request": { "url": "/r", "method": "GET" }, "answer": { "items": "${input.body.items}", "next": "${input.body.next}" } """);
        server.Receiver.On(at + "/r", 200, answer);
        var run = await server.RunAsync("""{ "steps": { "it": { "type": "rings.go" } } }""");

        Assert.Equal("service_error", run.ErrorCode);
        Assert.Contains(message, Message(run), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_SaysThatThereIsMore()
    {
        var at = Add("many", """ "request": { "url": "/m", "method": "GET", "query": { "n": "${input.next}" } }, "answer": { "maxPages": 2, "items": "${[1]}", "next": "${input.body.next}" } """);
        server.Receiver.On(at + "/m", (arrival, context) => RunReceiver.WriteAsync(context, 200, $$"""{ "next": "{{arrival.Query}}x" }"""));
        var run = await server.RunAsync("""{ "steps": { "it": { "type": "many.go" } } }""");

        Assert.Equal("[1,1]", run.Output("it"));
        Assert.Contains(run.Log("it"), l => l.Contains("more pages than the 2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_ReadsAnAnswerAsLargeAsTheConnectorSays()
    {
        var at = Add("large", """ "fields": { "how": { "help": "H." } }, "request": { "url": "/x" } """);
        Add("larger", """ "request": { "url": "/x", "maxResponse": "4MB" } """, at: at);
        server.Receiver.On(at + "/x", 200, $"[\"{new string('x', 2 << 20)}\"]");
        var refused = await server.RunAsync("""{ "steps": { "it": { "type": "large.go" } } }""");

        Assert.Equal("response_too_large", refused.ErrorCode);
        Assert.Contains("larger than 1MB; ask for less, or have its connector say \"maxResponse\"", Message(refused), StringComparison.Ordinal);
        Assert.Equal("succeeded", (await server.RunAsync("""{ "steps": { "it": { "type": "larger.go" } }, "output": null }""")).State);
    }

    [Fact]
    public async Task Run_RefusesBackslashesThatLeadOutOfThePath()
    {
        Add("slash", """ "fields": { "p": { "help": "P." } }, "request": { "url": "/deep/${input.p + encodeURIComponent('')}" } """);

        Assert.Equal("config_invalid", (await server.RunAsync("""{ "steps": { "it": { "type": "slash.go", "p": "..\\..\\admin" } } }""")).ErrorCode);
    }

    private static string Message(Run run) => run.Node["error"]!["message"]!.GetValue<string>();

    /// <summary>Makes a connector of one operation, <c>go</c>, and returns the path that its addresses are below.</summary>
    private string Add(string name, string operation, string mode = "inline", string credentials = "", string? at = null)
    {
        server.Write(($"connectors/{name}.json", $$"""{ "title": "{{name}}", {{credentials}} "baseUrl": "RECEIVER{{at ?? "/" + name}}", "operations": { "go": { "title": "Go", "mode": "{{mode}}", {{operation}} } } }"""));
        return at ?? "/" + name;
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Automation.Server.Steps;
using Automation.Server.Tests.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Api;

public sealed class WorkflowsApiTests : ApiTest
{
    private static readonly Problem Mistake = new("shop/new-order.json", "/steps/a/url", "The address is missing. Write \"url\".", 3, 7);

    [Fact]
    public async Task List_HasEveryWorkflow_ById()
    {
        Server.AddWorkflow("shop/new-order", enabled: false, problems: [Mistake]);
        Server.AddWorkflow("alert");

        var items = (await Server.GetAsync("/api/workflows"))["items"]!.AsArray();

        Assert.Equal(["alert", "shop/new-order"], items.Select(w => w!["id"]!.GetValue<string>()));
        Assert.Equal("The shop/new-order", items[1]!["name"]!.GetValue<string>());
        Assert.False(items[1]!["enabled"]!.GetValue<bool>());
        Assert.Equal(1, items[1]!["problemCount"]!.GetValue<int>());
        Assert.Equal("0123456789abcdef", items[1]!["version"]!.GetValue<string>());
        Assert.Equal("""[{"id":"hook","type":"webhook"}]""", items[1]!["triggers"]!.ToJsonString());
    }

    [Theory]
    [InlineData("shop%2Fnew-order")]
    [InlineData("shop%2fnew-order")]
    public async Task Get_TakesAnIdWithASlash(string id)
    {
        Server.AddWorkflow("shop/new-order", problems: [Mistake]);

        var workflow = await Server.GetAsync("/api/workflows/" + id);

        Assert.Equal("shop/new-order", workflow["id"]!.GetValue<string>());
        Assert.Equal("1 < 2", workflow["document"]!["steps"]!["a"]!["code"]!.GetValue<string>());
        Assert.Equal("export default 1", workflow["files"]!["a.ts"]!.GetValue<string>());
        Assert.Equal("/steps/a/url", workflow["problems"]![0]!["pointer"]!.GetValue<string>());
        Assert.Equal(3, workflow["problems"]![0]!["line"]!.GetValue<int>());
    }

    [Fact]
    public async Task Get_ShowsAWorkflowThatNeverLoaded()
    {
        Server.AddWorkflow("broken", problems: [Mistake], loaded: false);

        var workflow = await Server.GetAsync("/api/workflows/broken");

        Assert.Null(workflow["document"]);
        Assert.Null(workflow["version"]);
        Assert.Equal("broken", workflow["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task Problems_AreListed_ForAllAndForOne()
    {
        Server.AddWorkflow("shop/new-order", problems: [Mistake]);
        Server.AddWorkflow("alert");

        var all = await Server.GetAsync("/api/workflows/problems");
        var one = await Server.GetAsync("/api/workflows/alert/problems");

        Assert.Equal("shop/new-order", Assert.Single(all["items"]!.AsArray())!["workflow"]!.GetValue<string>());
        Assert.Empty(one["problems"]!.AsArray());
    }

    [Theory]
    [InlineData("GET", "/api/workflows/nothing")]
    [InlineData("GET", "/api/workflows/nothing/problems")]
    [InlineData("GET", "/api/workflows/nothing/versions/v1")]
    [InlineData("POST", "/api/workflows/nothing/enable")]
    [InlineData("POST", "/api/workflows/nothing/disable")]
    [InlineData("POST", "/api/workflows/nothing/run")]
    public async Task UnknownWorkflow_Is404(string method, string path)
    {
        var response = await Server.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Contains("nothing", (await ApiServer.ReadAsync(response, 404))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_IsTheStoredOne()
    {
        await Server.CommitAsync(Sample.Version(workflow: "shop/new-order", hash: "old"), Sample.Version(workflow: "shop/new-order", hash: "new"));

        var version = await Server.GetAsync("/api/workflows/shop%2Fnew-order/versions/old");

        Assert.Equal("""{"steps":{}}""", version["document"]!.ToJsonString());
        Assert.Equal("export default 1", version["files"]!["a.ts"]!.GetValue<string>());
    }

    [Fact]
    public async Task DisableAndEnable_SwitchTheWorkflow()
    {
        Server.AddWorkflow("shop/new-order");

        Assert.False((await Server.PostAsync("/api/workflows/shop%2Fnew-order/disable", 200))["enabled"]!.GetValue<bool>());
        Assert.False(Server.Workflows.Workflows["shop/new-order"].Enabled);
        Assert.True((await Server.PostAsync("/api/workflows/shop%2Fnew-order/enable", 200))["enabled"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Run_StoresAManualEvent()
    {
        Server.AddWorkflow("alert");

        var started = await Server.PostAsync("/api/workflows/alert/run", 202, """{"celsius": 9}""");

        var stored = await Server.GetAsync("/api/events/" + started["eventId"]!.GetValue<string>());
        Assert.Equal("manual", stored["trigger"]!.GetValue<string>());
        Assert.Equal("manual.run", stored["type"]!.GetValue<string>());
        Assert.Equal("/api", stored["source"]!.GetValue<string>());
        Assert.Equal("manual.run", stored["attributes"]!["type"]!.GetValue<string>());
        Assert.Equal(stored["id"]!.GetValue<string>(), stored["attributes"]!["id"]!.GetValue<string>());
        Assert.Equal(started["runId"]!.GetValue<string>(), stored["runs"]![0]!["id"]!.GetValue<string>());
        Assert.Equal("""{"celsius": 9}""", await Server.Client.GetStringAsync(new Uri($"/api/events/{started["eventId"]}/body", UriKind.Relative)));
    }

    [Theory]
    [InlineData("", "manual")]
    [InlineData("?trigger=hook", "hook")]
    public async Task Run_BeginsWithTheNamedTrigger(string query, string trigger)
    {
        Server.AddWorkflow("alert", triggers: [("hook", "webhook")]);

        var started = await Server.PostAsync("/api/workflows/alert/run" + query, 202, "1");

        Assert.Equal(trigger, (await Server.GetAsync("/api/runs/" + started["runId"]!.GetValue<string>()))["trigger"]!.GetValue<string>());
    }

    [Fact]
    public async Task Run_PrefersTheManualTrigger()
    {
        Server.AddWorkflow("alert", triggers: [("hook", "webhook"), ("by-hand", "manual")]);

        var started = await Server.PostAsync("/api/workflows/alert/run", 202);

        Assert.Equal("by-hand", (await Server.GetAsync("/api/runs/" + started["runId"]!.GetValue<string>()))["trigger"]!.GetValue<string>());
    }

    [Fact]
    public async Task Run_AnswersTheResult_WhenWaitedFor()
    {
        Server.AddWorkflow("alert", enabled: false);

        var ended = await Server.PostAsync("/api/workflows/alert/run?wait=30s", 200, "{}");

        Assert.Equal("succeeded", ended["state"]!.GetValue<string>());
        Assert.Equal(3, ended["output"]!["sum"]!.GetValue<int>());
        Assert.Null(ended["error"]);
    }

    [Fact]
    public async Task Run_AnswersTheFailure_WhenWaitedFor()
    {
        Server.AddWorkflow("alert");
        Server.Accept = (_, answer) =>
        {
            answer!.SetResult(new RunAnswer(7, new ResponseToCaller(418, new Dictionary<string, string>(), null, default), Json.Null, "slack", new StepError("timed_out", "It was late.")));
            return ValueTask.FromResult(new IntakeResult(IntakeOutcome.Accepted, [7]));
        };

        var ended = await Server.PostAsync("/api/workflows/alert/run?wait=30s", 200, "{}");

        Assert.Equal("failed", ended["state"]!.GetValue<string>());
        Assert.Equal("slack", ended["failedStep"]!.GetValue<string>());
        Assert.Equal("timed_out", ended["error"]!["code"]!.GetValue<string>());
        Assert.Equal(418, ended["response"]!["status"]!.GetValue<int>());
    }

    [Fact]
    public async Task Run_Answers202_WhenTheWaitIsOver()
    {
        Server.AddWorkflow("alert");
        var accepted = new TaskCompletionSource();
        Server.Accept = (_, _) =>
        {
            accepted.SetResult();
            return ValueTask.FromResult(new IntakeResult(IntakeOutcome.Accepted, [7]));
        };

        var waiting = Server.PostAsync("/api/workflows/alert/run?wait=30s", 202, "{}");
        await accepted.Task;
        while (!waiting.IsCompleted)
        {
            Server.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(waiting, Task.Run(() => { }));
        }

        Assert.Equal(RunId(7), (await waiting)["runId"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("?trigger=nope", "{}", "hook")]
    [InlineData("?wait=soon", "{}", "wait")]
    [InlineData("?wait=6m", "{}", "5m")]
    [InlineData("?wiat=5s", "{}", "wiat")]
    [InlineData("", "{\n  oops", "line 2")]
    [InlineData("", "{} {}", "not JSON")]
    public async Task Run_RefusesBadInput(string query, string body, string named)
    {
        Server.AddWorkflow("alert");

        var problem = await Server.PostAsync("/api/workflows/alert/run" + query, 400, body);

        Assert.Contains(named, problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RefusesABodyThatIsTooLarge()
    {
        Server.AddWorkflow("alert");

        var problem = await Server.PostAsync("/api/workflows/alert/run", 413, "\"" + new string('x', 1 << 20) + "\"");

        Assert.Contains("larger", problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OfAWorkflowThatNeverLoaded_Is409()
    {
        Server.AddWorkflow("broken", problems: [Mistake], loaded: false);

        await Server.PostAsync("/api/workflows/broken/run", 409);
    }

    [Fact]
    public async Task Run_TakesAFormContentType_AsJson()
    {
        Server.AddWorkflow("alert");

        var response = await Server.Client.PostAsync(new Uri("/api/workflows/alert/run", UriKind.Relative), new StringContent("{}", Encoding.UTF8, "application/x-www-form-urlencoded"));

        await ApiServer.ReadAsync(response, 202);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_Answers503_WhenIntakeRefuses(bool busy)
    {
        Server.AddWorkflow("alert");
        Server.Accept = (_, _) => ValueTask.FromResult(new IntakeResult(busy ? IntakeOutcome.Busy : IntakeOutcome.Unavailable, []));

        var response = await Server.Client.PostAsync(new Uri("/api/workflows/alert/run", UriKind.Relative), null);

        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        await ApiServer.ReadAsync(response, 503);
    }

    [Fact]
    public async Task Catalogue_IsServed()
    {
        var step = Assert.Single((await Server.GetAsync("/api/step-types"))["items"]!.AsArray())!;
        var trigger = Assert.Single((await Server.GetAsync("/api/trigger-types"))["items"]!.AsArray())!;
        JsonNode schema = await Server.GetAsync("/api/schema");

        Assert.Equal("webhook.send", step["type"]!.GetValue<string>());
        Assert.Equal("object", step["schema"]!["type"]!.GetValue<string>());
        Assert.Equal("Webhook", trigger["title"]!.GetValue<string>());
        Assert.StartsWith("https://json-schema.org", schema["$schema"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}

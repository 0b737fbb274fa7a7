using Automation.Server.Storage;
using Automation.Server.Tests.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Tests.Api;

public sealed class RunsApiTests : ApiTest
{
    [Theory]
    [InlineData("", 5, 4, 3, 2, 1)]
    [InlineData("state=pending", 1)]
    [InlineData("state=running", 3, 2)]
    [InlineData("state=succeeded", 4)]
    [InlineData("state=failed", 5)]
    [InlineData("state=cancelled")]
    [InlineData("workflow=alert", 4)]
    [InlineData("limit=1&before=run_0000000000003", 2)]
    public async Task List_IsFiltered(string query, params int[] expected)
    {
        await Server.CommitAsync(
            new EventAccepted(Sample.Event(100), 5),
            Sample.Run(1, 100, held: false),
            Sample.Run(2, 100, held: true),
            Sample.Run(3, 100), new RunSaved(3, 1, Sample.Time, Json.Parse("{}"), Json.Parse("[]")),
            Sample.Run(4, 100, workflow: "alert"), Sample.Ended(4, 100),
            Sample.Run(5, 100), Sample.Ended(5, 100, "failed", failedStep: "slack", error: """{"code":"timed_out","message":"Late.","details":{"status":503}}"""));

        Assert.Equal(expected.Select(id => RunId(id)), await IdsAsync("/api/runs?" + query));
    }

    [Fact]
    public async Task List_ShowsWhyARunFailed()
    {
        await Server.CommitAsync(
            new EventAccepted(Sample.Event(100), 1),
            Sample.Run(5, 100), Sample.Ended(5, 100, "failed", failedStep: "slack", error: """{"code":"timed_out","message":"Late.","details":{"status":503}}"""));

        var run = (await Server.GetAsync("/api/runs"))["items"]![0]!;

        Assert.Equal("failed", run["state"]!.GetValue<string>());
        Assert.Equal("slack", run["failedStep"]!.GetValue<string>());
        Assert.Equal("timed_out", run["error"]!["code"]!.GetValue<string>());
        Assert.Equal(503, run["error"]!["details"]!["status"]!.GetValue<int>());
        Assert.Equal(EventId(100), run["eventId"]!.GetValue<string>());
        Assert.Equal(Sample.Time.AddSeconds(2), run["endedAt"]!.GetValue<DateTimeOffset>());
    }

    [Theory]
    [InlineData("state=done", "state", "succeeded")]
    [InlineData("before=evt_0000000000001", "before", "run_")]
    [InlineData("status=failed", "status", "state")]
    public async Task BadFilter_IsNamed(string query, string name, string allowed)
    {
        var problem = await Server.GetAsync("/api/runs?" + query, 400);

        Assert.Contains(allowed, problem["errors"]![name]![0]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_PutsTheTraceTogether_FromSavesAndTheEnd()
    {
        var at = Sample.Time.ToUnixTimeMilliseconds();
        await Server.CommitAsync(new EventAccepted(Sample.Event(1, body: """{"celsius":9}"""), 1), Sample.Run(2, 1));
        await Server.CommitAsync(new RunSaved(2, 1, Sample.Time, Json.Parse("{}"), Json.Parse($$$"""
            [{"n":1,"step":"warm","type":"threshold","from":null,"at":{{{at}}},"durationUs":1500,"attempts":1,"outcome":"raised","output":{"t":9},"log":[{"level":"info","text":"hot"}]}]
            """)));
        await Server.CommitAsync(new RunSaved(2, 1, Sample.Time, Json.Parse("{}"), Json.Parse("[]")));
        await Server.CommitAsync(
            Sample.Ended(2, 1, "failed", failedStep: "slack", error: """{"code":"receiver_refused","message":"No."}""", stepRuns: $$$"""
            [{"n":2,"step":"slack","type":"webhook.send","from":1,"iteration":"3","at":{{{at + 5}}},"durationUs":20,"attempts":2,"outcome":"error","output":null,"error":{"code":"receiver_refused","message":"No."}}]
            """),
            new DeliveryQueued(Sample.Delivery(9, runId: 2), Held: false));

        var run = await Server.GetAsync("/api/runs/" + RunId(2));
        var steps = run["steps"]!.AsArray();

        Assert.Equal(["warm", "slack"], steps.Select(s => s!["step"]!.GetValue<string>()));
        Assert.Equal(EventData.Parse("application/json", """{"celsius":9}"""u8.ToArray()).ToString(), steps[0]!["input"]?.ToJsonString() ?? "null");
        Assert.Equal("""{"t":9}""", steps[0]!["output"]!.ToJsonString());
        Assert.Equal("raised", steps[0]!["outcome"]!.GetValue<string>());
        Assert.Equal("hot", steps[0]!["log"]![0]!["text"]!.GetValue<string>());
        Assert.Equal(1.5, steps[0]!["durationMs"]!.GetValue<double>());
        Assert.Equal(Sample.Time, steps[0]!["startedAt"]!.GetValue<DateTimeOffset>());
        Assert.Equal("", steps[0]!["iteration"]!.GetValue<string>());
        Assert.Equal("""{"t":9}""", steps[1]!["input"]!.ToJsonString());
        Assert.Equal("3", steps[1]!["iteration"]!.GetValue<string>());
        Assert.Equal(2, steps[1]!["attempts"]!.GetValue<int>());
        Assert.Equal("receiver_refused", steps[1]!["error"]!["code"]!.GetValue<string>());
        Assert.Equal(EventId(1), run["event"]!["id"]!.GetValue<string>());
        Assert.Equal(DeliveryId(9), run["deliveries"]![0]!["id"]!.GetValue<string>());
        Assert.Equal("v1", run["version"]!.GetValue<string>());
        Assert.Null(run["summary"]);
    }

    [Fact]
    public async Task Get_OfARunThatHasNotBegun_HasNoSteps()
    {
        await Server.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1, held: false));

        var run = await Server.GetAsync("/api/runs/" + RunId(2));

        Assert.Equal("pending", run["state"]!.GetValue<string>());
        Assert.Empty(run["steps"]!.AsArray());
    }

    [Theory]
    [InlineData("run_0000000000001", 404)]
    [InlineData("evt_0000000000001", 400)]
    [InlineData("1", 400)]
    public async Task UnknownOrBadId_IsNamed(string id, int status)
    {
        var problem = await Server.GetAsync("/api/runs/" + id, status);

        Assert.Contains(id, problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}

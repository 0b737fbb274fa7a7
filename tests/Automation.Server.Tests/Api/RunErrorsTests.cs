using Automation.Server.Api;
using Automation.Server.Storage;
using Automation.Server.Tests.Storage;

namespace Automation.Server.Tests.Api;

public sealed class RunErrorsTests : ApiTest
{
    [Fact]
    public async Task FailedRuns_ArePutTogether_ByWorkflowStepCodeAndMessage_TheMostFrequentFirst()
    {
        await Server.CommitAsync(new EventAccepted(Sample.Event(100), 6));
        await FailAsync(1, "send", "http_status", "The receiver answered 503 to order 4711 of run_0f9k2m7q4x3aw.");
        await FailAsync(2, "send", "http_status", "The receiver answered 503 to order 4712 of run_0f9k2m7q4x3bw.");
        await FailAsync(3, "send", "http_status", "The receiver answered 404 to order 4713 of run_0f9k2m7q4x3cw.");
        await FailAsync(4, "other", "http_status", "The receiver answered 503 to order 4711 of run_0f9k2m7q4x3aw.");
        await FailAsync(5, "send", "http_status", "The receiver answered 503 to order 4711 of run_0f9k2m7q4x3aw.", "alert");
        await Server.CommitAsync(Sample.Run(6, 100), Sample.Ended(6, 100));

        var answer = await Server.GetAsync("/api/runs/errors");
        var groups = answer["items"]!.AsArray();

        Assert.Equal([2, 1, 1, 1], groups.Select(g => g!["count"]!.GetValue<int>()));
        Assert.Equal("The receiver answered 503 to order … of ….", groups[0]!["message"]!.GetValue<string>());
        Assert.Equal("The receiver answered 503 to order 4712 of run_0f9k2m7q4x3bw.", groups[0]!["lastMessage"]!.GetValue<string>());
        Assert.Equal(RunId(2), groups[0]!["lastRun"]!.GetValue<string>());
        Assert.Equal(("orders", "send", "http_status"), (groups[0]!["workflow"]!.GetValue<string>(), groups[0]!["step"]!.GetValue<string>(), groups[0]!["code"]!.GetValue<string>()));
        Assert.Equal(Sample.Time.AddSeconds(2), groups[0]!["lastAt"]!.GetValue<DateTimeOffset>());
        Assert.Equal(5, answer["looked"]!.GetValue<int>());
        Assert.Null(answer["lookedBackTo"]);
        Assert.Equal("alert", Assert.Single((await Server.GetAsync("/api/runs/errors?workflow=alert"))["items"]!.AsArray())!["workflow"]!.GetValue<string>());
        Assert.Empty((await Server.GetAsync("/api/runs/errors?since=1s"))["items"]!.AsArray());
    }

    [Fact]
    public async Task RetryOfAGroup_TakesItsRuns_AndNoOthersOfTheCode()
    {
        await Server.CommitAsync(new EventAccepted(Sample.Event(100), 5));
        await FailAsync(1, "send", "http_status", "The receiver answered 503 to order 4711.");
        await FailAsync(2, "send", "http_status", "The receiver answered 404 to order 4711.");
        await FailAsync(3, "send", "http_status", "The receiver answered 503 to order 4712.");
        await Server.CommitAsync(Sample.Run(4, 100), Sample.Ended(4, 100, "failed", error: """{"code":"http_status","message":"The receiver answered 503 to order 4711."}"""));

        var message = Uri.EscapeDataString("The receiver answered 503 to order ….");
        async Task<string[]> RunsAsync(string query) => [.. (await Server.PostAsync($"/api/runs/retry?dryRun=true&errorCode=http_status&message={message}&{query}", 200))["runs"]!.AsArray().Select(run => run!.GetValue<string>())];
        Assert.Equal([RunId(1), RunId(3)], await RunsAsync("failedStep=send"));
        Assert.Equal([RunId(4)], await RunsAsync("failedStep="));
        Assert.Equal(3, (await Server.PostAsync($"/api/runs/retry?dryRun=true&limit=1&message={message}", 200))["matching"]!.GetValue<int>());
    }

    [Fact]
    public async Task Groups_ArePaged_WithoutThoseThatComeMeanwhile()
    {
        await Server.CommitAsync(new EventAccepted(Sample.Event(100), 4));
        await FailAsync(1, "a", "x", "One.");
        await FailAsync(2, "b", "x", "One.");
        await FailAsync(3, "b", "x", "One.");
        var first = await Server.GetAsync("/api/runs/errors?limit=1");
        Server.Time.Advance(TimeSpan.FromSeconds(1));
        await FailAsync(Server.Ids.Next(), "c", "x", "One.");

        var second = await Server.GetAsync(first["next"]!.GetValue<string>());

        Assert.Equal("b", Assert.Single(first["items"]!.AsArray())!["step"]!.GetValue<string>());
        Assert.Equal("a", Assert.Single(second["items"]!.AsArray())!["step"]!.GetValue<string>());
        Assert.Null(second["next"]);
    }

    [Fact]
    public async Task RunWithoutError_AndOneWithLargeDetails_AreGroupsToo()
    {
        await Server.CommitAsync(new EventAccepted(Sample.Event(100), 2));
        await Server.CommitAsync(Sample.Run(1, 100), Sample.Ended(1, 100, "failed"));
        await Server.CommitAsync(Sample.Run(2, 100), Sample.Ended(2, 100, "failed", failedStep: "send", error: $$"""{"code":"http_status","message":"Late.","details":"{{new string('x', 100_000)}}"}"""));

        var groups = (await Server.GetAsync("/api/runs/errors"))["items"]!.AsArray();

        Assert.Equal([("http_status", "Late."), ("", "")], groups.Select(g => (g!["code"]!.GetValue<string>(), g["message"]!.GetValue<string>())));
    }

    [Theory]
    [InlineData("since=yesterday", "since")]
    [InlineData("limit=0", "limit")]
    [InlineData("skip=-1", "skip")]
    [InlineData("skip=99999999999", "skip")]
    [InlineData("state=failed", "state")]
    public async Task BadParameter_IsNamed(string query, string parameter) =>
        Assert.Contains(parameter, (await Server.GetAsync("/api/runs/errors?" + query, 400))["errors"]!.AsObject().Select(e => e.Key));

    [Theory]
    [InlineData("Took 12.5 s, not 10 s.", "Took … s, not … s.")]
    [InlineData("At 2026-11-22T08:00:12.123Z.", "At ….")]
    [InlineData("No order 0198a1c2-77aa-7def-8123-0123456789ab here.", "No order … here.")]
    [InlineData("utf8 of http2 answered 404, and 600.", "utf8 of http2 answered 404, and ….")]
    [InlineData("At -12 °C, device dev-4711x.", "At … °C, device ….")]
    [InlineData("1,2,3", "…")]
    [InlineData("", "")]
    public void Folded_LeavesOutNumbersAndIds(string message, string folded) => Assert.Equal(folded, ErrorHead.Folded(message));

    [Theory]
    [InlineData(null, "", "")]
    [InlineData("{}", "", "")]
    [InlineData("""{"code":"a","message":"b \" c","line":1}""", "a", "b \" c")]
    [InlineData("""{"code":"a","message":"never en""", "a", "")]
    [InlineData("""{"details":{"code":"inner"},"code":"a"}""", "a", "")]
    public void Of_ReadsTheBeginningOfAnError(string? json, string code, string message) => Assert.Equal(new ErrorHead(code, message), ErrorHead.Of(json));

    private Task FailAsync(long id, string step, string code, string message, string workflow = "orders") =>
        Server.CommitAsync(Sample.Run(id, 100, workflow: workflow), Sample.Ended(id, 100, "failed", failedStep: step, error: $$"""{"code":"{{code}}","message":"{{message}}"}"""));
}

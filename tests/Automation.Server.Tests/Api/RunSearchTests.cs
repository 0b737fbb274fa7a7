using Automation.Server.Api;
using Automation.Server.Storage;
using Automation.Server.Tests.Storage;

namespace Automation.Server.Tests.Api;

public sealed class RunSearchTests : ApiTest
{
    [Theory]
    [InlineData("run_0000000000001", 1)]
    [InlineData("evt_000000000006b", 3)]
    [InlineData("dlv_0000000000009", 2)]
    [InlineData("run_0000000000zzz")]
    [InlineData("ORDERS", 3, 1)]
    [InlineData("cold-room-7", 2)]
    [InlineData("timed_out", 3)]
    [InlineData("did not answer", 3)]
    [InlineData("slack", 3)]
    [InlineData("anna@example.com", 3)]
    [InlineData("ÜBER", 2)]
    [InlineData("100%", 1)]
    [InlineData("1_0")]
    [InlineData("%")]
    [InlineData("_", 3)]
    [InlineData("'")]
    [InlineData("\"")]
    [InlineData("'; DROP TABLE runs; --")]
    [InlineData("\\")]
    [InlineData("  cold-room-7  ", 2)]
    public async Task Search_LooksAtIdsKeyWorkflowErrorAndData(string text, params int[] expected)
    {
        await StoreAsync();

        if (text is "%") expected = [1];
        if (text is "\"") expected = [3, 2];
        Assert.Equal(expected.Select(id => RunId(id)), await IdsAsync("/api/runs?search=" + Uri.EscapeDataString(text)));
    }

    [Fact]
    public async Task Search_GoesTogetherWithTheOtherFilters_AndIsPaged()
    {
        await StoreAsync();

        Assert.Equal([RunId(1)], await IdsAsync("/api/runs?search=orders&state=pending"));
        var first = await Server.GetAsync("/api/runs?search=orders&limit=1");
        Assert.Equal(RunId(3), Assert.Single(first["items"]!.AsArray())!["id"]!.GetValue<string>());
        Assert.Equal(1, first["searched"]!.GetValue<int>());
        var second = await Server.GetAsync(first["next"]!.GetValue<string>());
        Assert.Equal(RunId(1), Assert.Single(second["items"]!.AsArray())!["id"]!.GetValue<string>());
        Assert.Null(second["next"]);
        Assert.Null((await Server.GetAsync("/api/runs"))["searched"]);
    }

    [Fact]
    public async Task Search_EndsAfterSoManyRuns_AndGoesOnFromThere()
    {
        const int Runs = RunSearch.LookedAtMost + 2;
        await Server.CommitAsync([new EventAccepted(Sample.Event(1_000_000), Runs), .. Enumerable.Range(1, Runs).Select(id => Sample.Run(id, 1_000_000, workflow: id == 1 ? "needle" : "hay", held: false))]);

        var first = await Server.GetAsync("/api/runs?search=needle");
        var second = await Server.GetAsync(first["next"]!.GetValue<string>());

        Assert.Empty(first["items"]!.AsArray());
        Assert.Equal(RunSearch.LookedAtMost, first["searched"]!.GetValue<int>());
        Assert.Equal(RunId(1), Assert.Single(second["items"]!.AsArray())!["id"]!.GetValue<string>());
        Assert.Null(second["next"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(201)]
    [InlineData(5_000)]
    public async Task TooShortOrTooLong_IsRefused(int length) =>
        Assert.Contains("search", (await Server.GetAsync("/api/runs?search=" + new string('a', length), 400))["errors"]!.AsObject().Select(e => e.Key));

    [Fact]
    public async Task TextOf10Kilobytes_IsRefused()
    {
        using var answer = await Server.Client.GetAsync(new Uri("/api/runs?search=" + new string('a', 10_000), UriKind.Relative));

        Assert.Equal(414, (int)answer.StatusCode);
    }

    private async Task StoreAsync()
    {
        await Server.CommitAsync(new EventAccepted(Sample.Event(200, body: """100% of it"""), 1), Sample.Run(1, 200, held: false));
        await Server.CommitAsync(new EventAccepted(Sample.Event(201, body: """{"über":1}"""), 1), Sample.Run(2, 201, workflow: "alert") with { Key = "cold-room-7" }, new DeliveryQueued(Sample.Delivery(9, runId: 2), Held: false));
        await Server.CommitAsync(
            new EventAccepted(Sample.Event(203, body: """{"mail":"Anna@Example.com"}"""), 1), Sample.Run(3, 203),
            Sample.Ended(3, 203, "failed", failedStep: "slack", error: """{"code":"timed_out","message":"It did not answer.","details":{"status":503}}"""));
    }
}

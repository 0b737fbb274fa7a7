using Automation.Server.Runs;
using Automation.Server.Tests.Storage;

namespace Automation.Server.Tests.Api;

public sealed class RunStreamTests : ApiTest
{
    [Fact]
    public async Task Stream_TellsOfRuns()
    {
        using var reader = await OpenAsync("");

        Server.Feed.Publish(7, "alert", "running", Sample.Time);
        Server.Feed.Publish(7, "alert", "failed", Sample.Time.AddSeconds(1));

        Assert.Equal("event: run", await reader.ReadLineAsync());
        Assert.Equal($$"""data: {"id":"{{RunId(7)}}","workflow":"alert","state":"running","at":"2026-01-02T03:04:05+00:00"}""", await reader.ReadLineAsync());
        Assert.Equal("", await reader.ReadLineAsync());
        Assert.Equal("event: run", await reader.ReadLineAsync());
        Assert.Contains("failed", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_IsOfOneWorkflow_WhenAsked()
    {
        using var reader = await OpenAsync("?workflow=alert");

        Server.Feed.Publish(6, "orders", "running", Sample.Time);
        Server.Feed.Publish(7, "alert", "running", Sample.Time);

        await reader.ReadLineAsync();
        Assert.Contains(RunId(7), await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_BeatsEvery15Seconds()
    {
        using var reader = await OpenAsync("");

        Server.Time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(": still here", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Stream_Ends_WhenItsTokenIsDeleted()
    {
        var made = await Server.PostAsync("/api/tokens", 200, """{"name":"screen","role":"viewer"}""");
        await Server.PostAsync("/api/tokens", 200, """{"name":"other","role":"viewer"}""");
        using var client = Server.NewClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", made["token"]!.GetValue<string>());
        using var reader = new StreamReader(await client.GetStreamAsync(new Uri("/api/runs/stream", UriKind.Relative)));
        Assert.Equal(": connected", await reader.ReadLineAsync());
        await reader.ReadLineAsync();

        using (await Server.Client.DeleteAsync(new Uri("/api/tokens/" + made["about"]!["id"], UriKind.Relative)))
        {
        }

        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Stream_Ends_WhenItsTokenExpires()
    {
        var made = await Server.PostAsync("/api/tokens", 200, """{"name":"screen","role":"viewer","expiresIn":"20s"}""");
        using var client = Server.NewClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", made["token"]!.GetValue<string>());
        using var reader = new StreamReader(await client.GetStreamAsync(new Uri("/api/runs/stream", UriKind.Relative)));
        Assert.Equal(": connected", await reader.ReadLineAsync());
        await reader.ReadLineAsync();

        Server.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(": still here", await reader.ReadLineAsync());
        await reader.ReadLineAsync();
        Server.Time.Advance(TimeSpan.FromSeconds(15));

        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Stream_Ends_WhenTheServerStops()
    {
        using var reader = await OpenAsync("");

        Server.Stop();

        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public void SlowListener_KeepsTheNewest_AndLearnsHowManyItLost()
    {
        using var slow = Server.Feed.Subscribe()!;

        for (var run = 1; run <= RunSubscription.Capacity + 3; run++) Server.Feed.Publish(run, "alert", "running", Sample.Time);

        Assert.Equal(3, slow.TakeDropped());
        Assert.Equal(0, slow.TakeDropped());
        Assert.True(slow.Unread.TryRead(out var first));
        Assert.Equal(4, first.RunId);
    }

    [Fact]
    public void Listeners_AreLimited()
    {
        using var first = Server.Feed.Subscribe(limit: 1);

        Assert.Null(Server.Feed.Subscribe(limit: 1));
        first!.Dispose();
        using var second = Server.Feed.Subscribe(limit: 1);
        Assert.NotNull(second);
    }

    [Fact]
    public void Publishing_AllocatesNothing_WhenNobodyListens()
    {
        Server.Feed.Publish(1, "alert", "running", Sample.Time);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++) Server.Feed.Publish(1, "alert", "running", Sample.Time);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private async Task<StreamReader> OpenAsync(string query)
    {
        var response = await Server.Client.GetAsync(new Uri("/api/runs/stream" + query, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal(": connected", await reader.ReadLineAsync());
        Assert.Equal("", await reader.ReadLineAsync());
        return reader;
    }
}

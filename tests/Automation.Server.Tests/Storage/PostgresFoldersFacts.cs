using Automation.Server.Tests.Endpoints;
using Automation.Server.Tests.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Storage;

/// <summary>Two servers on one PostgreSQL whose workflow folders differ, as in the middle of a rolling deploy.</summary>
public sealed class PostgresFoldersFacts : IAsyncLifetime
{
    private readonly TestDatabase.OfPostgres database = new();
    private readonly ManualTime time = new();
    private WorkflowServer first = null!;
    private WorkflowServer second = null!;

    public async ValueTask InitializeAsync()
    {
        first = await OpenAsync("first");
        second = await OpenAsync("second");
    }

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
        database.Dispose();
    }

    [Fact]
    public async Task TimersOfAWorkflow_FireAtAServerWithoutItsFile_WhileAnotherHasIt()
    {
        await first.ChangeAsync("watch", Watch(first));
        await HearAsync("a");
        await first.StopAsync();

        time.Advance(TimeSpan.FromMinutes(1));

        await WorkflowServer.UntilAsync(() => Count("SELECT count(*) FROM runs WHERE state = 'succeeded'") == 3);
        Assert.Equal(0, Count("SELECT count(*) FROM runs WHERE state = 'cancelled'"));
        await first.StartAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TimersOfAWorkflow_AreDropped_WhereItIsOff_OrNoServerHasItsFile(bool isGone)
    {
        await first.ChangeAsync("watch", Watch(first));
        await HearAsync("a");
        if (isGone) await first.RemoveAsync("watch");
        else await first.PostAsync("/api/workflows/watch/disable", "", 200);
        await first.StopAsync();

        time.Advance(TimeSpan.FromMinutes(1));

        await WorkflowServer.UntilAsync(() => Count("SELECT count(*) FROM runs WHERE state = 'cancelled'") == 2);
        await first.StartAsync();
    }

    [Fact]
    public async Task RollBack_LastsAtAServerWithOtherFiles_UntilTheyChange()
    {
        await first.ChangeAsync("w", Says("one"));
        await second.ChangeAsync("w", Says("other"));
        var old = ActiveAt(first);
        await first.ChangeAsync("w", Says("two"));
        await first.PostAsync($"/api/workflows/w/versions/{old}/activate", "", 200);

        await LookAsync(second);
        Assert.Equal(old, ActiveAt(second));
        await second.StopAsync();
        await second.StartAsync();
        Assert.Equal(old, ActiveAt(second));
        await LookAsync(first);
        Assert.Equal(old, ActiveAt(first));

        await second.ChangeAsync("w", Says("three")); // the deploy that puts it right comes here first
        await LookAsync(first);
        Assert.Equal((ActiveAt(second), null), (ActiveAt(first), first.Get<WorkflowCatalog>().Current.Workflows["w"].Pin)); // not the version of its own file, which was rolled back
        await first.ChangeAsync("w", Says("three"));
        Assert.Equal(ActiveAt(second), ActiveAt(first));
    }

    [Fact]
    public async Task Schedule_GoesOn_WhenAServerWithoutItStarts_AndGoesWithTheLastThatHasIt()
    {
        await first.ChangeAsync("tick", Every("10s"));
        await second.ChangeAsync("tick", Every("10s"));
        await NextAtAsync("03:04:10");
        await second.StopAsync();
        File.Delete(Path.Combine(second.Folder, "workflows", "tick.json"));
        await second.StartAsync();
        await second.ChangeAsync("other", Every("1h")); // it has followed its folder when this one is there
        await WorkflowServer.UntilAsync(() => Count("SELECT count(*) FROM schedules WHERE workflow_id = 'other'") == 1);

        await WorkflowServer.UntilAsync(() => time.IsAwaited(time.GetUtcNow().AddSeconds(5)));
        time.Advance(TimeSpan.FromSeconds(5));
        await NextAtAsync("03:04:20");

        await first.RemoveAsync("tick");
        await WorkflowServer.UntilAsync(() => Count("SELECT count(*) FROM schedules WHERE workflow_id = 'tick'") == 0);
    }

    [Fact]
    public async Task Schedule_KeepsItsNewTimes_WhenAServerStartsOnAFolderThatStillHasTheOldOnes()
    {
        await first.ChangeAsync("tick", Every("10s"));
        await second.ChangeAsync("tick", Every("10s"));
        await WorkflowServer.UntilAsync(() => Count("SELECT count(*) FROM folder_schedules") == 2);
        await first.ChangeAsync("tick", Every("1m"));
        await NextAtAsync("03:05:00");
        await second.StopAsync();
        await second.StartAsync();
        await second.ChangeAsync("other", Every("1h"));
        await WorkflowServer.UntilAsync(() => Count("SELECT count(*) FROM schedules WHERE workflow_id = 'other'") == 1);
        await NextAtAsync("03:05:00");

        await second.ChangeAsync("tick", Every("30s"));
        await NextAtAsync("03:04:30");
    }

    private static string Watch(WorkflowServer server) =>
        """
        { "key": "${event.data}", "triggers": { "in": { "type": "webhook", "path": "/in", "start": "calm" }, "quiet": { "type": "silence", "for": "1m", "start": "tell" } },
          "steps": { "calm": { "type": "debounce", "for": "30s", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/told" } } }
        """.Replace("RECEIVER", server.Receiver.Url, StringComparison.Ordinal);

    [Fact]
    public async Task EndpointsOfFiles_AreWhatTheFolderThatChangedLastSays_AndGoWhenNoFolderHasThem()
    {
        EndpointFileTests.Write(first, "endpoints/acme.json", EndpointFileTests.Endpoint(first, "/in", "old"));
        EndpointFileTests.Write(second, "endpoints/acme.json", EndpointFileTests.Endpoint(first, "/in", "old"));
        await EndpointFileTests.LookAsync(first);
        await EndpointFileTests.LookAsync(second);
        EndpointFileTests.Write(second, "endpoints/acme.json", EndpointFileTests.Endpoint(first, "/in", "new"));
        await EndpointFileTests.LookAsync(second);
        await EndpointFileTests.LookAsync(first); // has the old file yet
        Assert.Equal("new", database.Scalar("SELECT pattern FROM subscriptions"));
        await first.StopAsync();
        await first.StartAsync();
        Assert.Equal("new", database.Scalar("SELECT pattern FROM subscriptions"));
        File.Delete(Path.Combine(first.Folder, "workflows", "endpoints", "acme.json"));
        await EndpointFileTests.LookAsync(first);
        Assert.Equal(1, Count("SELECT count(*) FROM endpoints"));
        File.Delete(Path.Combine(second.Folder, "workflows", "endpoints", "acme.json"));
        await EndpointFileTests.LookAsync(second);
        Assert.Equal(0, Count("SELECT count(*) FROM endpoints"));
    }

    private static string Says(string text) => $$"""{ "steps": { "say": { "type": "log", "message": "{{text}}" } } }""";

    private static string Every(string every) => $$"""{ "triggers": { "t": { "type": "schedule", "every": "{{every}}" } }, "steps": { "a": { "type": "stop" } } }""";

    private static string? ActiveAt(WorkflowServer server) => server.Get<WorkflowCatalog>().Current.Workflows["w"].Version?.Hash;

    private static Task<int> LookAsync(WorkflowServer server) => server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);

    private async Task HearAsync(string key)
    {
        using var answer = await first.Http.PostAsync(new Uri("/hooks/in", UriKind.Relative), WorkflowServer.Json($"\"{key}\""));
        Assert.True(answer.IsSuccessStatusCode);
        await WorkflowServer.UntilAsync(() => Count("SELECT count(*) FROM runs WHERE state = 'succeeded'") == 1);
    }

    private Task NextAtAsync(string clock) => WorkflowServer.UntilAsync(() =>
        Count("SELECT coalesce(max(next_at), 0) FROM schedules WHERE workflow_id = 'tick'") == new DateTimeOffset(new DateOnly(2026, 1, 2), TimeOnly.Parse(clock, null), TimeSpan.Zero).ToUnixTimeMilliseconds());

    private long Count(string sql) => Convert.ToInt64(database.Scalar(sql), null);

    private Task<WorkflowServer> OpenAsync(string name) => WorkflowServer.StartAsync(time, ("Database", database.Address), ("Server:Name", name), ("Server:Lease", "00:10:00"));
}

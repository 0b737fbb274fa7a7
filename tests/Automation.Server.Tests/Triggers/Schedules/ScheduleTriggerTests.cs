using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Server.Storage;
using Automation.Server.Tests.Runs;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Triggers.Schedules;

/// <summary>Schedules of the whole server, on a clock that the tests move. It begins at 03:04:05.</summary>
public sealed class ScheduleTriggerTests
{
    private readonly ManualTime time = new();

    [Fact]
    public async Task Fires_AtEachOfItsTimes_WithAnEvent()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await AddAsync(server, """ "every": "10s" """);
        await AsleepUntilAsync("03:04:10");
        time.Advance(TimeSpan.FromMilliseconds(4999));
        Assert.Equal(0, server.Count("SELECT count(*) FROM events"));
        time.Advance(TimeSpan.FromMilliseconds(1));
        var first = await FiredAsync(server);
        await AsleepUntilAsync("03:04:20");
        time.Advance(TimeSpan.FromSeconds(10));
        var second = await FiredAsync(server);
        var eventId = second["id"]!.GetValue<string>();
        second.AsObject().Remove("id");
        Assert.StartsWith("evt_", eventId, StringComparison.Ordinal);
        Assert.Equal(
            $$$"""{"source":"/schedules/{{{id}}}/tick","type":"schedule.fired","time":"2026-01-02T03:04:20Z","trigger":"tick","scheduledAt":"2026-01-02T03:04:20Z","previousAt":"2026-01-02T03:04:10Z","data":{"scheduledAt":"2026-01-02T03:04:20Z","previousAt":"2026-01-02T03:04:10Z"}}""",
            second.ToJsonString());
        Assert.Null(first["previousAt"]);
        Assert.Equal("schedule", (await server.GetAsync($"/api/events/{eventId}"))["trigger"]!.GetValue<string>());
    }

    [Fact]
    public async Task Cron_FollowsItsTimeZone_AndGivesItsData()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        await AddAsync(server, """ "cron": "30 4 * * MON-FRI", "timeZone": "Europe/Berlin", "data": { "report": "daily", "to": ["a", "b"] } """);
        Assert.Equal(Milliseconds("03:30:00"), server.Count("SELECT next_at FROM schedules"));
        await AsleepUntilAsync("03:05:05"); // looks again each minute
        time.Advance(TimeSpan.FromMinutes(25) + TimeSpan.FromSeconds(55));
        Assert.Equal("""{"report":"daily","to":["a","b"]}""", (await FiredAsync(server))["data"]!.ToJsonString());
        await WorkflowServer.UntilAsync(() => server.Count("SELECT next_at FROM schedules") == new DateTimeOffset(2026, 1, 5, 3, 30, 0, TimeSpan.Zero).ToUnixTimeMilliseconds()); // Monday
    }

    [Fact]
    public async Task Crashes_NeitherLose_NorDouble_ATime()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        await AddAsync(server, """ "every": "1s", "missed": "all" """);
        var random = new Random(5);
        for (var i = 0; i < 12; i++)
        {
            time.Advance(TimeSpan.FromSeconds(random.Next(1, 4)));
            var spins = random.Next(40_000); // from at once to after the commit
            await Task.Run(() => Thread.SpinWait(spins));
            await server.CrashAsync();
            if (i % 3 == 0) time.Advance(TimeSpan.FromSeconds(2));
            await server.StartAsync();
        }

        var end = time.GetUtcNow().ToUnixTimeMilliseconds();
        await WorkflowServer.UntilAsync(() => server.Count("SELECT next_at FROM schedules") > end);
        var fired = Fired(server);
        Assert.Equal(Enumerable.Range(1, fired.Count).Select(i => new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddSeconds(i)), fired);
        Assert.Equal(time.GetUtcNow(), fired[^1]);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(fired.Count, server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'"));
    }

    [Theory]
    [InlineData("skip", "03:10:00", "04:11:10", "04:20:00")]
    [InlineData("once", "03:10:00 04:10:00", "04:10:10", "04:20:00")]
    [InlineData("all", "03:10:00 03:20:00 03:30:00 03:40:00 03:50:00 04:00:00 04:10:00", "04:12:00", "04:20:00")]
    [InlineData("skip", "03:10:00 04:10:00", "04:10:59", "04:20:00")] // less than a minute late: as good as on time
    public async Task Downtime_IsMadeUpFor_AsTheTriggerSays(string missed, string expected, string back, string next)
    {
        await using var server = await WorkflowServer.StartAsync(time);
        await AddAsync(server, $$""" "cron": "*/10 * * * *", "missed": "{{missed}}" """);
        await AsleepUntilAsync("03:05:05");
        time.Jump(At("03:09:30") - time.GetUtcNow());
        await AsleepUntilAsync("03:10:00");
        time.Advance(At("03:10:00") - time.GetUtcNow());
        await FiredAsync(server);
        await server.StopAsync();
        time.Advance(At(back) - time.GetUtcNow());
        await server.StartAsync();
        await WorkflowServer.UntilAsync(() => server.Count("SELECT next_at FROM schedules") == Milliseconds(next));
        Assert.Equal(expected, string.Join(' ', Fired(server).Select(at => at.ToString("HH:mm:ss", CultureInfo.InvariantCulture))));
    }

    [Fact]
    public async Task AYearOfDowntime_DoesNotFlood()
    {
        await using var server = await WorkflowServer.StartAsync(time, ("Runs:MaxHeld", "100"));
        await AddAsync(server, """ "every": "1s", "missed": "all" """);
        await server.StopAsync();
        time.Advance(TimeSpan.FromDays(365));
        await server.StartAsync();
        var end = time.GetUtcNow().ToUnixTimeMilliseconds();
        await WorkflowServer.UntilAsync(() => server.Count("SELECT next_at FROM schedules") > end);
        var fired = Fired(server);
        Assert.Equal((1000, time.GetUtcNow(), TimeSpan.FromSeconds(999)), (fired.Count, fired[^1], fired[^1] - fired[0]));
    }

    [Fact]
    public async Task AJumpOfTheClock_CountsAsDowntime()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        await AddAsync(server, """ "every": "10s", "missed": "once" """);
        await AsleepUntilAsync("03:04:10");
        time.Jump(TimeSpan.FromDays(1));
        Assert.Equal("2026-01-03T03:04:00Z", (await FiredAsync(server))["scheduledAt"]!.GetValue<string>());
        await WorkflowServer.UntilAsync(() => server.Count("SELECT next_at FROM schedules") == Milliseconds("03:04:10") + 86_400_000);
        Assert.Equal(1, server.Count("SELECT count(*) FROM events"));
    }

    [Fact]
    public async Task Disabled_DoesNotFire_AndMissesNothing()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await AddAsync(server, """ "every": "10s", "missed": "all" """);
        await server.PostAsync($"/api/workflows/{id}/disable", "", 200);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM schedules WHERE next_at IS NULL") == 1);
        time.Advance(TimeSpan.FromMinutes(10));
        await server.CrashAsync();
        time.Advance(TimeSpan.FromMinutes(10));
        await server.StartAsync();
        await server.PostAsync($"/api/workflows/{id}/enable", "", 200);
        await AsleepUntilAsync("03:24:10");
        Assert.Equal(0, server.Count("SELECT count(*) FROM events"));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("2026-01-02T03:24:10Z", (await FiredAsync(server))["scheduledAt"]!.GetValue<string>());
    }

    [Fact]
    public async Task AChangedWorkflow_KeepsItsSchedule_UntilTheSpecChanges()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await AddAsync(server, """ "every": "10s", "missed": "all" """);
        await AsleepUntilAsync("03:04:10");
        time.Advance(TimeSpan.FromSeconds(5));
        await FiredAsync(server);
        await server.ChangeAsync(id, Workflow(""" "every": "PT10S", "missed": "once", "data": 5 """));
        await AsleepUntilAsync("03:04:20");
        time.Advance(TimeSpan.FromSeconds(10));
        var fired = await FiredAsync(server);
        Assert.Equal((5, "2026-01-02T03:04:10Z"), (fired["data"]!.GetValue<int>(), fired["previousAt"]!.GetValue<string>()));
        await server.ChangeAsync(id, Workflow(""" "every": "7s" """));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM schedules WHERE spec = 'every 7000ms' AND last_at IS NULL") == 1);
        File.Delete(Path.Combine(server.Folder, "workflows", id + ".json"));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM schedules") == 0);
    }

    [Fact]
    public async Task WhileIntakeIsFull_TimesWait_AndNoneIsLost()
    {
        await using var server = await WorkflowServer.StartAsync(time, ("Runs:MaxOpen", "1"));
        var gate = server.Receiver.Hold("/slow");
        var slow = await server.AddAsync("""{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "24h" } } }""");
        await server.PostAsync($"/api/workflows/{slow}/run", "{}", 202);
        await server.Receiver.NextAsync("/slow");
        await AddAsync(server, """ "every": "10s", "missed": "all" """); // other timers of the server let this clock run ahead of it, by more than what counts as having been away
        await AsleepUntilAsync("03:04:10");
        time.Advance(TimeSpan.FromSeconds(5));
        for (var i = 0; i < 400; i++)
        {
            var again = time.GetUtcNow().AddMilliseconds(50); // it tries again
            await WorkflowServer.UntilAsync(() => time.IsAwaited(again));
            time.Advance(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal(1, server.Count("SELECT count(*) FROM events"));
        gate.SetResult();
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        while (server.Count("SELECT next_at FROM schedules") <= Milliseconds("03:04:30"))
        {
            await WorkflowServer.UntilAsync(() => time.IsAwaited(time.GetUtcNow().AddMilliseconds(50)) || server.Count("SELECT next_at FROM schedules") > Milliseconds("03:04:30"));
            time.Advance(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal([At("03:04:10"), At("03:04:20"), At("03:04:30")], Fired(server).Take(3));
    }

    [Fact]
    public async Task ManySchedules_FireAtOnce_EachOnce()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        var triggers = string.Join(',', Enumerable.Range(0, 500).Select(i => $$""" "t{{i}}": { "type": "schedule", "every": "30s" } """));
        for (var i = 0; i < 4; i++) server.Write(($"many{i}.json", $$"""{ "triggers": { {{triggers}} }, "steps": { "a": { "type": "stop" } } }"""));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM schedules") == 2000);
        await AsleepUntilAsync("03:04:30");
        time.Advance(TimeSpan.FromSeconds(25));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'") == 2000);
        Assert.Equal((2000, 2000), (server.Count("SELECT count(*) FROM events"), server.Count("SELECT count(DISTINCT source) FROM events")));
        Assert.Equal(0, server.Count($"SELECT count(*) FROM schedules WHERE next_at <> {Milliseconds("03:05:00")}"));
    }

    [Fact]
    public async Task ASecondServer_ThatFiresTheSameTime_IsRefused_WithAllItBrought()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        var id = new ScheduleId(await AddAsync(server, """ "every": "10s" """), "tick");
        var journal = server.Get<Journal>();
        await journal.CommitAsync(new ScheduleMoved(id, At("03:04:10"), At("03:04:20"), Fires: true));
        var switched = new WorkflowSwitched("other", false, time.GetUtcNow());
        var late = await Assert.ThrowsAsync<JournalException>(async () => await journal.CommitAsync(switched, new ScheduleMoved(id, At("03:04:10"), At("03:04:20"), Fires: true)));
        Assert.Equal((true, true, 0L), (late.Refused, late.Superseded, server.Count("SELECT count(*) FROM workflows WHERE id = 'other'")));
        await journal.CommitAsync(new ScheduleMoved(id, At("03:04:10"), At("03:09:00"), Fires: false)); // passing over may come too late as well
        Assert.Equal(Milliseconds("03:04:20"), server.Count("SELECT next_at FROM schedules"));
        await journal.CommitAsync(new ScheduleStarted(id, "every 10000ms", At("03:30:00"))); // as the other server does at its start
        Assert.Equal(Milliseconds("03:04:20"), server.Count("SELECT next_at FROM schedules"));
        Assert.DoesNotContain(server.Logged, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Api_ShowsTheNextTimes()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await AddAsync(server, """ "cron": "*/10 * * * *", "timeZone": "Europe/Berlin", "missed": "all" """);
        var expected = $$$"""{"workflow":"{{{id}}}","trigger":"tick","enabled":true,"cron":"*/10 * * * *","timeZone":"Europe/Berlin","every":null,"missed":"all","lastAt":null,"next":["2026-01-02T03:10:00+00:00","2026-01-02T03:20:00+00:00","2026-01-02T03:30:00+00:00","2026-01-02T03:40:00+00:00","2026-01-02T03:50:00+00:00"]}""";
        Assert.Equal(expected, Assert.Single((await server.GetAsync($"/api/workflows/{id}/schedules"))["items"]!.AsArray())!.ToJsonString(JsonFormat.Wire));
        Assert.Equal(expected, Assert.Single((await server.GetAsync("/api/schedules"))["items"]!.AsArray())!.ToJsonString(JsonFormat.Wire));
        await server.PostAsync($"/api/workflows/{id}/disable", "", 200);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM schedules WHERE next_at IS NULL") == 1);
        var off = (await server.GetAsync($"/api/workflows/{id}/schedules"))["items"]![0]!;
        Assert.Equal((false, 0), (off["enabled"]!.GetValue<bool>(), off["next"]!.AsArray().Count));
        using var unknown = await server.Http.GetAsync(new Uri("/api/workflows/nothing/schedules", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Api_PagesThroughAllSchedules()
    {
        await using var server = await WorkflowServer.StartAsync(time);
        Directory.CreateDirectory(Path.Combine(server.Folder, "workflows", "a"));
        foreach (var file in (string[])["a/z", "a", "b"]) server.Write((file + ".json", """{ "triggers": { "x": { "type": "schedule", "every": "1h" }, "y": { "type": "schedule", "cron": "@daily" } }, "steps": { "s": { "type": "stop" } } }"""));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM schedules") == 6);
        var found = new List<string>();
        for (var path = "/api/schedules?limit=1"; path is not null;)
        {
            var page = await server.GetAsync(path);
            found.AddRange(page["items"]!.AsArray().Select(s => $"{s!["workflow"]}:{s["trigger"]}"));
            path = page["next"]?.GetValue<string>();
        }

        Assert.Equal(["a:x", "a:y", "a/z:x", "a/z:y", "b:x", "b:y"], found);
    }

    private static string Workflow(string trigger) =>
        $$"""{ "triggers": { "tick": { "type": "schedule", {{trigger}} } }, "steps": { "tell": { "type": "webhook.send", "url": "RECEIVER/tick", "body": "${event}" } } }""";

    private static async Task<string> AddAsync(WorkflowServer server, string trigger)
    {
        var id = await server.AddAsync(Workflow(trigger));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM schedules WHERE next_at IS NOT NULL") > 0);
        return id;
    }

    private static async Task<JsonNode> FiredAsync(WorkflowServer server) => JsonNode.Parse((await server.Receiver.NextAsync("/tick")).Body)!;

    /// <summary>The times for which schedules fired, in the order in which they did.</summary>
    private static List<DateTimeOffset> Fired(WorkflowServer server)
    {
        var all = server.Database.Scalar("SELECT string_agg(attributes, ',' ORDER BY id) FROM events WHERE trigger_type = 'schedule'") as string;
        return [.. JsonNode.Parse($"[{all}]")!.AsArray().Select(e => DateTimeOffset.Parse(e!["scheduledAt"]!.GetValue<string>(), CultureInfo.InvariantCulture))];
    }

    private static DateTimeOffset At(string timeOfDay) => new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero) + TimeSpan.Parse(timeOfDay, CultureInfo.InvariantCulture);

    private static long Milliseconds(string timeOfDay) => At(timeOfDay).ToUnixTimeMilliseconds();

    private Task AsleepUntilAsync(string timeOfDay) => WorkflowServer.UntilAsync(() => time.IsAwaited(At(timeOfDay)));
}

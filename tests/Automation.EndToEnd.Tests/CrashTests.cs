using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>
/// Promises P1, P2, P3, P4 and P5 against the real process: many clients send uniquely numbered events, runs wait, keys count, a schedule fires, while the server is killed at random moments.
/// The long form: <c>AUTOMATION_CRASH_ROUNDS=50 ./test EndToEnd</c>. A failure is repeated with the seed it prints, <c>AUTOMATION_CRASH_SEED</c>.
/// </summary>
public class CrashTests(ITestOutputHelper output)
{
    private const int HttpSenders = 6, MqttSenders = 3;

    private static readonly Dictionary<string, string> Workflows = new(NumberedEvents.Workflow)
    {
        ["later.json"] = """
            {
              "name": "Runs that wait",
              "triggers": {
                "mqtt": { "type": "mqtt", "topic": "later/#", "qos": 1 },
                "web": { "type": "webhook", "path": "/later", "methods": ["POST"] }
              },
              "steps": {
                "wait": { "type": "delay", "for": "700ms", "next": "send" },
                "send": { "type": "webhook.send", "url": "RECEIVER/numbers", "body": { "n": "${event.data.n}" }, "maxAttempts": 50 }
              }
            }
            """,
        ["counted.json"] = """
            {
              "name": "Keys that count",
              "key": "${event.data.n % 7}",
              "triggers": {
                "mqtt": { "type": "mqtt", "topic": "counted/#", "qos": 1 },
                "web": { "type": "webhook", "path": "/counted", "methods": ["POST"] }
              },
              "steps": {
                "count": { "type": "script", "code": "state.count = (state.count ?? 0) + 1; return { n: event.data.n, count: state.count };", "next": "send" },
                "send": { "type": "webhook.send", "url": "RECEIVER/numbers", "body": "${input}", "maxAttempts": 50 }
              }
            }
            """,
        ["ticks.json"] = """
            {
              "name": "A schedule",
              "triggers": { "second": { "type": "schedule", "every": "1s", "missed": "all" } },
              "steps": { "send": { "type": "webhook.send", "url": "RECEIVER/ticks", "body": { "at": "${event.scheduledAt}" }, "maxAttempts": 50 } }
            }
            """,
    };

    private readonly NumberedEvents events = new() { Hooks = ["numbers", "later", "counted"] };
    private readonly ConcurrentDictionary<DateTimeOffset, ConcurrentBag<string>> ticks = new();

    /// <summary>True when each second from the first to the last has come.</summary>
    private bool TicksAreWhole => ticks.Keys.Order().ToList() is { Count: > 0 } times && times[^1] - times[0] == TimeSpan.FromSeconds(times.Count - 1);

    [Fact]
    public Task EveryAcknowledgedEvent_IsDelivered_WhateverTheMomentOfTheCrash() => CrashAsync(null);

    [Fact]
    public async Task OnPostgres_TheDatabaseMayCrashToo()
    {
        await using var postgres = await PostgresCluster.StartAsync();
        await CrashAsync(postgres);
    }

    private async Task CrashAsync(PostgresCluster? postgres)
    {
        var rounds = Setting("AUTOMATION_CRASH_ROUNDS") ?? 5;
        var seed = Setting("AUTOMATION_CRASH_SEED") ?? Environment.ProcessId;
        output.WriteLine($"AUTOMATION_CRASH_SEED={seed} AUTOMATION_CRASH_ROUNDS={rounds}");
        await using var installation = await Installation.StartAsync(
            Workflows,
            postgres is null ? null : new Dictionary<string, string?> { ["Database"] = postgres.Address },
            (context, arrival) => arrival.Path == "/ticks" ? TickAsync(arrival) : events.CountAsync(context, arrival));
        var server = installation.Server;
        var count = postgres is null ? "json_extract(k.state, '$.count')" : "(k.state::json ->> 'count')::bigint";
        using var end = new CancellationTokenSource();
        var sending = events.SendAsync(server, HttpSenders, MqttSenders, seed, end.Token);

        var kills = await CrashAsync(server, postgres, rounds, new Random(seed));
        await end.CancelAsync();
        await sending;

        await Eventually.HoldsAsync(() => Task.FromResult(events.AllArrived), "every acknowledged number is delivered", TimeSpan.FromMinutes(2));
        await JournalFile.EverythingEndedAsync(server, TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync(() => Task.FromResult(TicksAreWhole), "the schedule has fired for each second");
        output.WriteLine(
            $"{kills} kills, {events.Sent} sent, {events.Acknowledged.Count} acknowledged, {events.Delivered} delivered, {events.Repeated} more than once; " +
            $"{JournalFile.Count(server, "SELECT count(*) FROM runs WHERE workflow_id = 'later'")} runs waited, {JournalFile.Count(server, $"SELECT sum({count}) FROM keys k")} counted, " +
            $"{ticks.Count} times of the schedule, {ticks.Values.Count(keys => keys.Count > 1)} more than once");
        Assert.Equal(0, JournalFile.Count(server, "SELECT count(*) FROM runs WHERE state NOT IN ('succeeded', 'pending', 'running')")); // the schedule goes on
        Assert.Equal(7, JournalFile.Count(server, "SELECT count(*) FROM keys WHERE workflow_id = 'counted'"));
        Assert.Equal(0, JournalFile.Count(server, $"SELECT count(*) FROM keys k WHERE {count} <> (SELECT count(*) FROM runs r WHERE r.workflow_id = k.workflow_id AND r.key = k.key)"));
        Assert.All(ticks, time => Assert.Single(time.Value.Distinct()));
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;

    private static Task PauseAsync(TimeSpan pause) => Task.Delay(pause, TimeProvider.System, CancellationToken.None);

    /// <returns>How often the server was killed.</returns>
    private async Task<int> CrashAsync(ServerProcess server, PostgresCluster? postgres, int rounds, Random random)
    {
        var kills = rounds;
        for (var round = 1; round <= rounds; round++)
        {
            await PauseAsync(TimeSpan.FromMilliseconds(random.Next(300, 3000)));
            if (postgres is not null && round % 2 == 0)
            {
                await CrashAsync(postgres, round, random);
                continue;
            }

            await server.KillAsync();
            if (random.Next(4) == 0)
            {
                server.Launch(); // and killed again while it starts
                await PauseAsync(TimeSpan.FromMilliseconds(random.Next(50, 900)));
                await server.KillAsync();
                kills++;
            }

            var clock = Stopwatch.StartNew();
            await server.RestartAsync();
            output.WriteLine($"crash {round}: {events.Acknowledged.Count} acknowledged, {events.Delivered} delivered, ready again after {clock.ElapsedMilliseconds} ms");
        }

        await Eventually.HoldsAsync(() => Task.FromResult(events.Acknowledged.Count > rounds * 100), "enough events are acknowledged, also on a slow machine");
        return kills;
    }

    private Task TickAsync(Arrival arrival)
    {
        ticks.GetOrAdd(JsonDocument.Parse(arrival.Body).RootElement.GetProperty("at").GetDateTimeOffset(), _ => []).Add(arrival.IdempotencyKey);
        return Task.CompletedTask;
    }

    private async Task CrashAsync(PostgresCluster postgres, int round, Random random)
    {
        await postgres.KillAsync();
        await PauseAsync(TimeSpan.FromMilliseconds(random.Next(1500)));
        await postgres.RestartAsync();
        var (before, clock) = (events.Acknowledged.Count, Stopwatch.StartNew());
        await Eventually.HoldsAsync(() => Task.FromResult(events.Acknowledged.Count > before), "events are acknowledged again");
        output.WriteLine($"crash {round}, of the database: {before} acknowledged, the next {clock.ElapsedMilliseconds} ms after it was back");
    }
}

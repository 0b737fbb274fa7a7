using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Automation.EndToEnd.Tests.Processes;
using Automation.Server.Tests.Runs;
using Microsoft.AspNetCore.Http;

namespace Automation.EndToEnd.Tests;

/// <summary>
/// The promises on three servers and one PostgreSQL, while servers are killed, and frozen for longer than their lease. The long form:
/// <c>AUTOMATION_CLUSTER_ROUNDS=50 ./test EndToEnd</c>. A failure is repeated with the seed it prints, <c>AUTOMATION_CLUSTER_SEED</c>.
/// </summary>
public class ClusterTests(ITestOutputHelper output)
{
    private const int Keys = 40, HttpSenders = 4, MqttSenders = 2;

    private static readonly string[] Hooks = ["counted", "counted", "counted", "later", "calling", "failing"];

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(4);

    private static readonly Dictionary<string, string> Workflows = new()
    {
        ["counted.json"] = """
            {
              "key": "${event.data.key}",
              "triggers": {
                "web": { "type": "webhook", "path": "/counted", "methods": ["POST"] },
                "mqtt": { "type": "mqtt", "connection": "plant", "topic": "counted/#", "qos": 1 }
              },
              "steps": {
                "count": { "type": "script", "code": "state.count = (state.count || 0) + 1; return { n: event.data.n, key: event.data.key, count: state.count };", "next": "send" },
                "send": { "type": "webhook.send", "url": "RECEIVER/counted", "body": "${input}", "maxAttempts": 50 }
              }
            }
            """,
        ["later.json"] = """
            {
              "triggers": { "web": { "type": "webhook", "path": "/later", "methods": ["POST"] } },
              "steps": {
                "wait": { "type": "delay", "for": "1500ms", "next": "send" },
                "send": { "type": "webhook.send", "url": "RECEIVER/later", "body": { "n": "${event.data.n}" }, "maxAttempts": 50 }
              }
            }
            """,
        ["calling.json"] = """
            {
              "triggers": { "web": { "type": "webhook", "path": "/calling", "methods": ["POST"] } },
              "steps": {
                "call": { "type": "workflow.call", "workflow": "called", "input": { "n": "${event.data.n}" }, "next": "send" },
                "send": { "type": "webhook.send", "url": "RECEIVER/calling", "body": "${input}", "maxAttempts": 50 }
              }
            }
            """,
        ["called.json"] = """
            {
              "steps": {
                "wait": { "type": "delay", "for": "500ms", "next": "give" },
                "give": { "type": "script", "code": "return { n: event.data.n };" }
              }
            }
            """,
        ["failing.json"] = """
            {
              "onError": { "workflow": "told" },
              "triggers": { "web": { "type": "webhook", "path": "/failing", "methods": ["POST"] } },
              "steps": { "fail": { "type": "fail", "message": "${event.data.n}" } }
            }
            """,
        ["told.json"] = """
            { "steps": { "send": { "type": "webhook.send", "url": "RECEIVER/told", "body": { "n": "${Number(event.data.error.message)}" }, "maxAttempts": 50 } } }
            """,
        ["tick.json"] = """
            {
              "triggers": { "tick": { "type": "schedule", "every": "1s" } },
              "steps": { "note": { "type": "log", "message": "tick" } }
            }
            """,
    };

    private readonly ConcurrentDictionary<int, byte> acknowledged = new(), published = new();
    private readonly ConcurrentDictionary<int, ConcurrentBag<(string IdempotencyKey, string Body)>> delivered = new();
    private int last, retried;

    [Fact]
    public async Task WhatThreeServersAcknowledge_IsDoneOnce_InTheOrderOfItsKey_WhoeverIsKilledOrFrozen()
    {
        var rounds = Setting("AUTOMATION_CLUSTER_ROUNDS") ?? 6;
        var seed = Setting("AUTOMATION_CLUSTER_SEED") ?? Environment.ProcessId;
        output.WriteLine($"AUTOMATION_CLUSTER_SEED={seed} AUTOMATION_CLUSTER_ROUNDS={rounds}");
        await using var broker = await MosquittoServer.StartAsync();
        await using var cluster = await StartAsync(broker);
        await Eventually.HoldsAsync(() => Task.FromResult(broker.Log.Count(line => line.Contains("Sending SUBACK", StringComparison.Ordinal)) >= 3), "all servers have subscribed");
        using var end = new CancellationTokenSource();
        var sending = Task.WhenAll([
            .. Enumerable.Range(0, HttpSenders).Select(i => PostAsync(cluster, new Random(seed + 1 + i), end.Token)),
            .. Enumerable.Range(0, MqttSenders).Select(i => PublishAsync(broker.Port, $"sender-{i}", new Random(seed + 100 + i), end.Token)),
        ]);

        var (kills, freezes) = await FaultsAsync(cluster, rounds, new Random(seed));
        await end.CancelAsync();
        await sending;
        foreach (var line in cluster.Servers.SelectMany(server => server.Log.Split('\n')).Where(line => line.Contains("fail: ", StringComparison.Ordinal)).Distinct().Take(20)) output.WriteLine(line);

        await Eventually.HoldsAsync(() => Task.FromResult(acknowledged.Keys.All(delivered.ContainsKey)), "every acknowledged number is delivered", TimeSpan.FromMinutes(2));
        await EverythingEndedAsync(cluster);
        var repeated = delivered.Values.Count(all => all.Count > 1);
        output.WriteLine($"{kills} kills, {freezes} freezes of {Lease.TotalSeconds * 2} s, {last} sent, {acknowledged.Count} acknowledged, 0 lost, {delivered.Count} delivered, {repeated} more than once, each with one key");
        Assert.True(acknowledged.Count > rounds * 50, $"Only {acknowledged.Count} events were acknowledged.");
        // A broker that was not acknowledged sends again: that is another event. Nobody sends a webhook again.
        Assert.All(delivered.Where(d => !published.ContainsKey(d.Key)), number => Assert.Single(number.Value.Select(d => d.IdempotencyKey).Distinct()));
        CheckKeys(cluster.Servers[0]);
        Assert.Equal(0, JournalFile.Count(cluster.Servers[0], "SELECT count(*) FROM runs WHERE state <> CASE workflow_id WHEN 'failing' THEN 'failed' ELSE 'succeeded' END"));
        foreach (var (of, started) in new[] { ("calling", "called"), ("failing", "told") })
        {
            var runs = JournalFile.Count(cluster.Servers[0], $"SELECT count(*) FROM runs WHERE workflow_id = '{of}'");
            Assert.True(runs > 0);
            Assert.Equal(runs, JournalFile.Count(cluster.Servers[0], $"SELECT count(*) FROM runs WHERE workflow_id = '{started}'"));
        }

        Assert.Equal(0, JournalFile.Count(cluster.Servers[0], "SELECT count(*) FROM (SELECT attributes::json ->> 'scheduledAt' AS at FROM events WHERE trigger_type = 'schedule' GROUP BY 1 HAVING count(*) > 1) AS twice"));
        Assert.True(JournalFile.Count(cluster.Servers[0], "SELECT count(*) FROM events WHERE trigger_type = 'schedule'") > rounds);
    }

    [Fact]
    public async Task RollingRestart_LosesNothing_AndSendsNobodyAway()
    {
        await using var broker = await MosquittoServer.StartAsync();
        await using var cluster = await StartAsync(broker);
        var bad = new ConcurrentBag<string>();
        using var end = new CancellationTokenSource();
        var sending = Task.WhenAll(Enumerable.Range(0, HttpSenders).Select(i => RoundRobinAsync(cluster, i, bad, end.Token)));

        foreach (var server in cluster.Servers)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(30)));
            await server.RestartAsync();
        }

        await end.CancelAsync();
        await sending;
        await Eventually.HoldsAsync(() => Task.FromResult(acknowledged.Keys.All(delivered.ContainsKey)), "every acknowledged number is delivered", TimeSpan.FromMinutes(1));
        await EverythingEndedAsync(cluster);
        output.WriteLine($"3 restarts, {acknowledged.Count} acknowledged, 0 lost, {retried} sent again to another server, {bad.Count} answered otherwise");
        Assert.Empty(bad);
        Assert.True(acknowledged.Count > 100);
        CheckKeys(cluster.Servers[0]);
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;

    private static Task PauseAsync(TimeSpan pause) => Task.Delay(pause, TimeProvider.System, CancellationToken.None);

    private Task<Cluster> StartAsync(MosquittoServer broker) => Cluster.StartAsync(
        Workflows,
        new Dictionary<string, string?>
        {
            ["Server__Lease"] = Lease.ToString(),
            ["Mqtt__Connections__plant__Server"] = broker.Address,
            ["Mqtt__Connections__plant__ShareName"] = "servers",
        },
        NoteAsync);

    private async Task<(int Kills, int Freezes)> FaultsAsync(Cluster cluster, int rounds, Random random)
    {
        var (kills, freezes) = (0, 0);
        for (var round = 1; round <= rounds; round++)
        {
            await PauseAsync(TimeSpan.FromMilliseconds(random.Next(300, 2000)));
            var server = cluster.Servers[random.Next(cluster.Servers.Count)];
            var clock = Stopwatch.StartNew();
            var freeze = round % 2 == 0;
            if (freeze)
            {
                freezes++;
                await Shell.RunAsync("kill", ["-STOP", $"{server.Pid}"]);
                await PauseAsync(Lease * 2);
                await Shell.RunAsync("kill", ["-CONT", $"{server.Pid}"]);
            }
            else
            {
                kills++;
                await server.KillAsync();
                if (random.Next(2) == 0) await PauseAsync(Lease * 1.5); // others take over; else it takes up its own
                await server.RestartAsync();
            }

            output.WriteLine($"{(freeze ? "freeze" : "kill")} {round}: {clock.ElapsedMilliseconds} ms, {acknowledged.Count} acknowledged, {delivered.Count} delivered");
        }

        await PauseAsync(Lease);
        return (kills, freezes);
    }

    /// <summary>Each key's runs were one after the other, and its state counted each event once.</summary>
    private void CheckKeys(ServerProcess server)
    {
        Assert.Equal(0, JournalFile.Count(server, """
            SELECT count(*) FROM (SELECT started_at, lag(ended_at) OVER (PARTITION BY workflow_id, key ORDER BY started_at, ended_at) AS before FROM runs WHERE key IS NOT NULL) AS r
            WHERE started_at < before
            """));
        Assert.Equal(0, JournalFile.Count(server, """
            SELECT count(*) FROM (SELECT workflow_id, key, count(*) AS runs FROM runs WHERE key IS NOT NULL GROUP BY 1, 2) AS r
            LEFT JOIN keys k ON k.workflow_id = r.workflow_id AND k.key = r.key WHERE r.runs IS DISTINCT FROM (k.state::json ->> 'count')::bigint
            """));
        var counted = delivered.Values.SelectMany(all => all.DistinctBy(d => d.IdempotencyKey)).Select(d => JsonDocument.Parse(d.Body).RootElement).Where(body => body.TryGetProperty("key", out _)).ToList();
        foreach (var key in counted.GroupBy(body => body.GetProperty("key").GetString()))
        {
            var counts = key.Select(body => body.GetProperty("count").GetInt32()).Order().ToList();
            Assert.Equal(Enumerable.Range(1, counts.Count), counts);
        }
    }

    private static async Task EverythingEndedAsync(Cluster cluster) => await Eventually.HoldsAsync(
        () => Task.FromResult(JournalFile.Count(cluster.Servers[0], """
            SELECT (SELECT count(*) FROM events WHERE state NOT IN ('done', 'failed', 'filtered', 'duplicate') AND trigger_type <> 'schedule')
                 + (SELECT count(*) FROM runs WHERE state NOT IN ('succeeded', 'failed', 'cancelled') AND workflow_id <> 'tick')
                 + (SELECT count(*) FROM deliveries WHERE state NOT IN ('succeeded', 'dead'))
            """) == 0),
        "every event, run and delivery is in a terminal state",
        TimeSpan.FromMinutes(1));

    private Task NoteAsync(HttpContext context, Arrival arrival)
    {
        delivered.GetOrAdd(JsonDocument.Parse(arrival.Body).RootElement.GetProperty("n").GetInt32(), _ => []).Add((arrival.IdempotencyKey, arrival.Body));
        return Task.CompletedTask;
    }

    private async Task PostAsync(Cluster cluster, Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref last);
            try
            {
                using var answer = await PostAsync(cluster.Servers[random.Next(cluster.Servers.Count)], number, Hooks[random.Next(Hooks.Length)]);
                if (answer.StatusCode == HttpStatusCode.Accepted) acknowledged.TryAdd(number, 0);
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException)
            {
                // Not acknowledged: it may arrive or not.
            }

            await PauseAsync(TimeSpan.FromMilliseconds(random.Next(60)));
        }
    }

    private async Task RoundRobinAsync(Cluster cluster, int first, ConcurrentBag<string> bad, CancellationToken end)
    {
        for (var turn = first; !end.IsCancellationRequested; turn++)
        {
            var number = Interlocked.Increment(ref last);
            for (; ; turn++)
            {
                try
                {
                    using var answer = await PostAsync(cluster.Servers[turn % cluster.Servers.Count], number, "counted");
                    if (answer.StatusCode == HttpStatusCode.Accepted) acknowledged.TryAdd(number, 0);
                    else if (answer is { StatusCode: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: not null })
                    {
                        Interlocked.Increment(ref retried);
                        continue;
                    }
                    else bad.Add($"{(int)answer.StatusCode}");
                    break;
                }
                catch (HttpRequestException away) when (away.HttpRequestError == HttpRequestError.ConnectionError) // nothing was sent
                {
                    Interlocked.Increment(ref retried);
                }
            }

            await PauseAsync(TimeSpan.FromMilliseconds(20));
        }
    }

    private static async Task<HttpResponseMessage> PostAsync(ServerProcess server, int number, string hook)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/hooks/{hook}") { Content = new StringContent(Body(number), Encoding.UTF8, "application/json") };
        request.Headers.ConnectionClose = true; // as behind a balancer that connects anew
        return await server.Http.SendAsync(request, limit.Token);
    }

    private static string Body(int number) => $$"""{"n":{{number}},"key":"k{{number % Keys}}"}""";

    private async Task PublishAsync(int port, string clientId, Random random, CancellationToken end)
    {
        using var limit = new CancellationTokenSource(Eventually.Soon);
        using var publisher = await MqttPublisher.ConnectAsync(port, clientId, limit.Token);
        while (!end.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref last);
            published.TryAdd(number, 0);
            await publisher.PublishAsync($"counted/{clientId}", Body(number), CancellationToken.None);
            acknowledged.TryAdd(number, 0);
            await PauseAsync(TimeSpan.FromMilliseconds(random.Next(80)));
        }
    }
}

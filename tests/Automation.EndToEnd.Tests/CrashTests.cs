using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Automation.EndToEnd.Tests.Processes;
using Microsoft.AspNetCore.Http;

namespace Automation.EndToEnd.Tests;

/// <summary>
/// Promises P1, P2 and P4 against the real process: many clients send uniquely numbered events while the server is killed at random moments.
/// The long form: <c>AUTOMATION_CRASH_ROUNDS=50 ./test EndToEnd</c>. A failure is repeated with the seed it prints, <c>AUTOMATION_CRASH_SEED</c>.
/// </summary>
public class CrashTests(ITestOutputHelper output)
{
    private const int HttpSenders = 6, MqttSenders = 3;

    private static readonly Dictionary<string, string> Numbers = new()
    {
        ["numbers.json"] = """
            {
              "name": "Numbers",
              "triggers": {
                "mqtt": { "type": "mqtt", "topic": "numbers/#", "qos": 1 },
                "web": { "type": "webhook", "path": "/numbers", "methods": ["POST"] }
              },
              "steps": {
                "pass": { "type": "script", "code": "return { n: event.data.n, text: 'number ' + event.data.n };", "next": "send" },
                "send": { "type": "webhook.send", "url": "RECEIVER/numbers", "body": "${input}", "maxAttempts": 50 }
              }
            }
            """,
    };

    private readonly ConcurrentDictionary<int, byte> acknowledged = new();
    private readonly ConcurrentDictionary<int, ConcurrentBag<string>> delivered = new();
    private int last;

    [Fact]
    public async Task EveryAcknowledgedEvent_IsDelivered_WhateverTheMomentOfTheCrash()
    {
        var rounds = Setting("AUTOMATION_CRASH_ROUNDS") ?? 5;
        var seed = Setting("AUTOMATION_CRASH_SEED") ?? Environment.ProcessId;
        output.WriteLine($"AUTOMATION_CRASH_SEED={seed} AUTOMATION_CRASH_ROUNDS={rounds}");
        await using var installation = await Installation.StartAsync(Numbers, answer: CountAsync);
        var server = installation.Server;
        using var end = new CancellationTokenSource();
        var senders = Enumerable.Range(0, HttpSenders).Select(i => PostAsync(server, new Random(seed + 1 + i), end.Token))
            .Concat(Enumerable.Range(0, MqttSenders).Select(i => PublishAsync(server, $"crash-{i}", new Random(seed + 100 + i), end.Token)))
            .ToList();

        await CrashAsync(server, rounds, new Random(seed));
        await end.CancelAsync();
        await Task.WhenAll(senders);

        await Eventually.HoldsAsync(() => Task.FromResult(acknowledged.Keys.All(delivered.ContainsKey)), "every acknowledged number is delivered", TimeSpan.FromMinutes(2));
        await JournalFile.EverythingEndedAsync(server, TimeSpan.FromMinutes(1));
        var repeated = delivered.Values.Count(keys => keys.Count > 1);
        output.WriteLine($"{last} sent, {acknowledged.Count} acknowledged, {delivered.Count} delivered, {repeated} more than once");
        Assert.True(acknowledged.Count > rounds * 100, $"Only {acknowledged.Count} events were acknowledged.");
        Assert.All(delivered, number => Assert.Single(number.Value.Distinct()));
        Assert.Equal(0, JournalFile.Count(server, "SELECT count(*) FROM runs WHERE state <> 'succeeded'"));
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;

    private static Task PauseAsync(TimeSpan pause) => Task.Delay(pause, TimeProvider.System, CancellationToken.None);

    private async Task CrashAsync(ServerProcess server, int rounds, Random random)
    {
        for (var round = 1; round <= rounds; round++)
        {
            await PauseAsync(TimeSpan.FromMilliseconds(random.Next(300, 3000)));
            await server.KillAsync();
            if (random.Next(4) == 0)
            {
                server.Launch(); // and killed again while it starts
                await PauseAsync(TimeSpan.FromMilliseconds(random.Next(50, 900)));
                await server.KillAsync();
            }

            var clock = Stopwatch.StartNew();
            await server.RestartAsync();
            output.WriteLine($"crash {round}: {acknowledged.Count} acknowledged, {delivered.Count} delivered, ready again after {clock.ElapsedMilliseconds} ms");
        }

        await PauseAsync(TimeSpan.FromMilliseconds(500));
    }

    private async Task PostAsync(ServerProcess server, Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref last);
            try
            {
                using var answer = await MainJobTests.PostAsync(server, "/hooks/numbers", $$"""{"n":{{number}}}""");
                if (answer.StatusCode == HttpStatusCode.Accepted) acknowledged.TryAdd(number, 0);
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException)
            {
                // Not acknowledged: it may arrive or not.
            }

            await PauseAsync(TimeSpan.FromMilliseconds(random.Next(12)));
        }
    }

    private async Task PublishAsync(ServerProcess server, string clientId, Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var limit = new CancellationTokenSource(Eventually.Soon);
                using var publisher = await MqttPublisher.ConnectAsync(server.Settings.MqttPort, clientId, limit.Token);
                while (!end.IsCancellationRequested)
                {
                    var number = Interlocked.Increment(ref last);
                    await publisher.PublishAsync($"numbers/{clientId}", $$"""{"n":{{number}}}""", CancellationToken.None);
                    acknowledged.TryAdd(number, 0);
                    await PauseAsync(TimeSpan.FromMilliseconds(random.Next(12)));
                }
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
            {
                await PauseAsync(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private Task CountAsync(HttpContext context, Arrival arrival)
    {
        var number = JsonDocument.Parse(arrival.Body).RootElement.GetProperty("n").GetInt32();
        delivered.GetOrAdd(number, _ => []).Add(arrival.IdempotencyKey);
        return Task.CompletedTask;
    }
}

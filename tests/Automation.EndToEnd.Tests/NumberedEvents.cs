using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Automation.EndToEnd.Tests.Processes;
using Microsoft.AspNetCore.Http;

namespace Automation.EndToEnd.Tests;

/// <summary>Clients that send numbered events over HTTP and MQTT without pause, and what came of each number.</summary>
internal sealed class NumberedEvents
{
    private readonly ConcurrentDictionary<int, byte> acknowledged = new();
    private readonly ConcurrentDictionary<int, ConcurrentBag<string>> delivered = new();
    private int last, refused;

    /// <summary>Takes <c>{"n"}</c> by <c>/hooks/numbers</c> and by topics below <c>numbers/</c>, and sends it on.</summary>
    public static Dictionary<string, string> Workflow => new()
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

    /// <summary>The hooks that events go to in turn; a topic's first level is named the same.</summary>
    public IReadOnlyList<string> Hooks { get; init; } = ["numbers"];

    /// <summary>Put into each event beside its number, so that a small disk is soon full.</summary>
    public string Padding { get; init; } = "";

    public int Sent => last;

    /// <summary>Answered with 503.</summary>
    public int Refused => refused;

    public ICollection<int> Acknowledged => acknowledged.Keys;

    public int Delivered => delivered.Count;

    public bool AllArrived => acknowledged.Keys.All(delivered.ContainsKey);

    /// <summary>Numbers that arrived more than once; each time with the same idempotency key, or this fails.</summary>
    public int Repeated
    {
        get
        {
            Assert.All(delivered, number => Assert.Single(number.Value.Distinct()));
            return delivered.Values.Count(keys => keys.Count > 1);
        }
    }

    /// <summary>For the receiver.</summary>
    public Task CountAsync(HttpContext context, Arrival arrival)
    {
        var number = JsonDocument.Parse(arrival.Body).RootElement.GetProperty("n").GetInt32();
        delivered.GetOrAdd(number, _ => []).Add(arrival.IdempotencyKey);
        return Task.CompletedTask;
    }

    /// <summary>Sends until told to end, whatever the server answers.</summary>
    public Task SendAsync(ServerProcess server, int httpSenders, int mqttSenders, int seed, CancellationToken end) => Task.WhenAll([
        .. Enumerable.Range(0, httpSenders).Select(i => PostAsync(server, new Random(seed + 1 + i), end)),
        .. Enumerable.Range(0, mqttSenders).Select(i => PublishAsync(server, $"crash-{i}", new Random(seed + 100 + i), end)),
    ]);

    private static Task PauseAsync(TimeSpan pause) => Task.Delay(pause, TimeProvider.System, CancellationToken.None);

    private string HookOf(int number) => Hooks[number % Hooks.Count];

    private string Body(int number) => $$"""{"n":{{number}},"padding":"{{Padding}}"}""";

    private async Task PostAsync(ServerProcess server, Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref last);
            try
            {
                using var answer = await MainJobTests.PostAsync(server, "/hooks/" + HookOf(number), Body(number));
                if (answer.StatusCode == HttpStatusCode.Accepted) acknowledged.TryAdd(number, 0);
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable) Interlocked.Increment(ref refused);
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
                    await publisher.PublishAsync($"{HookOf(number)}/{clientId}", $$"""{"n":{{number}}}""", CancellationToken.None);
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
}

using System.Globalization;
using Automation.Server.Runs;

namespace Automation.Server.Tests.Runs;

/// <summary>How long a step pauses between its tries.</summary>
public sealed class RetryPauseTests
{
    [Fact]
    public async Task Pauses_DoubleUpToTheLongest()
    {
        var pauses = await PausesAsync("""{ "attempts": 6, "initial": "2s", "max": "10s", "jitter": 0 }""", 5);
        Assert.Equal([2000, 4000, 8000, 10_000, 10_000], pauses);
    }

    [Fact]
    public async Task Pauses_AreRandomByTheShareThatJitterSays()
    {
        var pauses = await PausesAsync("""{ "attempts": 9, "backoff": "constant", "initial": "1m", "max": "1m", "jitter": 0.5 }""", 8);
        Assert.All(pauses, pause => Assert.InRange(pause, 30_000, 90_000));
        Assert.True(pauses.Distinct().Count() > 1);
    }

    /// <summary>Milliseconds that a run waited before each of its further tries.</summary>
    private static async Task<List<long>> PausesAsync(string retry, int count)
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        server.Receiver.On("/down", 503);
        var id = await server.AddAsync($$"""{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/down", "retry": {{retry}} } } }""");
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        await server.PostAsync($"/api/workflows/{id}/run", "1", 202);
        var pauses = new List<long>();
        while (pauses.Count < count)
        {
            await WorkflowServer.NextAsync(changes, "waiting");
            pauses.Add(server.Count("SELECT due_at FROM waits") - time.GetUtcNow().ToUnixTimeMilliseconds());
            time.Advance(TimeSpan.FromMilliseconds(pauses[^1]));
        }

        var run = await server.EndAsync(changes);
        Assert.Equal(("failed", (count + 1).ToString(CultureInfo.InvariantCulture)), (run.State, run["ask"]["attempts"]!.ToJsonString()));
        return pauses;
    }
}

using System.Diagnostics;
using System.Globalization;
using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>
/// Promises P1, P2 and P4 against the real process: many clients send uniquely numbered events while the server is killed at random moments.
/// The long form: <c>AUTOMATION_CRASH_ROUNDS=50 ./test EndToEnd</c>. A failure is repeated with the seed it prints, <c>AUTOMATION_CRASH_SEED</c>.
/// </summary>
public class CrashTests(ITestOutputHelper output)
{
    private const int HttpSenders = 6, MqttSenders = 3;

    private readonly NumberedEvents events = new();

    [Fact]
    public async Task EveryAcknowledgedEvent_IsDelivered_WhateverTheMomentOfTheCrash()
    {
        var rounds = Setting("AUTOMATION_CRASH_ROUNDS") ?? 5;
        var seed = Setting("AUTOMATION_CRASH_SEED") ?? Environment.ProcessId;
        output.WriteLine($"AUTOMATION_CRASH_SEED={seed} AUTOMATION_CRASH_ROUNDS={rounds}");
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, answer: events.CountAsync);
        var server = installation.Server;
        using var end = new CancellationTokenSource();
        var sending = events.SendAsync(server, HttpSenders, MqttSenders, seed, end.Token);

        await CrashAsync(server, rounds, new Random(seed));
        await end.CancelAsync();
        await sending;

        await Eventually.HoldsAsync(() => Task.FromResult(events.AllArrived), "every acknowledged number is delivered", TimeSpan.FromMinutes(2));
        await JournalFile.EverythingEndedAsync(server, TimeSpan.FromMinutes(1));
        output.WriteLine($"{events.Sent} sent, {events.Acknowledged.Count} acknowledged, {events.Delivered} delivered, {events.Repeated} more than once");
        Assert.True(events.Acknowledged.Count > rounds * 100, $"Only {events.Acknowledged.Count} events were acknowledged.");
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
            output.WriteLine($"crash {round}: {events.Acknowledged.Count} acknowledged, {events.Delivered} delivered, ready again after {clock.ElapsedMilliseconds} ms");
        }

        await PauseAsync(TimeSpan.FromMilliseconds(500));
    }
}

using System.Net;
using Automation.EndToEnd.Tests.Processes;
using Microsoft.AspNetCore.Http;

namespace Automation.EndToEnd.Tests;

/// <summary>How the server ends: asked to, it drains in time; killed, it leaves nothing behind.</summary>
public class StopTests
{
    private static readonly Dictionary<string, string> Caller = new()
    {
        ["caller.json"] = """
            {
              "name": "Caller",
              "triggers": { "web": { "type": "webhook", "path": "/call", "methods": ["POST"] } },
              "steps": {
                "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "body": "${event.data}", "response": "text", "next": "tell" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": { "n": "${event.data.n}" } }
              }
            }
            """,
    };

    [Fact]
    public async Task Sigterm_EndsInTime_AndTheNextStartFinishesWhatWasOpen()
    {
        var answering = new TaskCompletionSource();
        await using var installation = await Installation.StartAsync(
            Caller,
            new Dictionary<string, string?> { ["Runs__DrainTime"] = "00:00:02" },
            (_, arrival) => arrival.Path == "/ask" ? answering.Task : Task.CompletedTask);
        using var answer = await MainJobTests.PostAsync(installation.Server, "/hooks/call", """{"n":1}""");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await installation.Receiver.WaitForAsync(1);
        var children = ProcessTree.Below(installation.Server.Pid);

        var exitCode = await installation.Server.StopAsync(TimeSpan.FromSeconds(20));
        answering.SetResult();

        Assert.Equal(0, exitCode);
        await GoneAsync(children);
        await installation.Server.RestartAsync();
        await Eventually.HoldsAsync(() => Task.FromResult(installation.Receiver.Arrivals.Any(a => a.Path == "/tell")), "the run goes on after the restart");
        Assert.Single(installation.Receiver.Arrivals.Where(a => a.Path == "/ask").Select(a => a.IdempotencyKey).Distinct());
        await JournalFile.EverythingEndedAsync(installation.Server);
    }

    [Fact]
    public async Task SigtermToRun_ReachesTheServer_AndNothingOutlivesIt()
    {
        await using var installation = await Installation.StartAsync(Caller, byScript: true);
        using var answer = await MainJobTests.PostAsync(installation.Server, "/hooks/call", """{"n":1}""");
        await installation.Receiver.WaitForAsync(2); // ./run lets deliveries go to this machine
        var children = ProcessTree.Below(installation.Server.Pid);

        var exitCode = await installation.Server.StopAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(0, exitCode);
        await GoneAsync(children);
        Assert.Contains($"http://127.0.0.1:{installation.Server.Settings.HttpPort}", installation.Server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_LeavesNoSandboxProcess()
    {
        await using var installation = await Installation.StartAsync(Caller);
        using var answer = await MainJobTests.PostAsync(installation.Server, "/hooks/call", """{"n":1}""");
        await installation.Receiver.WaitForAsync(2);
        var children = ProcessTree.Below(installation.Server.Pid);
        Assert.NotEmpty(children);

        await installation.Server.KillAsync();

        await GoneAsync(children);
    }

    [Fact]
    public async Task SandboxProcess_ThatIsKilled_IsReplaced()
    {
        await using var installation = await Installation.StartAsync(Caller);
        foreach (var child in ProcessTree.Below(installation.Server.Pid)) await Shell.RunAsync("kill", ["-KILL", $"{child}"]);

        using var answer = await MainJobTests.PostAsync(installation.Server, "/hooks/call", """{"n":1}""");

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await installation.Receiver.WaitForAsync(2);
    }

    private static Task GoneAsync(IReadOnlyList<int> processes) =>
        Eventually.HoldsAsync(() => Task.FromResult(!processes.Any(ProcessTree.Lives)), "the server's children are gone", TimeSpan.FromSeconds(10));
}

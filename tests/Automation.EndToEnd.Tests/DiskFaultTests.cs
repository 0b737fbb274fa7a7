using System.Net;
using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>
/// The disk fails under the real server while clients send: it says so, refuses what it cannot keep, loses nothing that it acknowledged, and goes on by itself when the fault is over.
/// </summary>
public class DiskFaultTests(ITestOutputHelper output)
{
    private const string Corrupt = "The database file is damaged";

    [Fact]
    public async Task FullDisk_IsSurvived()
    {
        SmallDisk? disk = null;
        var events = new NumberedEvents { Padding = new string('x', 4000) };
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, answer: events.CountAsync, mount: async data => disk = await SmallDisk.MountAsync(data, 48));

        await SurvivesAsync(installation, events, "The disk of the data folder is full", () => disk!.Fill(), () => disk!.Free());
    }

    [Theory]
    [InlineData("fsync", "The disk of the data folder fails")]
    [InlineData("write", "The disk of the data folder fails")]
    [InlineData("full", "The disk of the data folder is full")]
    [InlineData("readonly", "The database file may not be written")]
    public async Task FailingCall_IsSurvived(string kind, string says)
    {
        using var fault = await DiskFault.CreateAsync();
        var events = new NumberedEvents();
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, fault.Environment, events.CountAsync);

        await SurvivesAsync(installation, events, says, () => fault.Begin(kind), fault.End);
    }

    [Fact]
    public async Task MovedFile_IsSurvived_WhenItIsPutBack()
    {
        var events = new NumberedEvents();
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, answer: events.CountAsync);
        var file = installation.Server.DatabaseFile;

        await SurvivesAsync(installation, events, "was moved, deleted or replaced", () => File.Move(file, file + ".away"), () => File.Move(file + ".away", file));
    }

    [Fact]
    public async Task ReplacedFile_IsNotWritten()
    {
        var events = new NumberedEvents();
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, answer: events.CountAsync);
        var file = installation.Server.DatabaseFile;

        await SurvivesAsync(
            installation,
            events,
            "was moved, deleted or replaced",
            () =>
            {
                File.Move(file, file + ".away");
                File.WriteAllText(file, "another");
            },
            () =>
            {
                Assert.Equal("another", File.ReadAllText(file));
                File.Move(file + ".away", file, overwrite: true);
            });
    }

    [Fact]
    public async Task DeletedLog_IsWrittenAgain_WithNothingLost()
    {
        var events = new NumberedEvents();
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, answer: events.CountAsync);
        using var end = new CancellationTokenSource();
        var sending = events.SendAsync(installation.Server, 4, 2, 1, end.Token);
        await AcknowledgesAsync(events, 100);

        File.Delete(installation.Server.DatabaseFile + "-wal");

        await SaysAsync(installation.Server, "The journal writes again");
        await AcknowledgesAsync(events, 100);
        await end.CancelAsync();
        await sending;
        await NothingIsLostAsync(installation.Server, events);
    }

    [Fact]
    public async Task DamagedFile_IsSaid_AndNotWrittenAnyMore()
    {
        var events = new NumberedEvents();
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, answer: events.CountAsync);
        var server = installation.Server;
        var page = JournalFile.Count(server, "SELECT rootpage FROM sqlite_master WHERE name = 'attempts'");
        await server.StopAsync(Eventually.Soon);
        await using (var file = File.OpenWrite(server.DatabaseFile))
        {
            file.Position = (page - 1) * 4096;
            file.Write(new byte[4096].Select(_ => (byte)0xA5).ToArray());
        }

        await server.RestartAsync();
        using var accepted = await MainJobTests.PostAsync(server, "/hooks/numbers", """{"n":1}""");

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        await IsRefusedAsync(server, Corrupt);
        await SaysAsync(server, Corrupt);
        using var health = await server.Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.Contains("docs/backup.md", await health.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LogThatCannotBeShortened_RefusesNothing()
    {
        using var fault = await DiskFault.CreateAsync();
        await using var installation = await Installation.StartAsync(
            new Dictionary<string, string> { ["large.json"] = """{ "triggers": { "web": { "type": "webhook", "path": "/large" } }, "steps": { "log": { "type": "log", "message": "large" } } }""" },
            fault.Environment);
        var log = new FileInfo(installation.Server.DatabaseFile + "-wal");
        var large = "{\"padding\":\"" + new string('x', 900_000) + "\"}";

        fault.Begin("checkpoint");
        for (var i = 0; i < 45; i++)
        {
            using var answer = await MainJobTests.PostAsync(installation.Server, "/hooks/large", large);
            Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode} after {i} events");
        }

        log.Refresh();
        Assert.True(log.Length > 32 << 20);
        fault.End();
    }

    [Fact]
    public async Task CallThatWasMade_IsNotMadeAgain_WhileItsEndCannotBeStored()
    {
        using var fault = await DiskFault.CreateAsync();
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var installation = await Installation.StartAsync(
            new Dictionary<string, string>
            {
                ["call.json"] = """
                    {
                      "triggers": { "web": { "type": "webhook", "path": "/call", "methods": ["POST"] } },
                      "steps": {
                        "call": { "type": "http.request", "method": "POST", "url": "RECEIVER/call", "next": "send" },
                        "send": { "type": "webhook.send", "url": "RECEIVER/after", "body": "${input.status}" }
                      }
                    }
                    """,
            },
            fault.Environment,
            async (_, arrival) =>
            {
                if (arrival.Path != "/call") return;
                called.TrySetResult();
                await answer.Task;
            });
        using var accepted = await MainJobTests.PostAsync(installation.Server, "/hooks/call", "{}");
        await called.Task.WaitAsync(Eventually.Soon);

        fault.Begin("full");
        answer.SetResult();
        await SaysAsync(installation.Server, "could not be saved");
        await IsRefusedAsync(installation.Server, "is full", "/hooks/call");
        fault.End();

        await JournalFile.EverythingEndedAsync(installation.Server);
        Assert.Single(installation.Receiver.Arrivals, arrival => arrival.Path == "/call");
        Assert.Single(installation.Receiver.Arrivals, arrival => arrival.Path == "/after");
    }

    private static Task AcknowledgesAsync(NumberedEvents events, int more)
    {
        var goal = events.Acknowledged.Count + more;
        return Eventually.HoldsAsync(() => Task.FromResult(events.Acknowledged.Count >= goal), $"{more} events more are acknowledged", TimeSpan.FromSeconds(60));
    }

    private static Task SaysAsync(ServerProcess server, string text) =>
        Eventually.HoldsAsync(() => Task.FromResult(server.Log.Contains(text, StringComparison.Ordinal)), $"the log says \"{text}\"");

    /// <summary>Waits until the server says that it cannot store, and what.</summary>
    private static async Task IsRefusedAsync(ServerProcess server, string says, string hook = "/hooks/numbers")
    {
        var last = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                using var health = await server.Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
                last = $"{health.StatusCode} {await health.Content.ReadAsStringAsync()}";
                return health.StatusCode == HttpStatusCode.ServiceUnavailable && last.Contains(says, StringComparison.Ordinal);
            },
            $"the server is not ready and says \"{says}\"",
            seen: () => $"{last}\n{server.Log}");
        using var answer = await MainJobTests.PostAsync(server, hook, """{"n":0}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    private async Task SurvivesAsync(Installation installation, NumberedEvents events, string says, Action begin, Action end)
    {
        var server = installation.Server;
        using var enough = new CancellationTokenSource();
        var sending = events.SendAsync(server, 4, 2, 1, enough.Token);
        await AcknowledgesAsync(events, 200);

        begin();
        await IsRefusedAsync(server, says);
        var before = events.Acknowledged.Count;
        for (var i = 0; i < 20; i++) await IsRefusedAsync(server, says);
        var meanwhile = events.Acknowledged.Count - before;
        end();

        await SaysAsync(server, "The journal writes again");
        await AcknowledgesAsync(events, 200);
        await enough.CancelAsync();
        await sending;
        Assert.Contains(says, server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("cannot be opened", server.Log, StringComparison.Ordinal); // said in place of what is wrong with the disk
        Assert.Equal(0, meanwhile);
        await NothingIsLostAsync(server, events);
        output.WriteLine($"{events.Sent} sent, {events.Refused} refused, {events.Acknowledged.Count} acknowledged, {events.Delivered} delivered, {events.Repeated} more than once");
    }

    private static async Task NothingIsLostAsync(ServerProcess server, NumberedEvents events)
    {
        await Eventually.HoldsAsync(() => Task.FromResult(events.AllArrived), "every acknowledged number is delivered", TimeSpan.FromMinutes(2));
        await JournalFile.EverythingEndedAsync(server, TimeSpan.FromMinutes(1));
        await server.KillAsync();
        await server.RestartAsync();
        Assert.Equal(1, JournalFile.Count(server, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"));
        Assert.Equal(0, JournalFile.Open(server));
        Assert.True(JournalFile.Count(server, "SELECT count(*) FROM events") >= events.Acknowledged.Count);
        Assert.Equal(0, events.Repeated);
    }
}

using System.Diagnostics;
using System.Net;
using Automation.Server.Runs;
using Automation.Server.Sandbox;
using Automation.Server.Tests.Sandbox;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Runs;

/// <summary>Runs that outlive their server.</summary>
public sealed class RestartTests
{
    private const string Asker =
        """
        { "name": "VERSION", "triggers": { "in": { "type": "webhook", "path": "/ask" } },
          "steps": { "before": { "type": "script", "code": "return { v: 'VERSION', at: Math.random() }", "next": "ask" },
            "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "timeout": "60s", "body": "${input.at}", "next": "tell" },
            "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": { "v": "${steps.before.output.v}", "at": "${steps.before.output.at}", "now": "VERSION" } } } }
        """;

    [Fact]
    public async Task OpenRun_EndsOnTheVersionItBeganWith_WhenTheFileChanges()
    {
        await using var server = await WorkflowServer.StartAsync();
        var gate = server.Receiver.Hold("/ask");
        var id = await server.AddAsync(Of("one"));
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        await PostAsync(server, "/hooks/ask");
        await server.Receiver.NextAsync("/ask");
        await server.ChangeAsync(id, Of("two"));
        gate.SetResult();

        var run = await server.EndAsync(ends);
        Assert.NotEqual(server.Get<WorkflowCatalog>().Current.Workflows[id].Version!.Hash, run.Version);
        Assert.Contains("\"now\":\"one\"", (await server.Receiver.NextAsync("/tell")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenRun_GoesOnAfterACrash_OnItsVersion_WithTheSameKeyAndOutputs()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/ask");
        var id = await server.AddAsync(Of("one"));
        await PostAsync(server, "/hooks/ask");
        var first = await server.Receiver.NextAsync("/ask");
        await server.ChangeAsync(id, Of("two"));
        await server.CrashAsync();

        server.Receiver.On("/ask", 200, "1");
        await server.StartAsync();
        var second = await server.Receiver.NextAsync("/ask");
        var told = (await server.Receiver.NextAsync("/tell")).Body;

        Assert.Equal((first.Key, first.Body), (second.Key, second.Body)); // Math.random() was not run again
        Assert.Contains($"\"at\":{first.Body}", told, StringComparison.Ordinal);
        Assert.Contains("\"now\":\"one\"", told, StringComparison.Ordinal);
        await EndedAsync(server, "succeeded");
    }

    [Fact]
    public async Task RunWithoutASandbox_WaitsForOne_AndDoesNoEffectAgain()
    {
        var runtime = Path.Combine(Directory.CreateTempSubdirectory("runtime").FullName, "deno");
        File.CreateSymbolicLink(runtime, SandboxRuntime.Locate(SandboxInstallation.Folder));
        await using var server = await WorkflowServer.StartAsync(("Sandbox:RuntimePath", runtime));
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/in" } },
              "steps": { "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "next": "code" }, "code": { "type": "script", "code": "return 1 + 1" } } }
            """);
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        File.Delete(runtime);
        foreach (var process in server.Get<SandboxPool>().ProcessIds) Process.GetProcessById(process).Kill();
        await PostAsync(server, "/hooks/in");
        await WorkflowServer.UntilAsync(() => server.Logged.Any(line => line.StartsWith("Error 3206:", StringComparison.Ordinal)));
        File.CreateSymbolicLink(runtime, SandboxRuntime.Locate(SandboxInstallation.Folder));

        var run = await server.EndAsync(ends);
        Assert.Equal(("succeeded", "2"), (run.State, run.Output("code")));
        await server.Receiver.NextAsync("/ask");
        Assert.Equal(0, server.Receiver.Waiting("/ask"));
        Directory.Delete(Path.GetDirectoryName(runtime)!, recursive: true);
    }

    [Fact]
    public async Task ParallelBranches_GoOnWhereTheyWere()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/right");
        await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/both" } },
              "steps": { "go": { "type": "script", "code": "return Math.random()", "next": ["left", "right"] },
                "left": { "type": "http.request", "method": "POST", "url": "RECEIVER/left", "next": "told" }, "told": { "type": "webhook.send", "url": "RECEIVER/told-left", "body": "${steps.go.output}", "next": "more" },
                "more": { "type": "http.request", "url": "RECEIVER/more" },
                "right": { "type": "http.request", "method": "POST", "url": "RECEIVER/right", "timeout": "60s", "next": "end" }, "end": { "type": "webhook.send", "url": "RECEIVER/told-right", "body": "${steps.go.output}" } } }
            """);
        await PostAsync(server, "/hooks/both");
        var left = await server.Receiver.NextAsync("/told-left"); // its delivery was saved before "more"
        await server.Receiver.NextAsync("/right");
        await server.Receiver.NextAsync("/left");
        await server.CrashAsync();
        server.Receiver.On("/right", 200);
        await server.StartAsync();

        Assert.Equal(left.Body, (await server.Receiver.NextAsync("/told-right")).Body);
        await EndedAsync(server, "succeeded");
        Assert.Equal(0, server.Receiver.Waiting("/left"));
    }

    [Fact]
    public async Task FailureOfABranch_IsNotForgotten_WhenTheServerEndsBeforeTheOthers()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/slow");
        await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/half", "respond": "result", "timeout": "60s" } },
              "steps": { "go": { "type": "log", "message": "go", "next": ["no", "say", "slow"] },
                "no": { "type": "fail", "message": "no" }, "say": { "type": "respond", "body": "${1 + 1}" },
                "slow": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "60s" } } }
            """);
        using (var answer = await server.Http.PostAsync(new Uri("/hooks/half", UriKind.Relative), WorkflowServer.Json("1")))
        {
            Assert.Equal("2", await answer.Content.ReadAsStringAsync()); // so it was saved after "no" had failed
        }

        await server.CrashAsync();
        server.Receiver.On("/slow", 200);
        await server.StartAsync();
        await EndedAsync(server, "failed");
    }

    [Fact]
    public async Task EventsOfACrash_EndInExactlyOneState_Each()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxHeld", "7"), ("Runs:MaxConcurrent", "4"));
        await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/many" } },
              "steps": { "a": { "type": "script", "code": "return event.data", "next": "b" }, "b": { "type": "http.request", "url": "RECEIVER/noted", "next": "c" }, "c": { "type": "webhook.send", "url": "RECEIVER/many", "body": "${event.data}" } } }
            """);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => PostAsync(server, "/hooks/many", $"{i}")));
        await server.CrashAsync();
        await server.StartAsync();
        await EndedAsync(server, "succeeded");

        var keys = new Dictionary<string, string>();
        while (keys.Count < 60) // more than 60 when one left just before the crash
        {
            var arrival = await server.Receiver.NextAsync("/many");
            Assert.Equal(arrival.Key, keys.TryAdd(arrival.Body, arrival.Key!) ? arrival.Key : keys[arrival.Body]);
        }

        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"{i}").Order(), keys.Keys.Order());
        Assert.Equal((60L, 60L), (server.Count("SELECT count(*) FROM events WHERE state = 'done' AND open_runs = 0"), server.Count("SELECT count(*) FROM runs WHERE ended_at IS NOT NULL")));
    }

    [Fact]
    public async Task AttemptsThatACrashCutsOff_AreMadeAgain()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/held");
        await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/held" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/held", "body": "${event.data}" } } }""");
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => PostAsync(server, "/hooks/held", $"{i}")));
        var first = await server.Receiver.NextAsync("/held");
        await server.CrashAsync();
        server.Receiver.On("/held", 200);
        await server.StartAsync();

        var bodies = new HashSet<string> { first.Body };
        while (bodies.Count < 60) bodies.Add((await server.Receiver.NextAsync("/held")).Body);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'succeeded'") == 60);
    }

    [Fact]
    public async Task StoppingServer_LetsRunsEnd()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:DrainTime", "00:01:00"), ("Server:ShutdownTime", "00:02:00"));
        var gate = server.Receiver.Hold("/ask");
        await server.AddAsync(Of("one"));
        await PostAsync(server, "/hooks/ask");
        await server.Receiver.NextAsync("/ask");
        var engine = server.Engine;
        var stop = server.StopAsync();
        await WorkflowServer.UntilAsync(() => engine.Stopping);
        gate.SetResult();
        await stop;

        Assert.Equal(0, server.Count("SELECT count(*) FROM runs WHERE ended_at IS NULL"));
    }

    [Fact]
    public async Task StoppingServer_LeavesOpenWhatDoesNotEnd_AndGoesOnAtTheNextStart()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:DrainTime", "00:00:00.100"));
        server.Receiver.Hold("/ask");
        await server.AddAsync(Of("one"));
        await PostAsync(server, "/hooks/ask");
        var first = await server.Receiver.NextAsync("/ask");
        await server.StopAsync();
        Assert.Equal(1, server.Count("SELECT count(*) FROM runs WHERE ended_at IS NULL"));

        server.Receiver.On("/ask", 200);
        await server.StartAsync();
        Assert.Equal(first.Key, (await server.Receiver.NextAsync("/ask")).Key);
        await EndedAsync(server, "succeeded");
    }

    [Fact]
    public async Task RunWhoseVersionIsGone_FailsWithTheReason()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/ask");
        var id = await server.AddAsync(Of("one"));
        await PostAsync(server, "/hooks/ask");
        await server.Receiver.NextAsync("/ask");
        await server.CrashAsync();
        server.Database.Execute("UPDATE runs SET version = 'gone'");
        await server.StartAsync();
        await EndedAsync(server, "failed");

        var run = Assert.Single((await server.GetAsync("/api/runs?workflow=" + id))["items"]!.AsArray())!;
        Assert.Equal("version_unavailable", run["error"]!["code"]!.GetValue<string>());
        Assert.Equal(0, server.Engine.Open);
    }

    [Fact]
    public async Task RunThatTheDatabaseDoesNotLetEnd_IsLeftAsItIs_AndOthersGoOn()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/ask");
        await server.AddAsync(Of("one"));
        foreach (var body in new[] { "1", "2" })
        {
            await PostAsync(server, "/hooks/ask", body);
            await server.Receiver.NextAsync("/ask");
        }

        await server.CrashAsync();
        server.Receiver.On("/ask", 200);
        server.Database.Execute("UPDATE runs SET version = 'gone' WHERE id = (SELECT min(id) FROM runs)");
        server.Database.RefuseFailures();
        await server.StartAsync();
        await server.Receiver.NextAsync("/tell");
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Contains(server.Logged, line => line.StartsWith("Error 3212", StringComparison.Ordinal));

        await server.StopAsync();
        server.Database.AllowFailures();
        await server.StartAsync();
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'failed'") == 1);
        Assert.Equal(1, server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'"));
    }

    [Fact]
    public async Task RunThatNobodyWasToldOf_IsTakenUpByTheNextPoll()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync("""{ "steps": { "a": { "type": "delay", "for": "1h" } } }""");
        await server.RunUntilItWaitsAsync(id);
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        server.Database.Execute("UPDATE runs SET state = 'running'");

        await WorkflowServer.UntilAsync(() => time.IsAwaited(time.GetUtcNow().AddSeconds(10)));
        time.Advance(TimeSpan.FromSeconds(10));

        await WorkflowServer.NextAsync(changes, "waiting"); // again
        Assert.Equal(0, server.Engine.Unclaimed);
    }

    private static string Of(string version) => Asker.Replace("VERSION", version, StringComparison.Ordinal);

    private static async Task PostAsync(WorkflowServer server, string hook, string body = "1")
    {
        using var answer = await server.Http.PostAsync(new Uri(hook, UriKind.Relative), WorkflowServer.Json(body));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    private static async Task EndedAsync(WorkflowServer server, string state)
    {
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        var runs = (await server.GetAsync("/api/runs?limit=200"))["items"]!.AsArray();
        Assert.All(runs, run => Assert.True(state == run!["state"]!.GetValue<string>(), run.ToJsonString())); // says why one failed
        Assert.Equal(0, server.Engine.Unclaimed);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Editing;
using Automation.Server.Sandbox;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Sandbox;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Editing;

public sealed class TrialTests
{
    private const string Loop = "for (;;) {}";

    [Fact]
    public async Task Run_IsNotKeptByTrialsThatLoop()
    {
        await using var server = await WorkflowServer.StartAsync(new ManualTime());
        var workflow = await server.AddAsync("""{ "steps": { "one": { "type": "script", "code": "return 1" } } }""");
        using var stop = new CancellationTokenSource();
        var evaluation = server.Get<Evaluation>();
        var looping = Enumerable.Range(0, 4).Select(_ => evaluation.RunAsync(EvaluationKind.Script, Loop, null, default, stop.Token)).ToList();

        var run = await server.RunByIdAsync(workflow);

        Assert.Equal("1", run.Node["steps"]![0]!["output"]!.ToJsonString());
        Assert.All(looping, trial => Assert.False(trial.IsCompleted));
        await stop.CancelAsync();
        foreach (var trial in looping) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trial);
    }

    [Fact]
    public async Task OldestTrialOfACaller_IsReplaced_ByOneTooMany()
    {
        await using var trials = Create();
        var begun = Enumerable.Range(0, Trials.MostOfOne).Select(_ => trials.Begin("user:ada", CancellationToken.None)!).ToList();
        using var others = trials.Begin("user:bob", CancellationToken.None);
        Assert.All(begun, trial => Assert.False(trial.Token.IsCancellationRequested));

        using var newest = trials.Begin("user:ada", CancellationToken.None)!;

        Assert.True(begun[0].IsReplaced && begun[0].Token.IsCancellationRequested);
        Trials.Trial[] left = [.. begun.Skip(1), newest, others!];
        Assert.All(left, trial => Assert.False(trial.IsReplaced));
        foreach (var trial in begun) trial.Dispose();
    }

    [Fact]
    public async Task NoTrialIsLetIn_WhileTooManyAreUnderWay()
    {
        await using var trials = Create();
        var begun = Enumerable.Range(0, Trials.Most).Select(i => trials.Begin($"user:{i}", CancellationToken.None)!).ToList();
        Assert.Null(trials.Begin("user:late", CancellationToken.None));
        begun[7].Dispose();
        using var late = trials.Begin("user:late", CancellationToken.None);
        Assert.NotNull(late);
        foreach (var trial in begun) trial.Dispose();
    }

    [Fact]
    public async Task Trial_WithTooManyUnderWay_IsAskedToWait()
    {
        await using var server = await WorkflowServer.StartAsync();
        var begun = Enumerable.Range(0, Trials.Most).Select(i => server.Get<Trials>().Begin($"user:{i}", CancellationToken.None)!).ToList();
        await server.PostAsync("/api/evaluate", """{ "kind": "expression", "text": "1" }""", 429);
        await server.PostAsync("/api/workflows/order/check", """{ "files": { "order.json": "{}" } }""", 429);
        foreach (var trial in begun) trial.Dispose();
        await EvaluateAsync(server, "return 1");
    }

    [Fact]
    public async Task IdleProcess_OfAPoolThatKeepsNone_Ends()
    {
        var time = new ManualTime();
        await using var pool = new SandboxPool(new SandboxOptions { Folder = SandboxInstallation.Folder, IdleBytes = long.MaxValue, WallTime = TimeSpan.FromHours(1) }, time, NullLogger<SandboxPool>.Instance, kept: 0);
        await pool.ValueOf(SandboxPools.Function("return 1;"));
        Assert.Equal(1, pool.ProcessCount);
        for (var minutes = 0; minutes < 30 && pool.ProcessCount > 0; minutes++) time.Advance(TimeSpan.FromMinutes(1)); // the answer is told a moment before the process counts as idle
        Assert.Equal(0, pool.ProcessCount);
        await pool.ValueOf(SandboxPools.Function("return 1;"));
    }

    [Fact]
    public async Task Trial_HasNothingOfTheOneBefore()
    {
        await using var server = await WorkflowServer.StartAsync();
        const string Counting = "globalThis.n = (globalThis.n || 0) + 1; return n";
        Assert.Equal("1", (await EvaluateAsync(server, Counting))["value"]!.ToJsonString());
        Assert.Equal("1", (await EvaluateAsync(server, Counting))["value"]!.ToJsonString());
    }

    [Fact]
    public async Task Trial_SeesTheEnvironmentThatRunsSee_AndASampleRun()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:Env:0", "PATH"));
        var seen = (await EvaluateAsync(server, "return [Object.keys(env), typeof env.PATH, Object.keys(run)]"))["value"]!;
        Assert.Equal("""[["PATH"],"string",["id","workflow","version","startedAt"]]""", seen.ToJsonString());
        var given = await server.PostAsync("/api/evaluate", """{ "kind": "expression", "text": "run.key", "run": { "key": "a" } }""", 200);
        Assert.Equal("\"a\"", given["value"]!.ToJsonString());
    }

    [Fact]
    public async Task WhatChangesNothing_IsNotInTheAuditLog()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.PostAsync("/api/workflows/order/presence", """{ "editor": "a-window-of-ada" }""", 200);
        await server.PostAsync("/api/workflows/order/check", """{ "files": { "order.json": "{}" } }""", 200);
        await EvaluateAsync(server, "return 1");
        var viewer = (await server.PostAsync("/api/tokens", """{ "name": "eve", "role": "viewer" }""", 200))["token"]!.GetValue<string>();
        using var refused = new HttpRequestMessage(HttpMethod.Post, "/api/workflows/order/presence") { Content = WorkflowServer.Json("""{ "editor": "a-window-of-eve" }""") };
        refused.Headers.Authorization = new("Bearer", viewer);
        using (var answer = await server.Http.SendAsync(refused)) Assert.Equal(403, (int)answer.StatusCode);

        Assert.Equal("makeToken", Assert.Single((await server.GetAsync("/api/audit"))["items"]!.AsArray())!["action"]!.GetValue<string>());
    }

    private static Trials Create() => new(new SandboxOptions { Folder = SandboxInstallation.Folder }, TimeProvider.System, NullLogger<SandboxPool>.Instance);

    private static Task<JsonNode> EvaluateAsync(WorkflowServer server, string code) => server.PostAsync("/api/evaluate", JsonSerializer.Serialize(new { kind = "script", text = code }), 200);
}

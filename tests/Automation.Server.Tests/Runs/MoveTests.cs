using System.Text.Json.Nodes;
using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Runs;

/// <summary>Waiting runs that go on in another version than the one they began with.</summary>
public sealed class MoveTests
{
    private const string Later =
        """{ "triggers": { "in": { "type": "manual" } }, "start": "salt", "steps": { "salt": { "type": "script", "code": "return 7", "next": "pause" }, "pause": { "type": "delay", "for": "2h", "next": "tell" }, "tell": { "type": "script", "code": "return ['before', steps.salt.output]" } } }""";

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task MovedRun_GoesOnWithTheStepsOfTheNewVersion_AtTheTimeItHad(bool crashes, bool hasKey)
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var text = hasKey ? Keyed(Later) : Later;
        var id = await server.AddAsync(text);
        var run = await server.RunUntilItWaitsAsync(id);
        var before = (await server.GetRunAsync(run)).Version;
        await server.ChangeAsync(id, text.Replace("before", "after", StringComparison.Ordinal).Replace("2h", "5h", StringComparison.Ordinal));
        var after = server.Get<WorkflowCatalog>().Current.Workflows[id].Version!.Hash;

        var dry = await MoveAsync(server, id, """{ "dryRun": true }""");
        Assert.Equal((1, run, before), (dry["matching"]!.GetValue<int>(), dry["moved"]![0]!.GetValue<string>(), (await server.GetRunAsync(run)).Version));
        var moved = await MoveAsync(server, id, $$"""{ "from": "{{before}}", "runs": ["{{run}}"] }""");
        Assert.Equal((after, run, 0), (moved["to"]!.GetValue<string>(), moved["moved"]![0]!.GetValue<string>(), moved["refused"]!.AsArray().Count));

        if (crashes)
        {
            await server.CrashAsync();
            await server.StartAsync();
        }

        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        time.Advance(TimeSpan.FromHours(2));
        var ended = await server.EndAsync(ends);
        Assert.Equal(("succeeded", "salt pause tell", """["after",7]""", after), (ended.State, ended.Path, ended.Output("tell"), ended.Version));
        var move = Assert.Single(ended.Node["moves"]!.AsArray())!;
        Assert.Equal((before, after), (move["from"]!.GetValue<string>(), move["to"]!.GetValue<string>()));
        Assert.Equal(["It has ended."], await ReasonsAsync(server, id, run));
    }

    [Theory]
    [InlineData("\"pause\"", "\"rest\"", "It waits at the step \"pause\", which the version does not have.")]
    [InlineData("\"delay\", \"for\": \"2h\"", "\"wait\", \"event\": \"x\"", "It waits at the step \"pause\", which is of the type \"wait\" in the version, not \"delay\".")]
    [InlineData("\"delay\",", "\"delay\", \"disabled\": true,", "It waits at the step \"pause\", which is switched off in the version.")]
    [InlineData("\"in\"", "\"by\"", "It was started by the trigger \"in\", which the version does not have.")]
    public async Task Run_IsRefused_WhereWhatItNamesIsNotAsItWas(string old, string now, string reason) =>
        Assert.Equal([reason], await RefusedAsync(Later, Later.Replace(old, now, StringComparison.Ordinal)));

    [Fact]
    public async Task Run_IsRefused_WhereOnlyOneOfTheVersionsHasAKey()
    {
        Assert.Equal(["It has no key, and the version orders its runs by one."], await RefusedAsync(Later, Keyed(Later)));
        Assert.Equal(["It has a key, and the version has none to order its runs by."], await RefusedAsync(Keyed(Later), Later));
    }

    [Fact]
    public async Task Run_IsRefused_WhereItsStepIsInALoop()
    {
        var looped = Later.Replace("\"salt\": { \"type\": \"script\", \"code\": \"return 7\", \"next\": \"pause\" }", "\"salt\": { \"type\": \"forEach\", \"items\": [1], \"next\": { \"item\": \"pause\" } }", StringComparison.Ordinal);
        Assert.Equal(["It waits at the step \"pause\", which is in the loop \"salt\" in the version, not outside of loops."], await RefusedAsync(Later, looped));
        Assert.Equal(["It is in the loop \"salt\", which is of the type \"script\" in the version, not \"forEach\".", "It waits at the step \"pause\", which is in no loop in the version, not in \"salt\"."], await RefusedAsync(looped, Later));
    }

    [Theory]
    [InlineData("steps.fresh.output", true)]
    [InlineData("steps['fresh'].output", true)]
    [InlineData("steps.fresh?.output", false)]
    [InlineData("steps.salt.output", false)]
    public async Task Run_IsRefused_WhereALaterStepUsesAnOutputThatItDoesNotHave(string use, bool isRefused)
    {
        var now = Later.Replace("\"salt\": {", "\"fresh\": { \"type\": \"script\", \"code\": \"return 1\", \"next\": \"salt\" }, \"salt\": {", StringComparison.Ordinal)
            .Replace("\"start\": \"salt\"", "\"start\": \"fresh\"", StringComparison.Ordinal).Replace("steps.salt.output", use, StringComparison.Ordinal);
        Assert.Equal(isRefused ? ["The step \"tell\" uses the output of \"fresh\" in the version, which has not run and will not."] : [], await RefusedAsync(Later, now));
    }

    [Fact]
    public async Task Step_ThatHasRun_IsNotRunAgain_ByTheMove()
    {
        const string text = """{ "start": "a", "steps": { "a": { "type": "script", "code": "return 1", "next": ["b", "pause"] }, "b": { "type": "script", "code": "return 2" }, "pause": { "type": "delay", "for": "1h" } } }""";
        Assert.Equal(["The step \"b\", which has run, would run again in the version."], await RefusedAsync(text, text.Replace("\"1h\"", "\"1h\", \"next\": \"b\"", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("\"event\": \"paid\"", "\"event\": \"shipped\"", "The step \"ask\" waits for something else in the version (\"event\" differs), and a wait that has begun keeps what it is for.")]
    [InlineData("\"event\": \"paid\"", "\"event\": \"paid\", \"when\": \"${true}\"", "The step \"ask\" has a \"when\" in one of the versions only, and a wait that has begun keeps whether it looks at one.")]
    [InlineData("\"timeout\": \"1h\"", "\"timeout\": \"3h\"", null)]
    public async Task Wait_KeepsWhatItIsFor(string old, string now, string? reason)
    {
        const string text = """{ "steps": { "ask": { "type": "wait", "event": "paid", "timeout": "1h" } } }""";
        Assert.Equal(reason is null ? [] : [reason], await RefusedAsync(text, text.Replace(old, now, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("\"c\": { \"type\": \"script\", \"code\": \"return 3\" }", "\"c\": { \"type\": \"script\", \"code\": \"return 3\", \"next\": \"both\" }", "Other steps lead to the join \"both\" in the version, and branches have come to it already.")]
    [InlineData("\"join\"", "\"join\", \"mode\": \"count\", \"count\": 2", "The join \"both\" waits for more or fewer branches in the version, and some have come to it already.")]
    [InlineData("\"both\": { \"type\": \"join\" }", "\"both\": { \"type\": \"join\", \"next\": \"d\" }, \"d\": { \"type\": \"script\", \"code\": \"return steps.b.output\" }", null)]
    public async Task Join_ThatBranchesHaveComeTo_HasToWaitForTheSame(string old, string now, string? reason)
    {
        const string text = """{ "start": "a", "steps": { "a": { "type": "script", "code": "return 1", "next": ["b", "c", "pause"] }, "b": { "type": "script", "code": "return 2", "next": "both" }, "c": { "type": "script", "code": "return 3" }, "pause": { "type": "delay", "for": "1h", "next": "both" }, "both": { "type": "join" } } }""";
        Assert.Equal(reason is null ? [] : [reason], await RefusedAsync(text, text.Replace(old, now, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task RunInALoop_GoesOnWithTheRounds()
    {
        const string text = """{ "steps": { "each": { "type": "forEach", "items": [1, 2], "next": { "item": "pause", "done": "sum" } }, "pause": { "type": "delay", "for": "1h", "next": "out" }, "out": { "type": "script", "code": "return 'before' + item" }, "sum": { "type": "script", "code": "return steps.each.output" } } }""";
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(text);
        var run = await server.RunUntilItWaitsAsync(id);
        await server.ChangeAsync(id, text.Replace("before", "after", StringComparison.Ordinal));
        Assert.Empty(await ReasonsAsync(server, id, run));
        using (var changes = server.Get<RunFeed>().Subscribe(id)!)
        {
            time.Advance(TimeSpan.FromHours(1));
            await WorkflowServer.NextAsync(changes, "waiting");
        }

        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("""["after1","after2"]""", (await server.EndAsync(ends)).Output("sum"));
    }

    [Fact]
    public async Task RoundsThatWaitAtOneStep_AreRefusedWithOneReason()
    {
        const string text = """{ "steps": { "each": { "type": "forEach", "items": [1, 2, 3], "concurrency": 3, "next": { "item": "pause" } }, "pause": { "type": "delay", "for": "1h" } } }""";
        Assert.Equal(["It waits at the step \"pause\", which the version does not have."], await RefusedAsync(text, text.Replace("pause", "rest", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task RunThatWakesMeanwhile_StaysOnItsVersion()
    {
        await using var server = await WorkflowServer.StartAsync(new ManualTime());
        var id = await server.AddAsync(Later);
        var run = await server.RunUntilItWaitsAsync(id);
        Assert.True(PublicId.TryParse(PublicId.Run, run, out var key));
        var journal = server.Get<Journal>();
        var seen = new MovableRunRead(key, id);
        await journal.CommitAsync(seen);
        var stale = new RunMoved(key, seen.Version, "x", Json.Parse("{}"), Json.Parse("[]"));
        var other = new RunMoved(key, "x", "y", seen.Snapshot!.Value, Json.Parse("[]"));
        await journal.CommitAsync(stale, other);
        Assert.Equal((false, false, seen.Version), (stale.Moved, other.Moved, (await server.GetRunAsync(run)).Version));
    }

    [Fact]
    public async Task ManyRuns_AreMovedAPageACall_AndBadRequestsAreExplained()
    {
        await using var server = await WorkflowServer.StartAsync(new ManualTime());
        var id = await server.AddAsync(Later);
        for (var i = 0; i < 3; i++) await server.RunUntilItWaitsAsync(id);
        await server.ChangeAsync(id, Later.Replace("before", "after", StringComparison.Ordinal));
        var first = await MoveAsync(server, id, """{ "limit": 2 }""");
        Assert.Equal((3, 2), (first["matching"]!.GetValue<int>(), first["moved"]!.AsArray().Count));
        var second = await MoveAsync(server, id, $$"""{ "limit": 2, "after": "{{first["next"]!.GetValue<string>()}}" }""");
        Assert.Equal((1, true), (second["moved"]!.AsArray().Count, second["next"] is null));
        Assert.Equal(0, (await MoveAsync(server, id, ""))["matching"]!.GetValue<int>());
        foreach (var bad in new[] { "null", "[]", """{ "too": 1 }""", """{ "runs": ["x"] }""", """{ "limit": 0 }""" }) await server.PostAsync($"/api/workflows/{id}/runs/move", bad, 400);
        await server.PostAsync($"/api/workflows/{id}/runs/move", """{ "to": "0123456789abcdef" }""", 404);
        await server.PostAsync("/api/workflows/none/runs/move", "", 404);
    }

    private static string Keyed(string text) => text.Replace("{ \"triggers\"", "{ \"key\": \"k\", \"triggers\"", StringComparison.Ordinal);

    private static async Task<string[]> RefusedAsync(string old, string now)
    {
        await using var server = await WorkflowServer.StartAsync(new ManualTime());
        var id = await server.AddAsync(old);
        var run = await server.RunUntilItWaitsAsync(id);
        await server.ChangeAsync(id, now);
        return await ReasonsAsync(server, id, run);
    }

    private static Task<JsonNode> MoveAsync(WorkflowServer server, string id, string body) => server.PostAsync($"/api/workflows/{id}/runs/move", body, 200);

    /// <summary>Moves a run to the active version and returns why it was refused; empty when it was moved.</summary>
    private static async Task<string[]> ReasonsAsync(WorkflowServer server, string id, string run)
    {
        var answer = await MoveAsync(server, id, $$"""{ "runs": ["{{run}}"] }""");
        if (answer["moved"]!.AsArray().Count == 1) return [];
        return [.. Assert.Single(answer["refused"]!.AsArray())!["reasons"]!.AsArray().Select(reason => reason!.GetValue<string>())];
    }
}

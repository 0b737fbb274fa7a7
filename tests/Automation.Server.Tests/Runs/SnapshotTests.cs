using System.Text;
using Automation.Server.Runs;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Tests.Runs;

public sealed class SnapshotTests
{
    private static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);

    [Fact]
    public void Snapshot_ComesBackAsItWas()
    {
        var root = new Frame(null, 0) { Outputs = { ["a"] = new("done", Json.Parse(""" {"x":"\ud800","big":12345678901234567890} """)) }, Last = Json.Parse("8"), LastNumber = 6 };
        var snapshot = new RunSnapshot(
            7,
            Json.Parse("""{"v":1.0}"""),
            root,
            [
                new Token("b", null, Json.Parse("[9]"), "", false, root),
                new Token("c", 3, Json.Parse("\"ü\""), ".a.b", true, root)
                {
                    Round = 2,
                    Earlier = new Tries(3, [new LogLine("warn", "no")]),
                    Wait = new Wait(99, "c", Time, Time, "m", Json.Parse("{}")),
                },
            ])
        {
            Failure = new RunFailure("x", new StepError("code", "Message.", Line: 3, Details: Json.Parse("[1]"))),
            IsStopped = true,
        };
        var read = RunSnapshot.Read(snapshot.Write(), () => Json.Parse("[9]"));

        Assert.Equal((7, snapshot.Variables, snapshot.Failure, true), (read.Count, read.Variables, read.Failure, read.IsStopped));
        Assert.Equal((Json.Parse("8"), 6, 2), (read.Root.Last, read.Root.LastNumber, read.Root.Members));
        Assert.Equal(snapshot.Tokens[0] with { Frame = read.Root }, read.Tokens[0]);
        var (before, after) = (snapshot.Tokens[1], read.Tokens[1]);
        Assert.Equal((before.Step, before.From, before.Input, before.Iteration, before.Handling, before.Round, before.Wait), (after.Step, after.From, after.Input, after.Iteration, after.Handling, after.Round, after.Wait));
        Assert.Equal((3, "no"), (after.Earlier!.Attempts, after.Earlier.Lines[0].Text));
        Assert.Equal("""{"x":"\ud800","big":12345678901234567890}""", read.Root.Outputs["a"].Output.ToString());
    }

    [Fact]
    public void Snapshot_HasLoopsInLoops_WithTheirResults()
    {
        var root = new Frame(null, 0);
        var outer = new Loop(new Token("each", 1, Json.Parse("[1,2]"), "", false, root), 2, new LoopPlan([Json.Parse("1"), Json.Parse("2")], 2, ItemErrorPolicy.Collect), Time) { Next = 2 };
        outer.Results[0] = Json.Null;
        var round = new Frame(outer, 1) { Last = Json.Parse("2"), LastNumber = 2 };
        var inner = new Loop(new Token("again", 3, Json.Parse("5"), round.Iteration, false, round) { Round = 4 }, 5, new LoopPlan(null, 1, ItemErrorPolicy.Fail), Time);
        var body = new Frame(inner, 4) { Failure = new RunFailure("y", new StepError("c", "m")) };
        var read = RunSnapshot.Read(new RunSnapshot(5, Json.Parse("{}"), root, [new Token("work", 5, Json.Parse("5"), body.Iteration, false, body)]).Write(), () => Json.Null);

        var token = Assert.Single(read.Tokens);
        Assert.Equal(".each[1].again[4]", token.Frame.Iteration);
        Assert.Equal("y", token.Frame.Failure!.Step);
        Assert.Equal((1, 4), (token.Frame.Loop!.Running, token.Frame.Loop.At.Round));
        var around = token.Frame.Parent!;
        Assert.Equal((Json.Parse("2"), 1, 1), (around.Item, around.Index, around.Members));
        Assert.Equal([Json.Null, null], around.Loop!.Results);
        Assert.Equal((2, ItemErrorPolicy.Collect, 1), (around.Loop.Next, around.Loop.Plan.OnItemError, read.Root.Members));
        Assert.Same(read.Root, around.Parent);
    }

    [Fact]
    public void Snapshot_HasOpenJoins_AndThoseThatAreDone()
    {
        var root = new Frame(null, 0);
        root.Joins["open"] = new Join("open", root, Time) { Count = 2, From = 4, Arrived = { ["a"] = Json.Parse("1"), ["b"] = Json.Null }, Wait = new Wait(5, "open", Time, Time, null, Json.Null) };
        root.Joins["done"] = new Join("done", root, Time) { IsDone = true };
        var read = RunSnapshot.Read(new RunSnapshot(4, Json.Parse("{}"), root, [new Token("c", 4, Json.Null, "", false, root)]).Write(), () => Json.Null);

        Assert.Equal(2, read.Root.Members); // the token and the open join
        var join = read.Root.Joins["open"];
        Assert.Equal((2, 4, 5L, "a b"), (join.Count, join.From, join.Wait!.Id, string.Join(' ', join.Arrived.Keys)));
        Assert.True(read.Root.Joins["done"].IsDone);
    }

    [Fact]
    public void Snapshot_TakesValuesOfAnyDepth()
    {
        var deep = Json.Parse(new StringBuilder().Append('[', 5000).Append(']', 5000).ToString());
        var root = new Frame(null, 0) { Outputs = { ["a"] = new("done", deep) } };
        Assert.Equal(deep, RunSnapshot.Read(new RunSnapshot(1, Json.Parse("{}"), root, []).Write(), () => Json.Null).Root.Outputs["a"].Output);
    }
}

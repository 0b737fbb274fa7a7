using System.Text;
using Automation.Server.Runs;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Tests.Runs;

public sealed class RunPartsTests
{
    [Fact]
    public void Snapshot_ComesBackAsItWas()
    {
        var snapshot = new RunSnapshot(
            7,
            Json.Parse("""{"v":1.0}"""),
            new Dictionary<string, StepOutput> { ["a"] = new("done", Json.Parse(""" {"x":"\ud800","big":12345678901234567890} """)) },
            [new Token("b", null, Json.Parse("[9]"), "", false), new Token("c", 3, Json.Parse("\"ü\""), ".a.b", true)])
        {
            Failure = new RunFailure("x", new StepError("code", "Message.", Line: 3, Details: Json.Parse("[1]"))),
        };
        var read = RunSnapshot.Read(snapshot.Write(), () => Json.Parse("[9]"));

        Assert.Equal((7, snapshot.Variables, snapshot.Failure), (read.Count, read.Variables, read.Failure));
        Assert.Equal(snapshot.Tokens, read.Tokens);
        Assert.Equal("""{"x":"\ud800","big":12345678901234567890}""", read.Outputs["a"].Output.ToString());
    }

    [Fact]
    public void Snapshot_TakesValuesOfAnyDepth()
    {
        var deep = Json.Parse(new StringBuilder().Append('[', 5000).Append(']', 5000).ToString());
        var snapshot = new RunSnapshot(1, Json.Parse("{}"), new Dictionary<string, StepOutput> { ["a"] = new("done", deep) }, []);
        Assert.Equal(deep, RunSnapshot.Read(snapshot.Write(), () => Json.Null).Outputs["a"].Output);
    }

    [Fact]
    public void Window_HasRoom_UntilItsRunsOrBytesAreTaken()
    {
        var window = new RunWindow(3, 100);
        Assert.True(window.TryEnter(2, 50));
        Assert.False(window.TryEnter(2, 10));
        Assert.False(window.TryEnter(1, 51));
        Assert.True(window.TryEnter(1, 50));
        Assert.Equal((0, 3, 0L), (window.Room, window.Runs, window.RoomBytes));
    }

    [Fact]
    public void Window_LetsOneIn_LargerThanItself_WhenNothingElseIsThere()
    {
        var window = new RunWindow(3, 100);
        Assert.True(window.TryEnter(1, 500));
        Assert.False(window.TryEnter(1, 0));
        Assert.Equal(0, window.Room);
    }

    [Fact]
    public void Window_SaysWhenOneLeft()
    {
        var window = new RunWindow(3, 100);
        var left = 0;
        window.Left += () => left++;
        window.Enter(10);
        window.Leave(1, 10);
        Assert.Equal((1, 0, 100L), (left, window.Runs, window.RoomBytes));
    }
}

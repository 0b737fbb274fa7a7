namespace Automation.Server.Tests.Workflows;

public sealed class GraphTests
{
    private readonly Compiling compiling = new();

    [Fact]
    public async Task Start_IsTheOneStepNothingPointsTo()
    {
        var version = await compiling.VersionAsync(Steps("b: a", "a: "));
        Assert.Equal("b", version.Start);
    }

    [Fact]
    public async Task Start_LeavesOutTheErrorStep()
    {
        var version = await compiling.VersionAsync(Steps("a: b", "b: ", "e: ").Replace("{ \"steps\"", "{ \"onError\": \"e\", \"steps\"", StringComparison.Ordinal));
        Assert.Equal("a", version.Start);
    }

    [Fact]
    public async Task TwoPossibleStarts_AreAProblem_ThatNamesThem()
    {
        var problem = await compiling.OnlyProblemAsync(Steps("a: c", "b: c", "c: "));
        Assert.Contains("nothing leads to a, b", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cycle_IsRefused_AndNamed()
    {
        var problem = await compiling.OnlyProblemAsync(Steps("a: b", "b: c", "c: b"));
        Assert.Equal("/steps/c/next", problem.Pointer);
        Assert.Contains("b → c → b form a cycle", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CycleOfAllSteps_IsOneProblem()
    {
        var problem = await compiling.OnlyProblemAsync(Steps("a: b", "b: a"));
        Assert.Contains("a → b → a", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoWaysToAStep_AreNoCycle() => await compiling.VersionAsync(Steps("a: b c", "b: d", "c: d", "d: "));

    [Fact]
    public async Task UnreachableStep_IsAProblem()
    {
        var problem = await compiling.OnlyProblemAsync(Steps("a: ", "b: ").Replace("{ \"steps\"", "{ \"start\": \"a\", \"steps\"", StringComparison.Ordinal));
        Assert.Equal("/steps/b", problem.Pointer);
        Assert.StartsWith("Nothing leads to \"b\"", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MisspeltArrow_IsOneProblem_NotAlsoAnUnreachableStep()
    {
        var problem = await compiling.OnlyProblemAsync(Steps("begin: finsh", "finish: "));
        Assert.Equal("There is no step \"finsh\". Did you mean \"finish\"?", problem.Message);
    }

    [Fact]
    public async Task UnknownStartAndErrorStep_AreProblems()
    {
        var compiled = await compiling.FileAsync(Steps("a: ").Replace("{ \"steps\"", "{ \"start\": \"zzz\", \"onError\": \"yyy\", \"steps\"", StringComparison.Ordinal));
        Assert.Contains(compiled.Problems, p => p.Pointer == "/start");
        Assert.Contains(compiled.Problems, p => p.Pointer == "/onError");
    }

    [Fact]
    public async Task TriggersThatAllNameTheirStart_NeedNoOther()
    {
        var version = await compiling.VersionAsync(Steps("a: ", "b: ").Replace("{ \"steps\"", """{ "triggers": { "x": { "type": "hook", "path": "/x", "start": "a" }, "y": { "type": "hook", "path": "/y", "start": "b" } }, "steps" """, StringComparison.Ordinal));
        Assert.Equal(("a", "b"), (version.Triggers["x"].Start, version.Triggers["y"].Start));
    }

    [Fact]
    public async Task NoSteps_IsAProblem() => Assert.Contains("at least one step", (await compiling.OnlyProblemAsync("{}")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task ThousandsOfStepsInARow_Compile()
    {
        var version = await compiling.VersionAsync(Steps([.. Enumerable.Range(0, 5000).Select(i => $"s{i}: s{i + 1}"), "s5000: "]));
        Assert.Equal("s0", version.Start);
    }

    /// <summary>Log steps, each as <c>id: target target</c>.</summary>
    private static string Steps(params string[] steps) => "{ \"steps\": { " + string.Join(", ", steps.Select(s =>
    {
        var (id, targets) = (s[..s.IndexOf(':', StringComparison.Ordinal)], s[(s.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var next = targets.Length == 1 ? $"\"{targets[0]}\"" : "[" + string.Join(", ", targets.Select(t => $"\"{t}\"")) + "]";
        return $$"""
            "{{id}}": { "type": "log", "message": "x", "next": {{next}} }
            """.Trim();
    })) + " } }";
}

using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>The committed JSON Schema, in the hands of a validator that is not ours.</summary>
public sealed class SchemaTests : IDisposable
{
    private readonly ScratchFolder scratch = new();

    [Fact]
    public async Task EveryExample_FitsTheSchema()
    {
        var folder = Repository.PathOf("workflows");
        var files = Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories).Where(f => !f.EndsWith(".schema.json", StringComparison.Ordinal)).ToLookup(f => f.EndsWith(".tests.json", StringComparison.Ordinal));

        var workflows = await ValidateAsync([.. files[false]]);
        var tests = await ValidateAgainstAsync("tests.schema.json", [.. files[true]]);

        Assert.True(files[false].Count() >= 5);
        Assert.NotEmpty(files[true]);
        Assert.True(workflows.ExitCode == 0, workflows.All);
        Assert.True(tests.ExitCode == 0, tests.All);
    }

    [Theory]
    [InlineData("""{ "steps": {} }""", " /steps ")]
    [InlineData("""{ "stpes": {}, "steps": { "a": { "type": "log", "message": "x" } } }""", "\"stpes\"")]
    [InlineData("""{ "steps": { "A": { "type": "log", "message": "x" } } }""", "\"A\"")]
    [InlineData("""{ "steps": { "a": { "type": "webhook.sned" } } }""", " /steps/a/type ")]
    [InlineData("""{ "steps": { "a": { "type": "webhook.send" } } }""", "\"url\"")]
    [InlineData("""{ "steps": { "a": { "type": "webhook.send", "url": "https://x/", "maxAttempts": 99 } } }""", " /steps/a/maxAttempts ")]
    [InlineData("""{ "steps": { "a": { "type": "log", "message": "x", "timeout": "soon" } } }""", " /steps/a/timeout ")]
    [InlineData("""{ "steps": { "a": { "type": "log", "message": "x", "next": { "done": 5 } } } }""", " /steps/a/next/done ")]
    [InlineData("""{ "triggers": { "t": { "type": "mqtt", "topic": "a", "qos": 3 } }, "steps": { "a": { "type": "log", "message": "x" } } }""", " /triggers/t/qos ")]
    public async Task Mistake_DoesNotFitTheSchema(string workflow, string expected)
    {
        var said = await ValidateAsync(scratch.Write("bad.json", workflow));

        Assert.Equal(1, said.ExitCode);
        Assert.Contains(expected, said.Output, StringComparison.Ordinal);
    }

    public void Dispose() => scratch.Dispose();

    private static Task<CommandResult> ValidateAsync(params string[] files) => ValidateAgainstAsync("workflow.schema.json", files);

    private static Task<CommandResult> ValidateAgainstAsync(string schema, string[] files) =>
        Shell.RunAsync("node", [Repository.PathOf("tests", "schema", "check.mjs"), Repository.PathOf("workflows", schema), .. files]);
}

using System.Runtime.CompilerServices;
using System.Text;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.TestCases;

namespace Automation.Server.Tests.Workflows;

public sealed class TestCaseFileTests
{
    [Fact]
    public async Task Schema_IsTheCommittedOne()
    {
        var path = Path.Combine(Root(), "workflows", "tests.schema.json");
        var made = Encoding.UTF8.GetString(TestCaseFile.Schema());
        if (Environment.GetEnvironmentVariable("UPDATE_GENERATED") == "1") await File.WriteAllTextAsync(path, made);
        Assert.Equal(await File.ReadAllTextAsync(path), made);
    }

    [Theory]
    [InlineData("""{ "$schema": "./tests.schema.json", "cases": {} }""")]
    [InlineData("""{ "cases": { "a": { "trigger": "hook", "event": {} } } }""")]
    [InlineData("""{ "cases": { "a b, ü": { "trigger": "hook", "event": { "data": null, "headers": { "authorization": "•••" } }, "expect": { "state": "waiting", "steps": { "x": {} } } } } }""")]
    [InlineData("""{ "cases": { "a": { "trigger": "hook", "event": { "data": 1 }, "expect": { "steps": { "x": { "outcome": "done", "output": [1] } } } } } }""")]
    public void GoodFile_HasNoProblems(string text) => Assert.Empty(TestCaseFile.Problems("order.tests.json", ScriptFile.Of(text), null));

    [Theory]
    [InlineData("", "", "not a list of test cases")]
    [InlineData("[]", "", "Expected a list of test cases")]
    [InlineData("{}", "", "\"cases\" is missing")]
    [InlineData("""{ "cases": [] }""", "/cases", "")]
    [InlineData("""{ "cases": {}, "csaes": {} }""", "/csaes", "Did you mean \"cases\"?")]
    [InlineData("""{ "cases": { "a": { "event": {} } } }""", "/cases/a", "\"trigger\" is missing")]
    [InlineData("""{ "cases": { "a": { "trigger": "hook" } } }""", "/cases/a", "\"event\" is missing")]
    [InlineData("""{ "cases": { "a": { "trigger": "hook", "event": [1] } } }""", "/cases/a/event", "")]
    [InlineData("""{ "cases": { "a": { "trigger": "hook", "event": {}, "expect": { "state": "good" } } } }""", "/cases/a/expect/state", "succeeded")]
    [InlineData("""{ "cases": { " ": { "trigger": "hook", "event": {} } } }""", "/cases/ ", "1 to 100 characters")]
    [InlineData("""{ "cases": { "a": { "trigger": "hook", "event": { "headers": { "Authorization": "Bearer x" } } } } }""", "/cases/a/event/headers/Authorization", "remove it")]
    [InlineData("""{ "cases": { "a": { "trigger": "hook", "event": { "headers": { "x-hub-signature-256": "sha256=0" } } } } }""", "/cases/a/event/headers/x-hub-signature-256", "remove it")]
    [InlineData("""{ "cases": { "a": { "trigger": "hook", "event": { "headers": { "x-api-key": 5 } } } } }""", "/cases/a/event/headers/x-api-key", "remove it")]
    public void Mistake_IsNamedWithItsPlace(string text, string place, string sentence)
    {
        var problem = Assert.Single(TestCaseFile.Problems("order.tests.json", ScriptFile.Of(text), null));

        Assert.Equal(("order.tests.json", place), (problem.File, problem.Pointer));
        Assert.Contains(sentence, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DeepAndLargeText_IsRefused_NotFollowed()
    {
        Assert.Single(TestCaseFile.Problems("order.tests.json", ScriptFile.Of($$"""{"cases":{{string.Concat(Enumerable.Repeat("""{"a":""", 10_000))}}"""), null));
        Assert.Single(TestCaseFile.Problems("order.tests.json", ScriptFile.Of("""{ "cases": { "NAME": { "trigger": "a", "event": {} } } }""".Replace("NAME", new string('n', 500_000), StringComparison.Ordinal)), null));
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}

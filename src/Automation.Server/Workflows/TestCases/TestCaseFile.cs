using System.Text.Json;
using Automation.Server.Triggers.Webhooks.Requests;
using Automation.Server.Values;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Workflows.TestCases;

/// <summary>Reads <c>ID.tests.json</c>, and lists every mistake with its place. A mistake there keeps no version from being active.</summary>
internal static class TestCaseFile
{
    /// <summary>What follows a workflow's id in the file's name.</summary>
    public const string Ending = ".tests.json";

    private const int LongestName = 100;

    /// <summary>The JSON Schema of such files, as <c>workflows/tests.schema.json</c> holds it.</summary>
    public static byte[] Schema() => ConfigSchema.FileOf(typeof(TestCaseList), "Test cases");

    /// <summary>None for a file that is missing: a workflow needs no test cases.</summary>
    /// <param name="path">Of the file, below the workflows folder.</param>
    /// <param name="text">Its text.</param>
    /// <param name="version">Of the workflow; null where that has mistakes itself: then nobody can say what it has.</param>
    public static IReadOnlyList<Problem> Problems(string path, ScriptFile text, WorkflowVersion? version)
    {
        if (text.IsMissing) return [];
        var (file, problems) = ConfigFile.Read<TestCaseList>(path, text, "a list of test cases");
        foreach (var (name, test) in file?.Cases ?? new Dictionary<string, TestCase>())
        {
            var pointer = "/cases/" + JsonPointer.Escape(name);
            if (name.Trim().Length == 0 || name.Length > LongestName) problems.AddAtName(pointer, $"A test case's name has 1 to {LongestName} characters.");
            if (version is not null && !version.Triggers.ContainsKey(test.Trigger)) problems.Add(pointer + "/trigger", $"There is no trigger \"{test.Trigger}\" in the workflow.{Suggestion.For(test.Trigger, version.Triggers.Keys)}");
            foreach (var step in test.Expect?.Steps?.Keys ?? [])
            {
                if (version?.Steps.ContainsKey(step) is false) problems.AddAtName($"{pointer}/expect/steps/{JsonPointer.Escape(step)}", $"There is no step \"{step}\" in the workflow.{Suggestion.For(step, version.Steps.Keys)}");
            }

            foreach (var header in Credentials(test.Event)) problems.Add($"{pointer}/event/headers/{JsonPointer.Escape(header)}", $"The header \"{header}\" lets its sender in, and files of workflows are committed: remove it.");
        }

        return problems.All;
    }

    private static IEnumerable<string> Credentials(IReadOnlyDictionary<string, Json> test)
    {
        if (!test.TryGetValue("headers", out var json)) return [];
        using var headers = json.ToDocument();
        return headers.RootElement.ValueKind is not JsonValueKind.Object ? [] : [.. headers.RootElement.EnumerateObject().Where(h => RequestMasking.IsProof(h.Name) && !(h.Value.ValueKind is JsonValueKind.String && h.Value.ValueEquals(RequestMasking.Hidden))).Select(h => h.Name)];
    }
}

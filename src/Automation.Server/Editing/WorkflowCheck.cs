using System.Text;
using Automation.Server.Access;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.TestCases;

namespace Automation.Server.Editing;

/// <summary>Checks files that are not saved.</summary>
/// <param name="folder">Has the files that are not given.</param>
/// <param name="reader">Knows which files are others'.</param>
/// <param name="compiler">Has scripts parsed where trials run.</param>
internal sealed class WorkflowCheck(WorkflowFolder folder, WorkflowReader reader, WorkflowCompiler compiler)
{
    /// <summary>What would be wrong with the workflow if these files were saved.</summary>
    /// <param name="workflowId">Whose.</param>
    /// <param name="texts">Path below the workflows folder → text, null for one that is deleted; the others are as they are on disk.</param>
    /// <param name="caller">Who asks: what another's workflow names is not read for him, unless this one names it on disk.</param>
    /// <param name="cancellation">Ends the check of the scripts.</param>
    public async Task<IReadOnlyList<Problem>> RunAsync(string workflowId, IReadOnlyDictionary<string, string?> texts, Caller caller, CancellationToken cancellation)
    {
        var name = WorkflowFiles.NameOf(workflowId);
        var bytes = texts.TryGetValue(name, out var text) ? text is null ? null : Encoding.UTF8.GetBytes(text) : folder.ReadWorkflow(workflowId, out _);
        if (bytes is null) return [new Problem(name, "", "There is no workflow file to check.")];
        var named = folder.ReadText(name).Text is { } own ? reader.NamedBy(workflowId, own).ToHashSet(StringComparer.Ordinal) : [];
        var compiled = await compiler.CompileAsync(workflowId, bytes, Read, cancellation);
        var tests = WorkflowFiles.TestsOf(workflowId);
        return [.. compiled.Problems, .. TestCaseFile.Problems(tests, Given(tests) ?? folder.ReadText(tests), compiled.Version)];

        ScriptFile Read(string file)
        {
            var path = WorkflowFolder.PathOf(workflowId, file);
            if (!named.Contains(path) && reader.RefuseOthers(workflowId, path, caller) is { } others) return ScriptFile.Failed(others);
            return Given(path) ?? folder.ReadScript(workflowId, file);
        }

        ScriptFile? Given(string path)
        {
            if (!texts.TryGetValue(path, out var given)) return null;
            return given is null ? ScriptFile.Failed($"There is no file \"{path}\" any more.") with { IsMissing = true } : ScriptFile.FromBytes(path, Encoding.UTF8.GetBytes(given));
        }
    }
}

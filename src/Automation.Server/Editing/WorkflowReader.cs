using Automation.Server.Access;
using Automation.Server.Workflows;

namespace Automation.Server.Editing;

/// <summary>Reads the files of a workflow as somebody may see them. Nothing is compiled: files with mistakes are read too, and without a sandbox.</summary>
internal sealed class WorkflowReader(WorkflowFolder folder, WorkflowCatalog catalog)
{
    /// <summary>Null when there is no file of the workflow.</summary>
    public WorkflowFiles? Read(string workflowId, Caller caller) => Read(workflowId, caller, []);

    /// <summary>With some that the workflow does not name yet. Null when none is there.</summary>
    public WorkflowFiles? Read(string workflowId, Caller caller, IEnumerable<string> more)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var hidden = new Dictionary<string, HiddenFile>(StringComparer.Ordinal);
        Add(WorkflowFiles.NameOf(workflowId));
        Add(WorkflowFiles.LayoutOf(workflowId));
        Add(WorkflowFiles.TestsOf(workflowId));
        if (texts.TryGetValue(WorkflowFiles.NameOf(workflowId), out var own))
        {
            foreach (var path in NamedBy(workflowId, own)) Add(path);
        }

        foreach (var path in more) Add(path);
        return texts.Count + hidden.Count == 0 ? null : new WorkflowFiles(workflowId, texts, hidden);

        void Add(string path)
        {
            if (texts.ContainsKey(path) || hidden.ContainsKey(path)) return;
            var stamp = folder.Stamp(path);
            var file = folder.ReadText(path);
            if (file.IsMissing) return;
            if ((RefuseOthers(workflowId, path, caller) ?? file.Problem) is { } reason) hidden[path] = new HiddenFile(reason, stamp);
            else texts[path] = file.Text!;
        }
    }

    /// <summary>Why a caller who is limited to some workflows may neither see nor write a file: another workflow names it. Null when he may.</summary>
    public string? RefuseOthers(string workflowId, string path, Caller caller) =>
        catalog.Current.Workflows.Values.FirstOrDefault(other => other.WorkflowId != workflowId && !caller.IsFor(other.WorkflowId) && IsNamedBy(other, path)) is { } owner
            ? $"\"{path}\" is of the workflow \"{owner.WorkflowId}\" too, and this token is for {string.Join(", ", caller.Names)} only."
            : null;

    // What has mistakes may never have had a version that names it.
    private bool IsNamedBy(WorkflowState other, string path) =>
        other.Scripts.Contains(path) || (other.Problems.Count > 0 && folder.ReadText(WorkflowFiles.NameOf(other.WorkflowId)).Text is { } text && NamedBy(other.WorkflowId, text).Contains(path));

    /// <summary>Paths of the scripts and schemas that a workflow's text names, present or not; with those of its version where the text cannot be read to its end.</summary>
    public IEnumerable<string> NamedBy(string workflowId, string text)
    {
        var named = NamedFiles.In(text);
        var paths = named.Paths.Select(file => WorkflowFolder.PathOf(workflowId, file));
        return named.IsWhole || !catalog.Current.Workflows.TryGetValue(workflowId, out var state) ? paths : paths.Concat(state.Scripts);
    }
}

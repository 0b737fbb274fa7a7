using Automation.Server.Access;
using Automation.Server.Storage;
using Automation.Server.Workflows;
using Automation.Server.Workflows.TestCases;

namespace Automation.Server.Editing;

/// <summary>Writes the files of a workflow for people at a designer.</summary>
/// <remarks>
/// The files stay the source of truth (ADR 9): what is saved is in force as what an editor or git puts there. Nobody overwrites what he has not seen: who saves says what the files were like when he
/// read them, and a file that he was not shown is shown instead of written. One save at a time in the folder, whichever process makes it; a save is put in place as a whole, the workflow's own file
/// after its scripts, so that it never names what is not there yet.
/// </remarks>
internal sealed class WorkflowEditor(WorkflowFolder folder, WorkflowReader reader, WorkflowCatalog catalog, GitWorkTree git, Journal journal, TimeProvider time) : IDisposable
{
    /// <summary>Most files in one save.</summary>
    public const int MaxFiles = 64;

    private readonly SemaphoreSlim saving = new(1);

    /// <summary>Writes the files if they are on disk as they were when the author read them.</summary>
    /// <param name="workflowId">Whose; one that <see cref="WorkflowFolder.IsWorkflowId"/> lets pass.</param>
    /// <param name="basis">Their <see cref="WorkflowFiles.Base"/> then; null when there were none.</param>
    /// <param name="texts">Path → text, null to delete; each one passed <see cref="WrittenPath.Refuse"/>.</param>
    /// <param name="commit">Commits them too; null for files alone.</param>
    /// <param name="caller">The author.</param>
    /// <param name="cancellation">Up to the first write.</param>
    /// <exception cref="IOException">A file cannot be written; none is, unless the disk fails between two renames.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public async Task<SaveResult> SaveAsync(string workflowId, string? basis, IReadOnlyDictionary<string, string?> texts, CommitRequest? commit, Caller caller, CancellationToken cancellation)
    {
        Dictionary<string, string> places;
        WorkflowFiles? written;
        await saving.WaitAsync(cancellation);
        try
        {
            Directory.CreateDirectory(folder.Root);
            using var held = await FolderLock.TakeAsync(folder.Root, time, cancellation);
            var present = Present(workflowId, texts, caller);
            if (Refuse(workflowId, texts, caller, present.All) is { } refused) return new SaveResult(Saved: false, present.All, null) { Refused = refused };
            if (!present.WasSeenBy(basis)) return new SaveResult(Saved: false, present.All, null);
            places = texts.Keys.ToDictionary(path => path, folder.PlaceOf, StringComparer.Ordinal);
            var own = WorkflowFiles.NameOf(workflowId);
            using var batch = FileBatch.Prepare(folder, texts.OrderBy(file => file.Key == own).Select(file => KeyValuePair.Create(places[file.Key], file.Value)));
            var now = Present(workflowId, texts, caller); // others than servers take no lock
            if (!now.WasSeenBy(basis)) return new SaveResult(Saved: false, now.All, null);
            batch.Place();
            written = reader.Read(workflowId, caller); // at once: what somebody else writes from now on is not what the author knows
        }
        catch (RefusedPathException refused)
        {
            return new SaveResult(Saved: false, null, null) { Refused = refused.Message };
        }
        finally
        {
            saving.Release();
        }

        await catalog.RefreshAsync(new Look { Paths = texts.Keys.ToHashSet(StringComparer.Ordinal) }, CancellationToken.None);
        var state = catalog.Current.Workflows.GetValueOrDefault(workflowId);
        var tests = WorkflowFiles.TestsOf(workflowId);
        var problems = TestCaseFile.Problems(tests, folder.ReadText(tests), state is { Problems.Count: 0 } ? state.Version : null);
        var committed = commit is null ? null : await git.CommitAsync(folder.RealRoot!, [.. places.Values.Distinct()], commit, () => IsAsSaved(texts));
        if (committed?.Hash is { } hash && state?.Files is { } files && !texts.Keys.All(path => path == tests || path == WorkflowFiles.LayoutOf(workflowId))) await NoteAsync(new VersionCommitted(workflowId, files, hash));
        return new SaveResult(Saved: true, written, committed) { TestProblems = problems };
    }

    public void Dispose() => saving.Dispose();

    private bool IsAsSaved(IReadOnlyDictionary<string, string?> texts) => texts.All(file => folder.ReadText(file.Key).Text == file.Value);

    private async Task NoteAsync(VersionCommitted commit)
    {
        try
        {
            await journal.CommitAsync(commit);
        }
        catch (JournalException)
        {
            // The journal says in the log what is wrong with it; the files are saved and committed.
        }
    }

    private PresentFiles Present(string workflowId, IReadOnlyDictionary<string, string?> texts, Caller caller)
    {
        var shown = reader.Read(workflowId, caller);
        var named = texts.GetValueOrDefault(WorkflowFiles.NameOf(workflowId)) is { } own ? reader.NamedBy(workflowId, own) : [];
        var all = reader.Read(workflowId, caller, texts.Keys.Concat(named));
        var hasUnseen = all is not null && texts.Any(file => all.Texts.TryGetValue(file.Key, out var text) && text != file.Value && shown?.Texts.ContainsKey(file.Key) is not true);
        return new PresentFiles(shown, all, hasUnseen);
    }

    /// <summary>Why the files may not be written though their names may be those of the workflow's files; null when they may.</summary>
    private string? Refuse(string workflowId, IReadOnlyDictionary<string, string?> texts, Caller caller, WorkflowFiles? present)
    {
        var own = WorkflowFiles.NameOf(workflowId);
        if (present?.Texts.ContainsKey(own) is not true && catalog.Current.Workflows.Keys.FirstOrDefault(id => id != workflowId && id.Equals(workflowId, StringComparison.OrdinalIgnoreCase)) is { } twin) return $"There is a workflow \"{twin}\", whose name differs only in capital letters, which not every system can tell apart.";
        var namedBefore = Named(present?.Texts.GetValueOrDefault(own));
        var named = Named(texts.GetValueOrDefault(own)).Union(namedBefore).ToHashSet(StringComparer.Ordinal);
        foreach (var path in named.Except(namedBefore))
        {
            if (reader.RefuseOthers(workflowId, path, caller) is { } others) return others;
        }

        foreach (var path in texts.Keys)
        {
            if (reader.RefuseOthers(workflowId, path, caller) is { } others) return others;
            if (present?.Hidden.GetValueOrDefault(path) is { } hidden) return $"\"{path}\" stays as it is, because it cannot be shown: {hidden.Reason}";
            if (WrittenPath.IsSchema(path) && !named.Contains(path)) return $"\"{path}\" is no schema of the workflow: a step names its schema as \"schemaFile\".";
        }

        return null;

        IReadOnlyList<string> Named(string? text) => text is null ? [] : [.. reader.NamedBy(workflowId, text)];
    }

    /// <param name="Shown">What an author who reads the workflow is shown; null for nothing.</param>
    /// <param name="All">With those on disk that are to be written, or to be named from now on.</param>
    /// <param name="HasUnseen">Whether a text would be replaced or deleted that is not among the shown ones.</param>
    private sealed record PresentFiles(WorkflowFiles? Shown, WorkflowFiles? All, bool HasUnseen)
    {
        public bool WasSeenBy(string? basis) => basis == All?.Base || (!HasUnseen && basis == Shown?.Base);
    }
}

/// <param name="Saved">False when the files are not as the author read them, or <paramref name="Present"/> holds some that he was not shown; then nothing was written.</param>
/// <param name="Present">As they are now, or were when they were written; null when there are none.</param>
/// <param name="Commit">What became of the commit; null when none was asked for.</param>
internal sealed record SaveResult(bool Saved, WorkflowFiles? Present, CommitResult? Commit)
{
    /// <summary>Why these files may not be written, whatever is there; null for another reason.</summary>
    public string? Refused { get; init; }

    /// <summary>What is wrong with the test cases; the catalogue knows of the rest.</summary>
    public IReadOnlyList<Problem> TestProblems { get; init; } = [];
}

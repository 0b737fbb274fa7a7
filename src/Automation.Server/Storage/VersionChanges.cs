using Automation.Server.Workflows;

namespace Automation.Server.Storage;

/// <summary>A version's source, stored before the version takes its first event, and that it is the active one from now on. Storing it again changes nothing.</summary>
/// <remarks>Where the workflow is pinned at the same state of its files, or this server's are as they were at its last look, only the cause <c>rollback</c> or <c>unpinned</c> makes another version active.</remarks>
internal sealed record VersionStored(string WorkflowId, string Hash, VersionSource Source, DateTimeOffset At) : Change
{
    /// <summary>The workflow's files now; null where that is not known.</summary>
    public FileState? Files { get; init; }

    /// <summary>One of <see cref="ActivationCause"/>; after <c>rollback</c> the workflow is pinned.</summary>
    public string Cause { get; init; } = ActivationCause.File;

    /// <summary>Who chose it; null for what a file made.</summary>
    public string? Actor { get; init; }

    /// <summary>Set when the version that is active now is one that an operator chose. Set when the change was applied.</summary>
    public Pin? Pin { get; set; }
}

/// <summary>The files that made the newest version of a workflow are committed: its history names the commit from now on. Changes nothing where that version is of another state of the files.</summary>
/// <param name="WorkflowId">Whose.</param>
/// <param name="Files">Hash of that state, see <see cref="FileState"/>.</param>
/// <param name="Commit">As <see cref="FileState.Commit"/>.</param>
internal sealed record VersionCommitted(string WorkflowId, string Files, string Commit) : Change;

/// <summary>Reads one stored version; by its hash, or the last activated one when <paramref name="Hash"/> is null.</summary>
internal sealed record VersionRead(string WorkflowId, string? Hash) : Change
{
    public VersionSource? Source { get; set; }
}

/// <summary>Reads which workflows stay at a version that an operator chose.</summary>
internal sealed record PinsRead : Change
{
    /// <summary>By workflow id.</summary>
    public Dictionary<string, Pin> Pins { get; } = new(StringComparer.Ordinal);
}

namespace Automation.Server.Workflows;

/// <summary>What became of a wish for another active version.</summary>
internal enum PinOutcome
{
    Done,

    /// <summary>There is no such workflow.</summary>
    NoWorkflow,

    /// <summary>The workflow never had such a version.</summary>
    NoVersion,

    /// <summary>The version is the active one.</summary>
    AlreadyActive,

    /// <summary>This program cannot make it of its source any more.</summary>
    Broken,
}

/// <summary>Lets operators go back to an older version, and forth again.</summary>
internal sealed class VersionPins(WorkflowCatalog catalog, VersionLookup versions)
{
    /// <summary>Makes a stored version active until the workflow's files change or <see cref="LiftAsync"/>; the one that the files make lifts what was chosen before. With the problems of one that is <see cref="PinOutcome.Broken"/>.</summary>
    /// <exception cref="Storage.JournalException">The journal cannot write now: nothing has changed.</exception>
    public async Task<(PinOutcome Outcome, IReadOnlyList<Problem> Problems)> SetAsync(string workflowId, string hash, CancellationToken cancellation)
    {
        if (!catalog.Current.Workflows.ContainsKey(workflowId)) return (PinOutcome.NoWorkflow, []);
        if (await versions.FindAsync(workflowId, hash) is not { } found) return (PinOutcome.NoVersion, []);
        if (found.Version is not { } version) return (PinOutcome.Broken, found.Problems);
        return (await catalog.PinAsync(version, cancellation), []);
    }

    /// <summary>Makes the version active that the files make now; does nothing when it is.</summary>
    /// <exception cref="Storage.JournalException">The journal cannot write now: nothing has changed.</exception>
    public Task<PinOutcome> LiftAsync(string workflowId, CancellationToken cancellation) => catalog.UnpinAsync(workflowId, cancellation);
}

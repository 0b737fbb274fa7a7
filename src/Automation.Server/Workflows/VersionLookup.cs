using System.Collections.Concurrent;
using System.Collections.Frozen;
using Automation.Server.Storage;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows;

/// <summary>Finds the version a stored run is pinned to (P6): the active one, or an older one made again from its stored source.</summary>
internal sealed class VersionLookup(WorkflowCatalog catalog, WorkflowCompiler compiler, Journal journal, ILogger<VersionLookup> log)
{
    // Old versions matter for the runs of a restart; how many different ones those have is small.
    private const int KeptMaximum = 256;

    private readonly ConcurrentDictionary<(string Id, string Hash), WorkflowVersion> kept = new();

    /// <summary>True when a workflow is switched on and has a file, here or at another server.</summary>
    /// <exception cref="JournalException">It could not be read now.</exception>
    public async ValueTask<bool> IsOnAsync(string workflowId)
    {
        if (catalog.Current.Workflows.TryGetValue(workflowId, out var state)) return state.Enabled;
        var elsewhere = new ElsewhereRead(workflowId);
        await journal.CommitAsync(elsewhere);
        return elsewhere.IsOn;
    }

    /// <returns>Null when the version is not stored, or this program cannot read it any more.</returns>
    /// <exception cref="JournalException">It could not be read now.</exception>
    public async ValueTask<WorkflowVersion?> GetAsync(string workflowId, string hash) => (await FindAsync(workflowId, hash))?.Version;

    /// <returns>The version, or why this program cannot read it any more; null when it is not stored.</returns>
    /// <exception cref="JournalException">It could not be read now.</exception>
    public async ValueTask<CompiledWorkflow?> FindAsync(string workflowId, string hash)
    {
        if (catalog.Current.Workflows.TryGetValue(workflowId, out var state) && state.Version?.Hash == hash) return Found(state.Version);
        if (kept.TryGetValue((workflowId, hash), out var known)) return Found(known);
        var stored = new VersionRead(workflowId, hash);
        await journal.CommitAsync(stored);
        if (stored.Source is not { } source) return null;
        var compiled = compiler.Compile(workflowId, source);
        if (compiled.Version is not { } version)
        {
            Log.StoredVersionBroken(log, workflowId, string.Join(" ", compiled.Problems.Select(p => p.Message)));
            return compiled;
        }

        catalog.Heed(version);
        if (kept.Count >= KeptMaximum) kept.Clear();
        kept[(workflowId, hash)] = version;
        return compiled;
    }

    private static CompiledWorkflow Found(WorkflowVersion version) => new(version, [], FrozenSet<string>.Empty);
}

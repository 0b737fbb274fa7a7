using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Automation.Server.Steps.Types;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows;

/// <summary>Everything the folder's workflows are at the moment; follows the folder when told to look.</summary>
/// <remarks>
/// A new version becomes active only after it was stored. A file with problems leaves its last good version active, also across a restart. One look at
/// a time; <see cref="Current"/> may be read at any time and is swapped whole.
/// </remarks>
/// <param name="folder">Where the files are.</param>
/// <param name="compiler">Makes versions of them.</param>
/// <param name="store">Stores a version durably before it becomes active; when it throws, the version waits for the next look.</param>
/// <param name="lastGood">The source of the version that was active last, from before this process began; null when there is none.</param>
/// <param name="disabled">Ids of workflows that an operator switched off.</param>
/// <param name="waitTopics">MQTT messages that runs wait for since before this process began.</param>
/// <param name="log">Takes what was loaded and what is wrong.</param>
internal sealed class WorkflowCatalog(
    WorkflowFolder folder,
    WorkflowCompiler compiler,
    Func<WorkflowVersion, CancellationToken, Task> store,
    Func<string, CancellationToken, Task<VersionSource?>> lastGood,
    IEnumerable<string> disabled,
    IEnumerable<WaitTopic> waitTopics,
    ILogger<WorkflowCatalog> log) : IDisposable
{
    private static readonly ImmutableDictionary<string, FileStamp?> NoScripts = ImmutableDictionary<string, FileStamp?>.Empty;
    private readonly SemaphoreSlim looking = new(1);
    private readonly Lock publishing = new();
    private ImmutableHashSet<string> off = [.. disabled];
    private ImmutableHashSet<WaitTopic> waited = [.. waitTopics]; // grows by what files name; a restart forgets what nothing waits for
    private FrozenDictionary<string, WorkflowFile> files = FrozenDictionary<string, WorkflowFile>.Empty;
    private volatile WorkflowSet current = WorkflowSet.Empty;

    /// <summary>Raised after each change of <see cref="Current"/>, one call at a time; listeners must be quick and must not call back.</summary>
    public event Action<WorkflowSet>? Changed;

    public WorkflowSet Current => current;

    /// <summary>The first look: makes the folder if it is not there, and compiles all files. Does not fail because of files.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        if (!folder.Exists)
        {
            try
            {
                Directory.CreateDirectory(folder.Root);
                Log.FolderMade(log, folder.Root);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                Log.FolderMissing(log, failure, folder.Root);
            }
        }

        await RefreshAsync(new Look(), cancellation);
    }

    /// <summary>Looks through the folder and takes over what is new. Returns how many workflows changed.</summary>
    public async Task<int> RefreshAsync(Look look, CancellationToken cancellation)
    {
        await looking.WaitAsync(cancellation);
        try
        {
            var scan = folder.Scan();
            var twins = Twins(scan.Keys);
            var next = new ConcurrentDictionary<string, WorkflowFile>(StringComparer.Ordinal);
            var changes = 0;
            await Parallel.ForEachAsync(scan, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, async (found, token) =>
            {
                var before = files.GetValueOrDefault(found.Key);
                var after = await TakeAsync(found.Key, found.Value, before, twins.GetValueOrDefault(found.Key), look, token);
                next[found.Key] = after;
                if (before is null || !before.ShowsSame(after)) Interlocked.Increment(ref changes);
            });
            foreach (var gone in files.Keys.Where(id => !scan.ContainsKey(id)))
            {
                changes++;
                Log.Removed(log, gone);
            }

            files = next.ToFrozenDictionary(StringComparer.Ordinal);
            if (changes > 0) Publish();
            return changes;
        }
        finally
        {
            looking.Release();
        }
    }

    /// <summary>Switches a workflow on or off for new events; false when there is none of that id. Storing the switch is the caller's part.</summary>
    public bool SetEnabled(string workflowId, bool enabled)
    {
        lock (publishing)
        {
            if (!files.ContainsKey(workflowId)) return false;
            off = enabled ? off.Remove(workflowId) : off.Add(workflowId);
            Publish();
        }

        Log.Switched(log, workflowId, enabled ? "on" : "off");
        return true;
    }

    /// <summary>A run of a version that may not be active goes on here: what it may wait for is listened to from now on.</summary>
    public void Heed(WorkflowVersion version)
    {
        if (version.WaitTopics.All(waited.Contains)) return;
        lock (publishing)
        {
            waited = waited.Union(version.WaitTopics);
            Publish();
        }
    }

    public void Dispose() => looking.Dispose();

    /// <summary>Ids that differ from another only by case → that other id. The first in use, else the first in order, stays.</summary>
    private Dictionary<string, string> Twins(IEnumerable<string> ids)
    {
        var twins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in ids.GroupBy(id => id.ToLowerInvariant(), StringComparer.Ordinal))
        {
            var kept = group.Order(StringComparer.Ordinal).OrderBy(id => files.GetValueOrDefault(id)?.Version is null ? 1 : 0).First();
            foreach (var id in group.Where(id => id != kept)) twins[id] = kept;
        }

        return twins;
    }

    private async Task<WorkflowFile> TakeAsync(string id, FileStamp stamp, WorkflowFile? before, string? twin, Look look, CancellationToken cancellation)
    {
        if (RefuseName(id, twin) is { } refused) return Show(id, new WorkflowFile(stamp, NoScripts, null, [refused]), before);
        if (before is not null && !IsDue(id, stamp, before, look)) return before;
        var bytes = folder.ReadWorkflow(id, out var unreadable);
        if (bytes is null) return await KeepAsync(id, stamp, before, [new Problem(id + ".json", "", unreadable!)], NoScripts, cancellation);
        var watched = ImmutableDictionary.CreateBuilder<string, FileStamp?>(StringComparer.Ordinal);
        try
        {
            var compiled = await compiler.CompileAsync(
                id,
                bytes,
                file =>
                {
                    // The stamp is taken before reading: a change in between is seen by the next look.
                    watched[file] = folder.Stamp(Beside(id, file));
                    return folder.ReadScript(id, file);
                },
                cancellation);
            if (compiled.Version is not { } version) return await KeepAsync(id, stamp, before, compiled.Problems, watched.ToImmutable(), cancellation);
            if (before?.Version?.Hash == version.Hash) return Show(id, new WorkflowFile(stamp, watched.ToImmutable(), before.Version, []), before);
            return await ActivateAsync(id, new WorkflowFile(stamp, watched.ToImmutable(), version, []), before, cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            Log.NotChecked(log, failure, id);
            return await KeepAsync(id, stamp, before, [new Problem(id + ".json", "", "The workflow could not be checked, because the server met an error of its own; it is tried again.")], watched.ToImmutable(), cancellation);
        }
    }

    private async Task<WorkflowFile> ActivateAsync(string id, WorkflowFile ready, WorkflowFile? before, CancellationToken cancellation)
    {
        try
        {
            await store(ready.Version!, cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            Log.NotStored(log, failure, id, ready.Version!.Hash);
            return await KeepAsync(id, ready.Stamp, before, [new Problem(id + ".json", "", "The new version could not be stored; it is tried again.")], ready.Scripts, cancellation);
        }

        Log.Activated(log, id, ready.Version!.Hash);
        return ready;
    }

    /// <summary>The file with its problems, and the version that stays active meanwhile.</summary>
    private async Task<WorkflowFile> KeepAsync(string id, FileStamp stamp, WorkflowFile? before, IReadOnlyList<Problem> problems, ImmutableDictionary<string, FileStamp?> scripts, CancellationToken cancellation)
    {
        var version = before is null ? await StoredAsync(id, cancellation) : before.Version;
        return Show(id, new WorkflowFile(stamp, scripts, version, problems), before);
    }

    private async Task<WorkflowVersion?> StoredAsync(string id, CancellationToken cancellation)
    {
        if (await lastGood(id, cancellation) is not { } source) return null;
        var compiled = compiler.Compile(id, source);
        if (compiled.Version is null) Log.StoredVersionBroken(log, id, string.Join(" ", compiled.Problems.Select(p => p.Message)));
        return compiled.Version;
    }

    private WorkflowFile Show(string id, WorkflowFile after, WorkflowFile? before)
    {
        if (after.Problems.Count == 0 || (before is not null && before.Problems.SequenceEqual(after.Problems))) return after;
        foreach (var problem in after.Problems) Log.Problem(log, problem.File, problem.Line, problem.Column, problem.Pointer, problem.Message);
        if (after.Version is { } kept) Log.KeptLastGood(log, id, kept.Hash);
        else Log.NotRunning(log, id);
        return after;
    }

    private bool IsDue(string id, FileStamp stamp, WorkflowFile before, Look look) =>
        look.Everything
        || before.Stamp != stamp
        || (look.Broken && before.Problems.Count > 0)
        || look.Paths.Contains(id + ".json")
        || before.Scripts.Any(s => look.Paths.Contains(Beside(id, s.Key)) || folder.Stamp(Beside(id, s.Key)) != s.Value);

    private static Problem? RefuseName(string id, string? twin)
    {
        if (!WorkflowFolder.IsWorkflowId(id)) return new Problem(id + ".json", "", "The file's name and folders may have only letters, digits, - and _; rename it.");
        return twin is null ? null : new Problem(id + ".json", "", $"The name differs from {twin}.json only in capital letters, which not every system can tell apart; rename one of them.");
    }

    private static string Beside(string id, string file) => id.LastIndexOf('/') is var slash and >= 0 ? id[..(slash + 1)] + file : file;

    private void Publish()
    {
        lock (publishing)
        {
            waited = waited.Union(files.Values.SelectMany(file => file.Version?.WaitTopics ?? []));
            current = new WorkflowSet(files.ToFrozenDictionary(f => f.Key, f => new WorkflowState(f.Key, f.Value.Version, !off.Contains(f.Key), f.Value.Problems), StringComparer.Ordinal)) { WaitTopics = waited };
            try
            {
                Changed?.Invoke(current);
            }
            catch (Exception failure)
            {
                Log.ListenerFailed(log, failure);
            }
        }
    }
}

/// <summary>What a look through the folder should take as changed, beside what looks different.</summary>
internal sealed record Look
{
    /// <summary>Paths below the folder that were reported as written.</summary>
    public IReadOnlySet<string> Paths { get; init; } = FrozenSet<string>.Empty;

    /// <summary>All files.</summary>
    public bool Everything { get; init; }

    /// <summary>Files with problems: a secret may have been set since, or the sandbox be back.</summary>
    public bool Broken { get; init; }
}

/// <summary>A workflow file as it was at the last look.</summary>
/// <param name="Stamp">Taken before it was read.</param>
/// <param name="Scripts">Script files it names, path as written → stamp, null when missing.</param>
/// <param name="Version">The active one.</param>
/// <param name="Problems">Of the file as it is.</param>
internal sealed record WorkflowFile(FileStamp Stamp, ImmutableDictionary<string, FileStamp?> Scripts, WorkflowVersion? Version, IReadOnlyList<Problem> Problems)
{
    public bool ShowsSame(WorkflowFile other) => ReferenceEquals(Version, other.Version) && Problems.SequenceEqual(other.Problems);
}

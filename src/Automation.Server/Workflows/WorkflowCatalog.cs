using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Automation.Server.Editing;
using Automation.Server.Steps.Types;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows;

/// <summary>Everything the folder's workflows are at the moment; follows the folder when told to look.</summary>
/// <remarks>
/// A new version becomes active only after it was stored. A file with problems leaves its last good version active, also across a restart; so does one whose
/// workflow is pinned to an older version (<see cref="Pin"/>), as long as it is not edited. One look at a time; <see cref="Current"/> may be read at any time and is swapped whole.
/// </remarks>
/// <param name="folder">Where the files are.</param>
/// <param name="compiler">Makes versions of them.</param>
/// <param name="store">Stores a version durably before it becomes active; when it throws, the version waits for the next look.</param>
/// <param name="disabled">Ids of workflows that an operator switched off.</param>
/// <param name="waitTopics">MQTT messages that runs wait for since before this process began.</param>
/// <param name="log">Takes what was loaded and what is wrong.</param>
internal sealed class WorkflowCatalog(
    WorkflowFolder folder,
    WorkflowCompiler compiler,
    CatalogStore store,
    IEnumerable<string> disabled,
    IEnumerable<WaitTopic> waitTopics,
    ILogger<WorkflowCatalog> log) : IDisposable
{
    private static readonly ImmutableDictionary<string, FileStamp?> NoScripts = ImmutableDictionary<string, FileStamp?>.Empty;
    private readonly SemaphoreSlim looking = new(1);
    private readonly Lock publishing = new();
    private ImmutableHashSet<string> off = [.. disabled];
    private ImmutableHashSet<WaitTopic> waited = [.. waitTopics]; // grows by what files name; a restart forgets what nothing waits for
    private HashSet<string> told = [];
    private bool hasTold;
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

        await RefreshAsync(new Look { Cause = ActivationCause.Start }, cancellation);
    }

    /// <summary>Looks through the folder and takes over what is new. Returns how many workflows changed.</summary>
    public async Task<int> RefreshAsync(Look look, CancellationToken cancellation)
    {
        await looking.WaitAsync(cancellation);
        try
        {
            var pins = await store.Pins(cancellation) ?? files.Where(f => f.Value.Pin is not null).ToDictionary(f => f.Key, f => f.Value.Pin!, StringComparer.Ordinal);
            var checkout = new Lazy<string?>(() => GitCommit.Around(folder.RealRoot));
            var scan = folder.Scan();
            var twins = Twins(scan.Keys);
            var next = new ConcurrentDictionary<string, WorkflowFile>(StringComparer.Ordinal);
            var changes = 0;
            await Parallel.ForEachAsync(scan, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, async (found, token) =>
            {
                var before = files.GetValueOrDefault(found.Key);
                var after = await TakeAsync(found.Key, found.Value, before, twins.GetValueOrDefault(found.Key), pins.GetValueOrDefault(found.Key), checkout, look, token);
                next[found.Key] = after;
                if (before is null || !before.ShowsSame(after)) Interlocked.Increment(ref changes);
            });
            foreach (var gone in files.Keys.Where(id => !scan.ContainsKey(id)))
            {
                changes++;
                Log.Removed(log, gone);
            }

            files = next.ToFrozenDictionary(StringComparer.Ordinal);
            await TellAsync(cancellation);
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

    /// <summary>Makes an older version active until the files change or <see cref="UnpinAsync"/>.</summary>
    public Task<PinOutcome> PinAsync(WorkflowVersion version, CancellationToken cancellation) => ChooseAsync(version.WorkflowId, version, cancellation);

    /// <summary>Makes the version active that the files make; the one there is while they have problems.</summary>
    public Task<PinOutcome> UnpinAsync(string workflowId, CancellationToken cancellation) => ChooseAsync(workflowId, null, cancellation);

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

    private async Task<PinOutcome> ChooseAsync(string workflowId, WorkflowVersion? wanted, CancellationToken cancellation)
    {
        await looking.WaitAsync(cancellation);
        try
        {
            if (!files.TryGetValue(workflowId, out var file)) return PinOutcome.NoWorkflow;
            var lifts = wanted is null || wanted.Hash == file.Made?.Hash;
            if ((wanted ?? file.Made ?? file.Version) is not { } version || (file.Version?.Hash == version.Hash && !(lifts && file.Pin is not null))) return PinOutcome.AlreadyActive;
            var pin = await store.Activate(new Activation(version, file.Files ?? new FileState("", null), lifts ? ActivationCause.Unpinned : ActivationCause.Rollback), cancellation);
            files = files.Select(f => f.Key == workflowId ? KeyValuePair.Create(f.Key, file with { Version = version, Pin = pin }) : f).ToFrozenDictionary(StringComparer.Ordinal);
            Publish();
            if (pin is null) Log.Activated(log, workflowId, version.Hash);
            else Log.Pinned(log, workflowId, pin.Hash, pin.Since);
            return PinOutcome.Done;
        }
        finally
        {
            looking.Release();
        }
    }

    /// <summary>Other servers of the database have to know which workflows are somebody's.</summary>
    private async Task TellAsync(CancellationToken cancellation)
    {
        if (hasTold && told.SetEquals(files.Keys)) return;
        hasTold = await store.Look(files.Keys, cancellation);
        told = [.. files.Keys];
    }

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

    private async Task<WorkflowFile> TakeAsync(string id, FileStamp stamp, WorkflowFile? before, string? twin, Pin? pin, Lazy<string?> checkout, Look look, CancellationToken cancellation)
    {
        if (RefuseName(id, twin) is { } refused) return Show(id, new WorkflowFile(stamp, NoScripts, null, [refused]), before);
        var beside = new BesideStamps(folder.Stamp(WorkflowFiles.LayoutOf(id)), folder.Stamp(WorkflowFiles.TestsOf(id)));
        if (before is not null && !IsDue(id, stamp, before, look))
        {
            if (before.Pin == pin) return before.Beside == beside ? before : before with { Beside = beside };
            if (pin is null && await StoredAsync(id, cancellation) is { } active) return before with { Pin = null, Version = active.Hash == before.Made?.Hash ? before.Made : active, Beside = beside }; // what another server went on to
        }

        var bytes = folder.ReadWorkflow(id, out var unreadable);
        var found = new WorkflowFile(stamp, NoScripts, null, []) { Pin = pin, Files = before?.Files, Beside = beside }; // while it cannot be read, what an operator chooses lasts as if nothing was edited
        if (bytes is null) return await KeepAsync(id, found with { Problems = [new Problem(id + ".json", "", unreadable!)] }, before, cancellation);
        var scripts = new Dictionary<string, ScriptFile>(StringComparer.Ordinal);
        var watched = ImmutableDictionary.CreateBuilder<string, FileStamp?>(StringComparer.Ordinal);
        try
        {
            var compiled = await compiler.CompileAsync(
                id,
                bytes,
                file =>
                {
                    // The stamp is taken before reading: a change in between is seen by the next look.
                    watched[file] = folder.Stamp(WorkflowFolder.PathOf(id, file));
                    return scripts[file] = folder.ReadScript(id, file);
                },
                cancellation);
            found = found with { Scripts = watched.ToImmutable(), Files = FileState.Of(bytes, scripts, checkout.Value), Made = compiled.Version, Problems = compiled.Problems };
            if (compiled.Version is not { } version) return await KeepAsync(id, found, before, cancellation);
            if (before is { Problems.Count: 0 } && before.Pin == pin && before.Made?.Hash == version.Hash && before.Files?.Hash == found.Files.Hash) return found with { Version = before.Version, Made = before.Made };
            return await ActivateAsync(id, found, look.Cause, before, cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            Log.NotChecked(log, failure, id);
            return await KeepAsync(id, found with { Scripts = watched.ToImmutable(), Problems = [new Problem(id + ".json", "", "The workflow could not be checked, because the server met an error of its own; it is tried again.")] }, before, cancellation);
        }
    }

    private async Task<WorkflowFile> ActivateAsync(string id, WorkflowFile found, string cause, WorkflowFile? before, CancellationToken cancellation)
    {
        Pin? pin;
        try
        {
            pin = await store.Activate(new Activation(found.Made!, found.Files!, cause), cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            Log.NotStored(log, failure, id, found.Made!.Hash);
            return await KeepAsync(id, found with { Problems = [new Problem(id + ".json", "", "The new version could not be stored; it is tried again.")] }, before, cancellation);
        }

        if (pin is not null) return await StayAsync(id, found with { Pin = pin }, before, cancellation);
        if (before is { Pin: null, Version: { } same } && same.Hash == found.Made!.Hash) return found with { Version = same, Made = same, Pin = null };
        Log.Activated(log, id, found.Made!.Hash);
        return found with { Version = found.Made, Pin = null };
    }

    /// <summary>The file is as it was when an operator chose another version than the one it makes, or, at another server, has been since before that.</summary>
    private async Task<WorkflowFile> StayAsync(string id, WorkflowFile found, WorkflowFile? before, CancellationToken cancellation)
    {
        var pin = found.Pin!;
        if (before?.Pin != pin) Log.Pinned(log, id, pin.Hash, pin.Since);
        var version = before?.Version is { } same && same.Hash == pin.Hash ? same : await StoredAsync(id, cancellation);
        return version is not null
            ? found with { Version = version }
            : Show(id, found with { Problems = [new Problem(id + ".json", "", $"Version {pin.Hash}, to which the workflow was rolled back, does not load any more. Edit the file, or lift the pin: DELETE /api/workflows/{id.Replace("/", "%2F", StringComparison.Ordinal)}/pin.")] }, before);
    }

    /// <summary>The file with its problems, and the version that stays active meanwhile.</summary>
    private async Task<WorkflowFile> KeepAsync(string id, WorkflowFile found, WorkflowFile? before, CancellationToken cancellation)
    {
        var version = before is null || before.Pin != found.Pin ? await StoredAsync(id, cancellation) : before.Version;
        return Show(id, found with { Version = version }, before);
    }

    private async Task<WorkflowVersion?> StoredAsync(string id, CancellationToken cancellation)
    {
        if (await store.LastGood(id, cancellation) is not { } source) return null;
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
        || before.Scripts.Any(s => look.Paths.Contains(WorkflowFolder.PathOf(id, s.Key)) || folder.Stamp(WorkflowFolder.PathOf(id, s.Key)) != s.Value);

    private static Problem? RefuseName(string id, string? twin)
    {
        if (!WorkflowFolder.IsWorkflowId(id)) return new Problem(id + ".json", "", "The file's name and folders may have only letters, digits, - and _; rename it.");
        return twin is null ? null : new Problem(id + ".json", "", $"The name differs from {twin}.json only in capital letters, which not every system can tell apart; rename one of them.");
    }

    private void Publish()
    {
        lock (publishing)
        {
            waited = waited.Union(files.Values.SelectMany(file => file.Version?.WaitTopics ?? []));
            current = new WorkflowSet(files.ToFrozenDictionary(f => f.Key, f => new WorkflowState(f.Key, f.Value.Version, !off.Contains(f.Key), f.Value.Problems) { Pin = f.Value.Pin, FileVersion = f.Value.Made?.Hash, Files = f.Value.Files?.Hash, Beside = f.Value.Beside, Scripts = f.Value.ScriptPaths(f.Key) }, StringComparer.Ordinal)) { WaitTopics = waited };
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

    /// <summary>Why versions become active that it finds.</summary>
    public string Cause { get; init; } = ActivationCause.File;

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
    /// <summary>What they were when they could last be read; null when they never could.</summary>
    public FileState? Files { get; init; }

    /// <summary>The version that they make: another than the active one while the workflow is pinned, null while they have problems.</summary>
    public WorkflowVersion? Made { get; init; }

    /// <summary>Set while the active version is one that an operator chose.</summary>
    public Pin? Pin { get; init; }

    /// <summary>How the files looked that a designer keeps with it; they make no version.</summary>
    public BesideStamps Beside { get; init; }

    /// <summary>As <see cref="WorkflowState.Scripts"/>.</summary>
    public FrozenSet<string> ScriptPaths(string workflowId) =>
        Scripts.Keys.Concat(Version?.Source.Files.Keys ?? []).Where(file => file[0] != '/').Select(file => WorkflowFolder.PathOf(workflowId, file)).ToFrozenSet(StringComparer.Ordinal);

    public bool ShowsSame(WorkflowFile other) =>
        ReferenceEquals(Version, other.Version) && Pin == other.Pin && Made?.Hash == other.Made?.Hash && Files?.Hash == other.Files?.Hash && Beside == other.Beside && Problems.SequenceEqual(other.Problems);
}

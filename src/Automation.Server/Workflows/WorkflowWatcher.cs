namespace Automation.Server.Workflows;

/// <summary>Keeps the catalogue up with the folder.</summary>
/// <remarks>
/// Looks when the system reports a change, once it has been quiet for 150 ms (a save is often several writes; a checkout many files), at the latest
/// after 500 ms. Every 500 ms it sees whether the folder itself was removed or replaced; every 5 s it looks through it unasked, for
/// systems that report nothing, and tries files with problems again. Two processes may watch one folder: each keeps its own catalogue.
/// </remarks>
internal sealed class WorkflowWatcher(WorkflowFolder folder, WorkflowCatalog catalog, IEnumerable<FollowFolder> others, TimeProvider time, ILogger<WorkflowWatcher> log) : BackgroundService
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(150), LongestWait = TimeSpan.FromMilliseconds(500), Tick = TimeSpan.FromMilliseconds(500), Unasked = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private HashSet<string> paths = new(StringComparer.Ordinal);
    private bool everything;
    private TaskCompletionSource reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FileSystemWatcher? watcher;
    private FileSystemWatcher? above;
    private string? watched;
    private bool folderReplaced;
    private bool complained;

    public override void Dispose()
    {
        watcher?.Dispose();
        above?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var looked = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            var replaced = Attach();
            var asked = replaced || await ReportedWithinAsync(Tick, stoppingToken);
            if (asked && !replaced) await QuietAsync(stoppingToken);
            var unasked = time.GetElapsedTime(looked) >= Unasked;
            if (!asked && !unasked) continue;
            if (unasked) looked = time.GetTimestamp();
            await RunOnceAsync(unasked, stoppingToken);
        }
    }

    /// <summary>One look with what was reported so far. Returns how many workflows changed; failures are logged, and the next unasked look reads everything again.</summary>
    public async Task<int> RunOnceAsync(bool retryBroken, CancellationToken cancellation)
    {
        var look = Taken() with { Broken = retryBroken };
        try
        {
            var changes = await catalog.RefreshAsync(look, cancellation);
            foreach (var follow in others) await follow(look, cancellation);
            return changes;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            Log.RefreshFailed(log, failure, folder.Root);
            lock (gate) everything = true;
            return 0;
        }
    }

    private Look Taken()
    {
        lock (gate)
        {
            var look = new Look { Paths = paths, Everything = everything };
            (paths, everything) = (new HashSet<string>(StringComparer.Ordinal), false);
            if (reported.Task.IsCompleted) reported = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return look;
        }
    }

    /// <summary>Watches the folder that is there now; true when that is another one than before, or none any more.</summary>
    private bool Attach()
    {
        string? now;
        try
        {
            now = folder.RealRoot;
        }
        catch (IOException)
        {
            now = null;
        }

        bool replaced;
        lock (gate)
        {
            replaced = folderReplaced || now != watched;
            folderReplaced = false;
        }

        if (!replaced && (watcher is not null || now is null || complained)) return false;
        watcher?.Dispose();
        above?.Dispose();
        (watcher, above, watched) = (null, null, now);
        if (now is not null) Watch();
        return replaced;
    }

    private void Watch()
    {
        try
        {
            watcher = new FileSystemWatcher(folder.Root)
            {
                IncludeSubdirectories = true,
                InternalBufferSize = 64 * 1024,
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.CreationTime,
            };
            watcher.Changed += (_, change) => Report(change.Name);
            Listen(watcher, Report);

            // A watch stays with the folder it was made for, also when that is removed and another takes its name; the folder above tells of it.
            if (Path.GetDirectoryName(folder.Root) is { } parent)
            {
                above = new FileSystemWatcher(parent, Path.GetFileName(folder.Root)) { NotifyFilter = NotifyFilters.DirectoryName | NotifyFilters.FileName };
                Listen(above, _ => Replaced());
            }

            complained = false;
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or UnauthorizedAccessException)
        {
            watcher?.Dispose();
            watcher = null;
            if (!complained) Log.NotWatched(log, failure, folder.Root);
            complained = true;
        }
    }

    private void Listen(FileSystemWatcher to, Action<string?> report)
    {
        to.Created += (_, change) => report(change.Name);
        to.Deleted += (_, change) => report(change.Name);
        to.Renamed += (_, change) =>
        {
            report(change.OldName);
            report(change.Name);
        };
        to.Error += (_, _) => Lost();
        to.EnableRaisingEvents = true;
    }

    private void Report(string? path)
    {
        if (path is null || WorkflowFolder.IsIgnored(Path.GetFileName(path.AsSpan()))) return;
        lock (gate)
        {
            paths.Add(path.Replace('\\', '/'));
            reported.TrySetResult();
        }
    }

    private void Replaced()
    {
        lock (gate)
        {
            folderReplaced = true;
            reported.TrySetResult();
        }
    }

    /// <summary>More changed than the system could report.</summary>
    private void Lost()
    {
        lock (gate)
        {
            everything = true;
            reported.TrySetResult();
        }
    }

    private async Task<bool> ReportedWithinAsync(TimeSpan limit, CancellationToken cancellation)
    {
        Task task;
        lock (gate) task = reported.Task;
        try
        {
            await task.WaitAsync(limit, time, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task QuietAsync(CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < LongestWait)
        {
            lock (gate)
            {
                if (reported.Task.IsCompleted) reported = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (!await ReportedWithinAsync(Quiet, cancellation)) return;
        }
    }
}

/// <summary>Follows other files of the workflows folder; called with each look, and at the start.</summary>
internal delegate Task FollowFolder(Look look, CancellationToken cancellation);

using Automation.Server.Workflows;

namespace Automation.Server.Tests.Workflows;

/// <summary>The real file system watcher: each fact changes the folder and waits until the catalogue shows it.</summary>
public sealed class WorkflowWatcherTests : IAsyncLifetime
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);
    private readonly FolderKit kit = new();
    private WorkflowCatalog catalog = null!;
    private WorkflowWatcher watcher = null!;

    public async ValueTask InitializeAsync()
    {
        kit.Write("a.json", FolderKit.Workflow("first"));
        catalog = await kit.LoadedAsync();
        watcher = new WorkflowWatcher(kit.Folder, catalog, [], TimeProvider.System, kit.Lines.For<WorkflowWatcher>());
        await watcher.StartAsync(CancellationToken.None);

        // The watcher looks once when it starts; what comes after the first change shown is seen by reports alone.
        await ShowsAsync(() => kit.Write("ready1.json", FolderKit.Workflow("x")), set => set.Workflows.ContainsKey("ready1"));
        await ShowsAsync(() => kit.Write("ready2.json", FolderKit.Workflow("x")), set => set.Workflows.ContainsKey("ready2"));
    }

    public async ValueTask DisposeAsync()
    {
        await watcher.StopAsync(CancellationToken.None);
        watcher.Dispose();
        catalog.Dispose();
        kit.Dispose();
    }

    [Fact]
    public Task NewFile_Appears() => ShowsAsync(() => kit.Write("b.json", FolderKit.Workflow("x")), set => set.Workflows.ContainsKey("b"));

    [Fact]
    public Task NewFolder_Appears() => ShowsAsync(() => kit.Write("x/y/b.json", FolderKit.Workflow("x")), set => set.Workflows.ContainsKey("x/y/b"));

    [Fact]
    public Task FilePutInPlaceByARename_IsTaken()
    {
        var before = catalog.Current.Workflows["a"].Version!.Hash;
        return ShowsAsync(() => kit.Replace("a.json", FolderKit.Workflow("other")), set => set.Workflows["a"].Version!.Hash != before);
    }

    [Fact]
    public async Task HalfWrittenFile_ShowsAProblem_AndIsTakenOnceComplete()
    {
        var before = catalog.Current.Workflows["a"].Version!.Hash;
        await ShowsAsync(() => kit.Write("a.json", FolderKit.Workflow("second")[..20]), set => set.Workflows["a"].Problems.Count > 0);
        Assert.Equal(before, catalog.Current.Workflows["a"].Version!.Hash);
        await ShowsAsync(() => kit.Write("a.json", FolderKit.Workflow("second")), set => set.Workflows["a"] is { Problems.Count: 0, Version: { } version } && version.Hash != before);
    }

    [Fact]
    public Task RemovedFile_GoesAway() => ShowsAsync(() => File.Delete(kit.PathOf("a.json")), set => !set.Workflows.ContainsKey("a"));

    [Fact]
    public async Task RemovedFolder_EmptiesTheCatalogue_AndANewOneFillsIt()
    {
        await ShowsAsync(() => Directory.Delete(kit.Root, recursive: true), set => set.Workflows.Count == 0);
        await ShowsAsync(() => kit.Write("b.json", FolderKit.Workflow("x")), set => set.Workflows.ContainsKey("b"));
        await ShowsAsync(() => kit.Write("c.json", FolderKit.Workflow("x")), set => set.Workflows.ContainsKey("c"));
    }

    [Fact]
    public async Task FolderReplacedAtOnce_IsFollowed()
    {
        await ShowsAsync(
            () =>
            {
                Directory.Move(kit.Root, kit.Root + "-old");
                kit.Write("b.json", FolderKit.Workflow("x"));
            },
            set => set.Workflows.Keys.SequenceEqual(["b"]));
        await ShowsAsync(() => kit.Write("c.json", FolderKit.Workflow("x")), set => set.Workflows.ContainsKey("c"));
    }

    private async Task ShowsAsync(Action change, Func<WorkflowSet, bool> shown)
    {
        var seen = new TaskCompletionSource();
        void Look(WorkflowSet set)
        {
            if (shown(set)) seen.TrySetResult();
        }

        catalog.Changed += Look;
        change();
        Look(catalog.Current);
        await seen.Task.WaitAsync(Generous);
        catalog.Changed -= Look;
    }
}

using Automation.Server.Workflows;

namespace Automation.Server.Tests.Workflows;

public sealed class WorkflowCatalogTests : IDisposable
{
    private readonly FolderKit kit = new();

    public void Dispose() => kit.Dispose();

    [Fact]
    public async Task Load_FindsWorkflowsInAllFolders_AndNothingElse()
    {
        kit.Write("a.json", FolderKit.Workflow("x"));
        kit.Write("shop/b-1.json", FolderKit.Workflow("x"));
        foreach (var other in new[] { "a.layout.json", "a.tests.json", "workflow.schema.json", ".hidden.json", ".git/c.json", "a.json~", ".a.json.swp", "4913", "x.json.tmp", "node_modules/p/package.json", "tsconfig.json", "notes.txt" }) kit.Write(other, "{");
        var catalog = await kit.LoadedAsync();
        Assert.Equal(["a", "shop/b-1"], catalog.Current.Workflows.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(2, catalog.Current.Active.Count());
    }

    [Fact]
    public async Task Load_StoresEachVersion_BeforeItIsActive()
    {
        kit.Write("a.json", FolderKit.Workflow("x"));
        using var catalog = kit.Catalog();
        catalog.Changed += set => Assert.Equal([$"a@{set.Workflows["a"].Version!.Hash}"], kit.Stored);
        await catalog.LoadAsync(CancellationToken.None);
        Assert.Single(kit.Stored);
        Assert.DoesNotContain(kit.Lines.All, line => line.Contains("listener", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Load_MakesAMissingFolder()
    {
        Directory.Delete(kit.Root);
        await kit.LoadedAsync();
        Assert.True(Directory.Exists(kit.Root));
    }

    [Fact]
    public async Task FolderThatCannotBeMade_IsLogged_AndNothingRuns()
    {
        Directory.Delete(kit.Root);
        await File.WriteAllTextAsync(kit.Root, "a file");
        var catalog = await kit.LoadedAsync();
        Assert.Empty(catalog.Current.Workflows);
        Assert.Contains(kit.Lines.All, line => line.Contains("cannot be made", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ChosenVersion_StaysActive_UntilTheFileHasOtherBytes()
    {
        kit.Write("a.json", FolderKit.Workflow("one"));
        using var catalog = await kit.LoadedAsync();
        var old = catalog.Current.Workflows["a"].Version!;
        kit.Write("a.json", FolderKit.Workflow("two"));
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        Assert.Equal(PinOutcome.Done, await catalog.PinAsync(old, CancellationToken.None));
        Assert.Equal(PinOutcome.AlreadyActive, await catalog.PinAsync(old, CancellationToken.None));
        await catalog.RefreshAsync(new Look { Everything = true }, CancellationToken.None);
        Assert.Same(old, catalog.Current.Workflows["a"].Version);
        kit.Write("a.json", FolderKit.Workflow("two") + "\n");
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        Assert.Equal((null, catalog.Current.Workflows["a"].FileVersion), (catalog.Current.Workflows["a"].Pin, catalog.Current.Workflows["a"].Version!.Hash));
    }

    [Fact]
    public async Task ChosenVersion_OutlivesALookAtWhichTheFileCannotBeRead()
    {
        kit.Write("a.json", FolderKit.Workflow("one"));
        using var catalog = await kit.LoadedAsync();
        var old = catalog.Current.Workflows["a"].Version!;
        kit.Write("a.json", FolderKit.Workflow("two"));
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        File.Delete(kit.PathOf("a.json"));
        File.CreateSymbolicLink(kit.PathOf("a.json"), "/etc/hostname");
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        Assert.Single(catalog.Current.Workflows["a"].Problems);
        await catalog.PinAsync(old, CancellationToken.None);
        File.Delete(kit.PathOf("a.json"));
        kit.Write("a.json", FolderKit.Workflow("two"));
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        Assert.Same(old, catalog.Current.Workflows["a"].Version);
    }

    [Fact]
    public async Task BrokenFile_KeepsTheLastGoodVersion_UntilItIsRepaired()
    {
        kit.Write("a.json", FolderKit.Workflow("x"));
        using var catalog = await kit.LoadedAsync();
        var good = catalog.Current.Workflows["a"].Version;
        kit.Write("a.json", "{ \"steps\": ");
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        Assert.Same(good, catalog.Current.Workflows["a"].Version);
        Assert.Single(catalog.Current.Workflows["a"].Problems);
        kit.Write("a.json", FolderKit.Workflow("new"));
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        Assert.NotSame(good, catalog.Current.Workflows["a"].Version);
        Assert.Empty(catalog.Current.Workflows["a"].Problems);
    }

    [Fact]
    public async Task BrokenFile_AfterARestart_RunsItsLastGoodVersion()
    {
        kit.LastGood["a"] = (await kit.Compiling.VersionAsync(FolderKit.Workflow("old"))).Source;
        kit.Write("a.json", "{");
        using var catalog = await kit.LoadedAsync();
        Assert.NotNull(catalog.Current.Workflows["a"].Version);
        Assert.Single(catalog.Current.Workflows["a"].Problems);
        Assert.Empty(kit.Stored);
    }

    [Fact]
    public async Task FileThatNeverWorked_IsShownWithItsProblems_AndNotActive()
    {
        kit.Write("a.json", "{");
        using var catalog = await kit.LoadedAsync();
        Assert.Null(catalog.Current.Workflows["a"].Version);
        Assert.Empty(catalog.Current.Active);
        Assert.Contains(kit.Lines.All, line => line.StartsWith("a.json(1,2): ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RemovedFile_TakesItsWorkflowAway()
    {
        kit.Write("a.json", FolderKit.Workflow("x"));
        using var catalog = await kit.LoadedAsync();
        File.Delete(kit.PathOf("a.json"));
        Assert.Equal(1, await catalog.RefreshAsync(new Look(), CancellationToken.None));
        Assert.Empty(catalog.Current.Workflows);
    }

    [Fact]
    public async Task ChangedScript_MakesANewVersion()
    {
        kit.Write("shop/a.json", FolderKit.ScriptWorkflow("lib/s.js"));
        kit.Write("shop/lib/s.js", "export default () => 1");
        using var catalog = await kit.LoadedAsync();
        var before = catalog.Current.Workflows["shop/a"].Version!.Hash;
        kit.Write("shop/lib/s.js", "export default () => 22");
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        Assert.NotEqual(before, catalog.Current.Workflows["shop/a"].Version!.Hash);
    }

    [Fact]
    public async Task MissingScript_IsFound_WhenItComes()
    {
        kit.Write("a.json", FolderKit.ScriptWorkflow("s.js"));
        using var catalog = await kit.LoadedAsync();
        Assert.Contains("There is no file \"s.js\"", Assert.Single(catalog.Current.Workflows["a"].Problems).Message, StringComparison.Ordinal);
        kit.Write("s.js", "export default () => 1");
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        Assert.NotNull(catalog.Current.Workflows["a"].Version);
    }

    [Theory]
    [InlineData("link.js", "leaves the workflows folder")]
    [InlineData("linked/s.js", "leaves the workflows folder")]
    [InlineData("big.js", "larger than")]
    [InlineData("latin.js", "not UTF-8")]
    [InlineData("folder.js", "cannot be read")]
    public async Task ScriptThatMustNotBeRead_IsAProblem(string file, string expected)
    {
        var outside = Directory.CreateTempSubdirectory("outside-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(outside, "s.js"), "export default () => 1");
            File.CreateSymbolicLink(kit.PathOf("link.js"), Path.Combine(outside, "s.js"));
            Directory.CreateSymbolicLink(kit.PathOf("linked"), outside);
            Directory.CreateDirectory(kit.PathOf("folder.js"));
            await File.WriteAllBytesAsync(kit.PathOf("big.js"), new byte[1024 * 1024 + 1]);
            await File.WriteAllBytesAsync(kit.PathOf("latin.js"), [0x2f, 0x2f, 0xe9]);
            kit.Write("a.json", FolderKit.ScriptWorkflow(file));
            using var catalog = await kit.LoadedAsync();
            var problem = Assert.Single(catalog.Current.Workflows["a"].Problems);
            Assert.Equal("/steps/a/file", problem.Pointer);
            Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public async Task LinkThatStaysInTheFolder_IsFollowed()
    {
        kit.Write("real/s.js", "export default () => 1");
        File.CreateSymbolicLink(kit.PathOf("s.js"), "real/s.js");
        kit.Write("a.json", FolderKit.ScriptWorkflow("s.js"));
        using var catalog = await kit.LoadedAsync();
        Assert.Empty(catalog.Current.Workflows["a"].Problems);
    }

    [Fact]
    public async Task WorkflowFileThatLinksOutside_IsAProblem()
    {
        File.CreateSymbolicLink(kit.PathOf("a.json"), "/etc/hostname");
        using var catalog = await kit.LoadedAsync();
        Assert.Contains("leaves the workflows folder", Assert.Single(catalog.Current.Workflows["a"].Problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("my flow.json")]
    [InlineData("ä.json")]
    [InlineData("a.b.json")]
    public async Task FileNameThatIsNoId_IsAProblem(string name)
    {
        kit.Write(name, FolderKit.Workflow("x"));
        using var catalog = await kit.LoadedAsync();
        Assert.Contains("rename it", Assert.Single(catalog.Current.Workflows.Values).Problems[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NamesThatDifferOnlyByCase_AreNotBothActive_AndTheOneInUseStays()
    {
        kit.Write("order.json", FolderKit.Workflow("x"));
        using var catalog = await kit.LoadedAsync();
        kit.Write("Order.json", FolderKit.Workflow("y"));
        await catalog.RefreshAsync(new Look(), CancellationToken.None);
        Assert.Equal("order", Assert.Single(catalog.Current.Active).WorkflowId);
        Assert.Contains("order.json only in capital letters", Assert.Single(catalog.Current.Workflows["Order"].Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VersionThatCannotBeStored_IsNotActive_AndIsTriedAgain()
    {
        kit.Write("a.json", FolderKit.Workflow("x"));
        kit.StoreFailure = new IOException("disk full");
        using var catalog = await kit.LoadedAsync();
        Assert.Empty(catalog.Current.Active);
        Assert.Contains("could not be stored", catalog.Current.Workflows["a"].Problems[0].Message, StringComparison.Ordinal);
        kit.StoreFailure = null;
        await catalog.RefreshAsync(new Look { Broken = true }, CancellationToken.None);
        Assert.Single(catalog.Current.Active);
    }

    [Fact]
    public async Task SecretThatIsSetLater_RepairsTheWorkflow()
    {
        kit.Write("a.json", """{ "steps": { "a": { "type": "send", "url": "${secret.LATER}" } } }""");
        using var catalog = await kit.LoadedAsync();
        Assert.Empty(catalog.Current.Active);
        kit.Compiling.Secrets.Add("LATER");
        await catalog.RefreshAsync(new Look { Broken = true }, CancellationToken.None);
        Assert.Single(catalog.Current.Active);
    }

    [Fact]
    public async Task ChangeOfFormOnly_KeepsTheVersion_AndIsTold()
    {
        kit.Write("a.json", FolderKit.Workflow("x"));
        using var catalog = await kit.LoadedAsync();
        var before = catalog.Current;
        kit.Write("a.json", FolderKit.Workflow("x") + "\n\n");
        Assert.Equal(1, await catalog.RefreshAsync(new Look(), CancellationToken.None));
        Assert.Same(before.Workflows["a"].Version, catalog.Current.Workflows["a"].Version);
        Assert.Single(kit.Stored.Distinct()); // the journal is told of the files' new state
    }

    [Fact]
    public async Task LookWithoutChanges_RaisesNothing()
    {
        kit.Write("a.json", FolderKit.Workflow("x"));
        using var catalog = await kit.LoadedAsync();
        catalog.Changed += _ => Assert.Fail("Nothing changed.");
        Assert.Equal(0, await catalog.RefreshAsync(new Look { Everything = true }, CancellationToken.None));
    }

    [Fact]
    public async Task SwitchedOffWorkflow_IsShown_ButNotActive()
    {
        kit.Write("a.json", FolderKit.Workflow("x"));
        kit.Disabled.Add("a");
        using var catalog = await kit.LoadedAsync();
        Assert.Empty(catalog.Current.Active);
        Assert.True(catalog.SetEnabled("a", true));
        Assert.Single(catalog.Current.Active);
        Assert.False(catalog.SetEnabled("none", true));
    }

    [Fact]
    public async Task ListenerThatFails_DoesNotStopTheCatalogue()
    {
        kit.Write("a.json", FolderKit.Workflow("x"));
        using var catalog = kit.Catalog();
        catalog.Changed += _ => throw new InvalidOperationException("mine");
        await catalog.LoadAsync(CancellationToken.None);
        Assert.Single(catalog.Current.Active);
    }

    [Fact]
    public async Task ThousandsOfFiles_Load()
    {
        for (var i = 0; i < 2000; i++) kit.Write($"g{i % 20}/w{i}.json", FolderKit.Workflow($"m{i}"));
        using var catalog = await kit.LoadedAsync();
        Assert.Equal(2000, catalog.Current.Active.Count());
    }
}

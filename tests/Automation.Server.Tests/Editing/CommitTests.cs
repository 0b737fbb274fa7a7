using System.Net;
using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Editing;

public sealed class CommitTests : EditingTest
{
    private const string Script = "export default () => 1\n";

    [Fact]
    public async Task RefusingHook_LeavesTheIndexAsItWas()
    {
        Repository();
        Hook("pre-commit", "echo no such thing >&2; exit 1");

        var saved = await PutAsync("order", await BaseAsync("order"), "Change", ("order.json", Order + "\n"), ("order.ts", Script));

        Assert.Contains("no such thing", saved.Body["commitProblem"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(["M order.json", "?? order.ts"], Git("status", "--porcelain").Split('\n').Select(line => line.Trim()));
        Assert.Empty(Git("diff", "--cached", "--name-only"));
    }

    [Fact]
    public async Task SaveOfAnother_WhileACommitWaits_IsNotCommittedWithIt()
    {
        Repository();
        Hook("pre-commit", "touch ../begun; until test -e ../go; do sleep 0.02; done");
        var first = PutAsync("order", await BaseAsync("order"), "First", ("order.json", Order + "\n"));
        await WorkflowServer.UntilAsync(() => File.Exists(Path.Combine(Workflows, "..", "begun")));
        var second = PutAsync("order", await BaseAsync("order"), "Second", ("order.json", Order + "\n\n"));
        await WorkflowServer.UntilAsync(() => File.ReadAllText(Path.Combine(Workflows, "order.json")) == Order + "\n\n");
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("order", await BaseAsync("order"), ("order.json", Order + "\n\n\n"))).Status);
        await File.WriteAllTextAsync(Path.Combine(Workflows, "..", "go"), "");

        Assert.NotNull((await first).Body["commit"]);
        Assert.Contains("changed again", (await second).Body["commitProblem"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("First", Git("log", "-1", "--format=%s"));
        Assert.Equal(["M order.json"], Git("status", "--porcelain").Split('\n').Select(line => line.Trim()));
    }

    [Theory]
    [InlineData("MERGE_HEAD", "merge")]
    [InlineData("CHERRY_PICK_HEAD", "cherry-pick")]
    [InlineData("rebase-merge", "rebase")]
    public async Task WhileAMergeIsUnderWay_NothingIsCommittedNorStaged(string sign, string what)
    {
        Repository();
        await File.WriteAllTextAsync(Path.Combine(Workflows, ".git", sign), Git("rev-parse", "HEAD") + "\n");

        var saved = await PutAsync("order", await BaseAsync("order"), "Change", ("order.json", Order + "\n"));

        Assert.Contains(what, saved.Body["commitProblem"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(Git("diff", "--cached", "--name-only"));
    }

    [Fact]
    public async Task WithoutABranch_NothingIsCommitted()
    {
        Repository();
        Git("checkout", "--quiet", "--detach");
        var saved = await PutAsync("order", await BaseAsync("order"), "Change", ("order.json", Order + "\n"));
        Assert.Contains("branch", saved.Body["commitProblem"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Null(saved.Body["commit"]);
    }

    [Fact]
    public async Task DeletedFilesThatWereNeverCommitted_AndIgnoredOnes_AreLeftOut()
    {
        Repository();
        Write((".gitignore", "order.tests.json\n"), ("order.layout.json", "{}"));

        var saved = await PutAsync("order", await BaseAsync("order"), "Change", ("order.json", Order + "\n"), ("order.layout.json", null), ("order.tests.json", """{ "cases": {} }"""));

        Assert.NotNull(saved.Body["commit"]);
        Assert.Equal("order.json", Git("show", "--format=", "--name-only", "HEAD"));
    }

    [Fact]
    public async Task VersionsHistory_NamesTheCommitThatHasIt()
    {
        Repository();
        var saved = await PutAsync("order", await BaseAsync("order"), "Change", ("order.json", Order), ("order.ts", Script));
        Assert.Equal(saved.Body["commit"]!.GetValue<string>(), (await Server.GetAsync("/api/workflows/order/versions"))["items"]![0]!["commit"]!.GetValue<string>());
    }

    [Fact]
    public async Task FileThatIsALink_IsCommittedWhereItIs()
    {
        Directory.CreateDirectory(Path.Combine(Workflows, "shared"));
        Write(("shared/order.ts", Script));
        File.CreateSymbolicLink(Path.Combine(Workflows, "order.ts"), Path.Combine("shared", "order.ts"));
        Repository();

        var saved = await PutAsync("order", await BaseAsync("order"), "Change", ("order.ts", "// new\n"));

        Assert.NotNull(saved.Body["commit"]);
        Assert.Equal("shared/order.ts", Git("show", "--format=", "--name-only", "HEAD"));
        Assert.NotNull(new FileInfo(Path.Combine(Workflows, "order.ts")).LinkTarget);
    }

    [Fact]
    public async Task HookThatLeavesAProcessBehind_KeepsNobodyWaiting()
    {
        Repository();
        Hook("post-commit", "sleep 30 &");
        var saved = await PutAsync("order", await BaseAsync("order"), "Change", ("order.json", Order + "\n"));
        Assert.Equal(Git("rev-parse", "HEAD"), saved.Body["commit"]!.GetValue<string>());
    }

    [Fact]
    public async Task HookThatHangs_IsToldOf_AndLeavesNoLock()
    {
        Repository();
        var begun = Path.Combine(Server.Folder, "begun");
        Assert.True(MakePipe(begun));
        Hook("pre-commit", $"echo > {begun}; exec sleep 60");

        var saving = PutAsync("order", await BaseAsync("order"), "Change", ("order.json", Order + "\n"));
        await File.ReadAllTextAsync(begun); // a named pipe: waits for the hook
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("other", null, ("other.json", Order))).Status);
        Time.Advance(TimeSpan.FromMinutes(2));
        var saved = await saving;

        Assert.Contains("did not end", saved.Body["commitProblem"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(Workflows, ".git"), "*.lock"));
    }

    [Fact]
    public async Task Hooks_SeeNothingOfTheServersEnvironment()
    {
        Repository();
        Environment.SetEnvironmentVariable("AUTOMATION_TEST_SEEN_BY_HOOKS", "a secret");
        Hook("pre-commit", "env | grep AUTOMATION_ && exit 1; exit 0");
        var saved = await PutAsync("order", await BaseAsync("order"), "Change", ("order.json", Order + "\n"));
        Assert.NotNull(saved.Body["commit"]);
    }

    [Fact]
    public async Task RenamedFile_IsAmongTheChangedOnesByItsName()
    {
        Repository();
        Git("mv", "order.json", "moved.json");
        Write(("order.json", Order));
        Assert.Equal(["moved.json"], (await Server.GetAsync("/api/workflows/moved/files"))["git"]!["changed"]!.AsArray().Select(name => name!.GetValue<string>()));
    }

    private static bool MakePipe(string pipe)
    {
        using var made = System.Diagnostics.Process.Start("mkfifo", pipe);
        made.WaitForExit();
        return made.ExitCode == 0;
    }

    private void Repository()
    {
        Git("init", "--quiet", "--initial-branch", "main");
        Write(("order.json", Order));
        Git("add", "order.json");
        Git("-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "--quiet", "--message", "First");
    }

    private void Hook(string name, string script)
    {
        var path = Path.Combine(Workflows, ".git", "hooks", name);
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}

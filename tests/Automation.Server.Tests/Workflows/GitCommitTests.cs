using Automation.Server.Workflows;

namespace Automation.Server.Tests.Workflows;

public sealed class GitCommitTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly string root = Directory.CreateTempSubdirectory("git-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData(Commit, "", "", Commit)]
    [InlineData("ref: refs/heads/main\n", Commit + "\n", "", Commit)]
    [InlineData("ref: refs/heads/main\n", "", "# pack-refs\n" + Commit + " refs/heads/main\n", Commit)]
    [InlineData("ref: refs/heads/main\n", "", "", null)]
    [InlineData("ref: ../../etc/passwd", "", "", null)]
    [InlineData("ref: refs/../../x", "", "", null)]
    [InlineData("what is this", "", "", null)]
    public void Head_IsFollowed_FromAFolderBelow(string head, string main, string packed, string? commit)
    {
        Write(".git/HEAD", head);
        if (main.Length > 0) Write(".git/refs/heads/main", main);
        if (packed.Length > 0) Write(".git/packed-refs", packed);
        Assert.Equal(commit, GitCommit.Around(Path.Combine(root, "deploy", "workflows")));
    }

    [Fact]
    public void LinkedWorkTree_HasItsHeadOfItsOwn_AndSharesTheRefs()
    {
        Write("main/.git/refs/heads/topic", Commit);
        Write("main/.git/worktrees/other/HEAD", "ref: refs/heads/topic");
        Write("main/.git/worktrees/other/commondir", "../..");
        Write("other/.git", $"gitdir: {root}/main/.git/worktrees/other\n");
        Assert.Equal(Commit, GitCommit.Around(Path.Combine(root, "other", "workflows")));
    }

    [Fact]
    public void NoWorkTree_HasNoCommit() => Assert.Null(GitCommit.Around(null));

    private void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, file))!);
        File.WriteAllText(Path.Combine(root, file), text);
    }
}

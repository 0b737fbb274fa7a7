using Automation.Server.Workflows;

namespace Automation.Server.Editing;

/// <param name="Message">The commit's, as its author wrote it.</param>
/// <param name="Author">A name for git.</param>
internal sealed record CommitRequest(string Message, string Author);

/// <param name="Hash">Of the commit; null when there is none.</param>
/// <param name="Problem">Why there is none, a sentence or git's words; null only where there is one.</param>
internal sealed record CommitResult(string? Hash, string? Problem);

/// <param name="Branch">What is checked out; null for no branch.</param>
/// <param name="Changed">Of the files asked about, those that are not as they were committed.</param>
internal sealed record WorkTreeState(string? Branch, IReadOnlyList<string> Changed);

/// <summary>The git work tree around the workflows folder, by the <c>git</c> program; without it, and outside of work trees, there is none.</summary>
/// <remarks>One commit at a time. A commit that fails leaves the index as it was: what people have staged, and which conflicts they have solved, is theirs.</remarks>
internal sealed class GitWorkTree(GitProgram git) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Hooks may run tests.
    private static readonly TimeSpan CommitPatience = TimeSpan.FromMinutes(2);

    private static readonly (string Sign, string What)[] Undertakings = [("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert"), ("rebase-merge", "rebase"), ("rebase-apply", "rebase")];

    private readonly SemaphoreSlim committing = new(1);

    /// <summary>Null when the folder is in no work tree.</summary>
    /// <param name="folder">Absolute.</param>
    /// <param name="files">Relative to it.</param>
    public async Task<WorkTreeState?> StateAsync(string folder, IReadOnlyList<string> files)
    {
        if (await RunAsync(folder, "status", ["--porcelain", "-z", "--branch", "--no-renames", "--untracked-files=all"], files) is not { IsGood: true } status) return null;
        var prefix = (await RunAsync(folder, "rev-parse", ["--show-prefix"], null))?.Output.Trim() ?? "";
        var entries = Lines(status.Output);
        var head = entries.FirstOrDefault(entry => entry.StartsWith("## ", StringComparison.Ordinal))?[3..];
        var branch = head?.Replace("No commits yet on ", "", StringComparison.Ordinal).Split("...")[0];
        var changed = entries.Where(entry => !entry.StartsWith("## ", StringComparison.Ordinal) && entry.Length > 3).Select(entry => entry[3..]);
        return new WorkTreeState(branch is null or "HEAD (no branch)" ? null : branch, [.. changed.Where(path => path.StartsWith(prefix, StringComparison.Ordinal)).Select(path => path[prefix.Length..])]);
    }

    /// <summary>Commits these files, without those that git ignores, and nothing else; what else is staged stays staged.</summary>
    /// <param name="folder">Absolute.</param>
    /// <param name="files">Relative to it, none through a link; those that are not there any more are committed as deleted.</param>
    /// <param name="request">How.</param>
    /// <param name="areStill">Whether the files are as their author saved them: others may save while a commit waits for the one before.</param>
    public async Task<CommitResult> CommitAsync(string folder, IReadOnlyList<string> files, CommitRequest request, Func<bool> areStill)
    {
        await committing.WaitAsync();
        try
        {
            if (await RefuseAsync(folder) is { } refused) return new CommitResult(null, refused);
            var known = await RunAsync(folder, "ls-files", ["-z"], files);
            var untracked = await RunAsync(folder, "ls-files", ["-z", "--others", "--exclude-standard"], files);
            if (!areStill()) return new CommitResult(null, "The files were changed again before they could be committed, and nobody commits what another wrote: look at them, then commit.");
            if (known is not { IsGood: true } || untracked is not { IsGood: true }) return new CommitResult(null, Why(known is { IsGood: true } ? untracked : known));
            var added = Lines(untracked.Output);
            string[] all = [.. Lines(known.Output), .. added];
            if (all.Length == 0) return new CommitResult(null, "There is nothing to commit: git ignores these files, or did not know those that are deleted.");
            if (added.Length > 0 && await RunAsync(folder, "add", ["--intent-to-add"], added) is not { IsGood: true } and var failed) return new CommitResult(null, Why(failed));
            var result = await CommitKnownAsync(folder, all, request);
            if (result.Hash is null && added.Length > 0) await RunAsync(folder, "rm", ["--cached", "--force", "--quiet"], added); // out of the index, not of the folder
            return result;
        }
        finally
        {
            committing.Release();
        }
    }

    public void Dispose() => committing.Dispose();

    private async Task<CommitResult> CommitKnownAsync(string folder, IReadOnlyList<string> files, CommitRequest request)
    {
        var before = GitCommit.Around(folder);
        string[] arguments = ["-c", $"user.name={request.Author}", "-c", "user.email=automation@localhost", "commit", "--quiet", "--message", request.Message, "--only", "--", .. files.Select(Literally)];
        var ended = await git.RunAsync(folder, arguments, CommitPatience, isQuiet: true);
        var after = GitCommit.Around(folder);
        if (after is not null && (ended is { IsGood: true } || after != before)) return new CommitResult(after, null);
        return new CommitResult(null, ended is { ExitCode: null } ? $"git did not end within {CommitPatience.TotalMinutes:0} minutes and was stopped; a hook may hang. Nothing is committed." : Why(ended));
    }

    /// <summary>Why nothing may be committed now; null when it may.</summary>
    private async Task<string?> RefuseAsync(string folder)
    {
        var found = await RunAsync(folder, "rev-parse", ["--absolute-git-dir"], null);
        if (found is { IsGood: false, ExitCode: not null } && found.Error.Contains("not a git repository", StringComparison.Ordinal)) return "The workflows folder is not in a git repository.";
        if (found is not { IsGood: true }) return Why(found);
        var directory = found.Output.TrimEnd('\n');
        if (Array.Find(Undertakings, each => Path.Exists(Path.Combine(directory, each.Sign))).What is { } under) return $"A {under} is under way in the repository: end it, then commit.";
        return await RunAsync(folder, "symbolic-ref", ["--quiet", "HEAD"], null) is { IsGood: true } ? null : "No branch is checked out in the repository, so the commit would be on none: check one out, then commit.";
    }

    private static string Why(GitEnded? ended) => ended switch
    {
        null => "git is not installed.",
        { ExitCode: null } => "git did not answer.",
        { Words.Length: > 0 } => ended.Words,
        _ => $"git ended with {ended.ExitCode}.",
    };

    private static string[] Lines(string output) => output.Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A path is never taken for a pattern — gitglossary(7), pathspec.</summary>
    private static string Literally(string path) => ":(literal)" + path;

    private Task<GitEnded?> RunAsync(string folder, string command, IReadOnlyList<string> options, IReadOnlyList<string>? files) =>
        git.RunAsync(folder, files is null ? [command, .. options] : [command, .. options, "--", .. files.Select(Literally)], Patience);
}

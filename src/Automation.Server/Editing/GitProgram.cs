using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Automation.Server.Editing;

/// <summary>How a call of git ended.</summary>
/// <param name="ExitCode">Null when it did not end in time and was stopped.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Error">What it complained.</param>
internal sealed record GitEnded(int? ExitCode, string Output, string Error)
{
    public bool IsGood => ExitCode == 0;

    /// <summary>Why it failed, in git's words.</summary>
    public string Words => Error.Length > 0 ? Error : Output;
}

/// <summary>Runs the <c>git</c> program, with nothing of the server's environment that hooks and filters have no business with.</summary>
internal sealed partial class GitProgram(TimeProvider time)
{
    private const int LongestOutput = 64 * 1024;

    // SIGTERM — signal(7).
    private const int Terminate = 15;

    private static readonly TimeSpan UntilKilled = TimeSpan.FromSeconds(10), UntilRead = TimeSpan.FromSeconds(1);

    // For git, its hooks and the signing of commits. Secrets and the admin token are not among them.
    private static readonly HashSet<string> Passed = new(StringComparer.OrdinalIgnoreCase)
    {
        "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "XDG_CONFIG_HOME", "GNUPGHOME", "SSH_AUTH_SOCK",
        "SystemRoot", "ComSpec", "PATHEXT", "TEMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "ProgramFiles",
    };

    /// <summary>Null when git cannot be started.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="arguments">Of git.</param>
    /// <param name="patience">After it git is asked to end, and removes its locks; ten seconds later it is killed.</param>
    /// <param name="isQuiet">What it prints is of interest only if it fails: a hook may have left a process behind that keeps the output open.</param>
    public async Task<GitEnded?> RunAsync(string folder, IReadOnlyList<string> arguments, TimeSpan patience, bool isQuiet = false)
    {
        var start = new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        Limit(start.Environment);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            return null;
        }

        using (process)
        {
            process.StandardInput.Close();
            using var over = new CancellationTokenSource();
            var (output, error) = (ReadAsync(process.StandardOutput, over.Token), ReadAsync(process.StandardError, over.Token));
            var ended = await EndsAsync(process, patience);
            if (!ended) await StopAsync(process);
            if (ended && !(isQuiet && process.ExitCode == 0)) await Task.WhenAny(Task.WhenAll(output, error), Task.Delay(UntilRead, time));
            await over.CancelAsync();
            return new GitEnded(ended ? process.ExitCode : null, await output, (await error).Trim());
        }
    }

    private static void Limit(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(name => !Passed.Contains(name) && !name.StartsWith("GIT_CONFIG_", StringComparison.Ordinal)).ToList()) environment.Remove(name);
        environment["GIT_TERMINAL_PROMPT"] = "0";
        environment["GIT_OPTIONAL_LOCKS"] = "0";
        environment["LC_ALL"] = "C";
    }

    private async Task<bool> EndsAsync(Process process, TimeSpan patience)
    {
        using var waited = new CancellationTokenSource(patience, time);
        try
        {
            await process.WaitForExitAsync(waited.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task StopAsync(Process process)
    {
        var isAsked = !OperatingSystem.IsWindows() && Signal(process.Id, Terminate) == 0;
        if (!isAsked || !await EndsAsync(process, UntilKilled)) process.Kill(entireProcessTree: true);
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        try
        {
            while (await reader.ReadAsync(buffer, cancellation) is > 0 and var length)
            {
                text.Append(buffer, 0, Math.Min(length, LongestOutput - text.Length)); // what is longer is read, so that git can end, and left out
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for more.
        }

        return text.ToString();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int processId, int signal);
}

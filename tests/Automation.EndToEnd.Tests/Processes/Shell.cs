using System.Diagnostics;

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>How a command ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    public string All => Output + Errors;
}

/// <summary>Runs other programs to their end.</summary>
internal static class Shell
{
    /// <summary>Runs a program; its whole process tree is ended after <paramref name="within"/>.</summary>
    public static async Task<CommandResult> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, string? input = null, string? folder = null, TimeSpan? within = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Repository.Root,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(within ?? Eventually.Soon);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end within {within ?? Eventually.Soon}. It said: {await output}{await errors}");
        }

        return new CommandResult(process.ExitCode, await output, await errors);
    }

    /// <summary>A command line as a user types it.</summary>
    public static Task<CommandResult> BashAsync(string commandLine, string? folder = null) => RunAsync("bash", ["-euo", "pipefail", "-c", commandLine], folder: folder);

    /// <summary>Publishes with Debian's client; it ends after the PUBACK when <paramref name="qos"/> is 1. Exit code 0 then means acknowledged.</summary>
    public static Task<CommandResult> MosquittoPubAsync(int port, string topic, string payload, int qos = 1) =>
        RunAsync("mosquitto_pub", ["-h", "127.0.0.1", "-p", $"{port}", "-t", topic, "-q", $"{qos}", "-m", payload]);
}

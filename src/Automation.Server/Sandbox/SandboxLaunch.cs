using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Automation.Server.Sandbox;

/// <summary>Starts a Deno process that may do nothing but compute.</summary>
internal static class SandboxLaunch
{
    /// <summary>Says what keeps scripts from running, as far as a look at the files tells; null when nothing does.</summary>
    public static string? WhatIsMissing(SandboxOptions options)
    {
        if (!File.Exists(Runtime(options)))
        {
            return $"Scripts cannot run: there is no Deno program at {Runtime(options)}. "
                + $"Start the server with ./run, or run `npm ci` in {Path.GetFullPath(options.Folder)}.";
        }

        return File.Exists(Program(options))
            ? null
            : $"Scripts cannot run: there is no sandbox program at {Program(options)}. Set the sandbox folder to src/Automation.Sandbox.";
    }

    /// <summary>Returns the running process, whose three standard streams are redirected; throws <see cref="SandboxUnavailableException"/>.</summary>
    public static Process Start(SandboxOptions options)
    {
        if (WhatIsMissing(options) is { } missing) throw new SandboxUnavailableException(missing);
        var (runtime, program) = (Runtime(options), Program(options));
        try
        {
            return Process.Start(StartInfo(options, runtime, program)) ?? throw new SandboxUnavailableException($"Scripts cannot run: {runtime} did not start.");
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            throw new SandboxUnavailableException($"Scripts cannot run: {runtime} did not start: {e.Message}", e);
        }
    }

    private static string Runtime(SandboxOptions options) => options.RuntimePath ?? SandboxRuntime.Locate(options.Folder);

    private static string Program(SandboxOptions options) => Path.GetFullPath(Path.Combine(options.Folder, "main.ts"));

    private static ProcessStartInfo StartInfo(SandboxOptions options, string runtime, string program)
    {
        var start = new ProcessStartInfo(runtime)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = Path.GetFullPath(options.Folder),
        };

        // Semi-space of 4 MB: a smaller young generation keeps a busy process below 60 MB resident at the same speed.
        var megabytes = (options.HeapBytes / (1024 * 1024)).ToString(CultureInfo.InvariantCulture);
        foreach (var argument in (ReadOnlySpan<string>)
            [
                "run", "--quiet", "--no-prompt", "--no-remote", "--no-npm", "--no-config", "--no-lock", "--no-check",
                $"--v8-flags=--max-old-space-size={megabytes},--max-semi-space-size=4,--disallow-code-generation-from-strings",
                program,
                options.OutputBytes.ToString(CultureInfo.InvariantCulture),
                options.MaxLogLines.ToString(CultureInfo.InvariantCulture),
                options.MaxLogCharacters.ToString(CultureInfo.InvariantCulture),
            ])
        {
            start.ArgumentList.Add(argument);
        }

        // Nothing of the server's environment: it may hold secrets.
        start.Environment.Clear();
        start.Environment["DENO_DIR"] = Path.GetFullPath(options.CacheFolder ?? Path.Combine(options.Folder, "node_modules", ".cache", "deno"));
        start.Environment["DENO_NO_UPDATE_CHECK"] = "1";
        start.Environment["NO_COLOR"] = "1";
        if (OperatingSystem.IsWindows()) start.Environment["SystemRoot"] = Environment.GetFolderPath(Environment.SpecialFolder.Windows);
        return start;
    }
}

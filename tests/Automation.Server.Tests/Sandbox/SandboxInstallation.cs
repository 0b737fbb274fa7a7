using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Automation.Server.Tests.Sandbox;

/// <summary>The sandbox folder of the repository, with Deno in it: <c>npm ci</c> runs once if it is missing.</summary>
internal static class SandboxInstallation
{
    private static readonly Lazy<string> Installed = new(Install);

    public static string Folder => Installed.Value;

    private static string Install()
    {
        var folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../../src/Automation.Sandbox"));
        if (Directory.Exists(Path.Combine(folder, "node_modules", "@deno"))) return folder;
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", "ci --no-audit --no-fund") { WorkingDirectory = folder };
        using var npm = Process.Start(start)!;
        npm.WaitForExit();
        return npm.ExitCode == 0 ? folder : throw new InvalidOperationException($"npm ci failed in {folder}.");
    }

    private static string Here([CallerFilePath] string path = "") => path;
}

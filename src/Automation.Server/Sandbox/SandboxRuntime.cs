using System.Runtime.InteropServices;

namespace Automation.Server.Sandbox;

/// <summary>Finds the Deno program that <c>npm ci</c> puts into the sandbox folder.</summary>
internal static class SandboxRuntime
{
    /// <summary>Environment variable that names another Deno program.</summary>
    public const string PathVariable = "AUTOMATION_SANDBOX_RUNTIME";

    /// <summary>The path from the environment, else the one in the folder.</summary>
    /// <remarks>It may not exist: <see cref="SandboxPool"/> says so when it starts a process.</remarks>
    public static string Locate(string sandboxFolder)
    {
        var named = Environment.GetEnvironmentVariable(PathVariable);
        if (!string.IsNullOrEmpty(named)) return Path.GetFullPath(named);
        var file = OperatingSystem.IsWindows() ? "deno.exe" : "deno";
        return Path.GetFullPath(Path.Combine(sandboxFolder, "node_modules", "@deno", PlatformPackage(), file));
    }

    /// <summary>The name of the npm package that holds the program for this machine: <c>linux-x64-glibc</c>.</summary>
    private static string PlatformPackage()
    {
        var architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        if (OperatingSystem.IsWindows()) return $"win32-{architecture}";
        return OperatingSystem.IsMacOS() ? $"darwin-{architecture}" : $"linux-{architecture}-glibc";
    }
}

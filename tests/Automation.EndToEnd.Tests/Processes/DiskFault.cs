namespace Automation.EndToEnd.Tests.Processes;

/// <summary>Makes the disk fail under a server's database, by a library that stands between the server and the system's calls (<c>disk-fault.c</c>).</summary>
internal sealed class DiskFault : IDisposable
{
    private readonly ScratchFolder scratch = new();

    private DiskFault()
    {
    }

    private string Library => scratch.At("disk-fault.so");

    private string Control => scratch.At("fault");

    /// <summary>What the server's process needs.</summary>
    public Dictionary<string, string?> Environment => new() { ["LD_PRELOAD"] = Library, ["DISK_FAULT"] = Control };

    /// <summary>Compiles the library; skips the test where there is no C compiler.</summary>
    public static async Task<DiskFault> CreateAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/cc"), "No C compiler (/usr/bin/cc; Debian: gcc, libc6-dev) to build what makes the disk fail.");
        var fault = new DiskFault();
        var built = await Shell.RunAsync("/usr/bin/cc", ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", fault.Library, Repository.PathOf("tests", "Automation.EndToEnd.Tests", "Processes", "disk-fault.c"), "-ldl"]);
        Assert.True(built.ExitCode == 0, built.All);
        return fault;
    }

    /// <param name="kind"><c>fsync</c>, <c>full</c>, <c>readonly</c> or <c>write</c>; <c>checkpoint</c> for one that takes the log, and nothing else.</param>
    public void Begin(string kind) => File.WriteAllText(Control, kind);

    public void End() => File.Delete(Control);

    public void Dispose() => scratch.Dispose();
}

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>A file system of its own with a few megabytes, in memory.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string folder;

    private SmallDisk(string folder) => this.folder = folder;

    private string Filler => Path.Combine(folder, "filler");

    /// <summary>Mounts it; skips the test where that is not allowed.</summary>
    public static async Task<SmallDisk> MountAsync(string folder, int megabytes)
    {
        var mounted = await Shell.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", folder]);
        Assert.SkipUnless(mounted.ExitCode == 0, "No small disk can be mounted: " + mounted.All);
        return new SmallDisk(folder);
    }

    /// <summary>Takes all the space that is left.</summary>
    public void Fill()
    {
        using var file = File.Create(Filler);
        try
        {
            while (true) file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // No space left on device.
        }
    }

    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync() => await Shell.RunAsync("umount", [folder]);
}

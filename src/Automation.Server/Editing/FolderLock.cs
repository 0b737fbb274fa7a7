using System.Runtime.InteropServices;

namespace Automation.Server.Editing;

/// <summary>One save at a time in a folder, whichever process makes it: a lock on the folder itself, which leaves nothing behind and is gone with its process — flock(2).</summary>
/// <remarks>On Windows, and on file systems without such locks, other processes are not held up.</remarks>
internal sealed partial class FolderLock : IDisposable
{
    private const int Exclusive = 2, WithoutWaiting = 4, Unlock = 8;

    /// <summary>Between two tries.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    // O_CLOEXEC: a program that is started meanwhile does not hold the lock on.
    private static readonly int NotForChildren = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    // EWOULDBLOCK
    private static readonly int IsHeld = OperatingSystem.IsMacOS() ? 35 : 11;

    private readonly int folder;

    private FolderLock(int folder) => this.folder = folder;

    /// <exception cref="IOException">Another process has held it all the time.</exception>
    public static async Task<FolderLock> TakeAsync(string path, TimeProvider time, CancellationToken cancellation)
    {
        var taken = new FolderLock(OperatingSystem.IsWindows() ? -1 : Open(path, NotForChildren));
        try
        {
            for (var start = time.GetTimestamp(); !taken.IsTaken();)
            {
                if (time.GetElapsedTime(start) > Patience) throw new IOException($"Another process has been saving there for {Patience.TotalSeconds:0} seconds.");
                await Task.Delay(Pause, time, cancellation);
            }

            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (folder < 0) return;
        _ = Lock(folder, Unlock);
        _ = Close(folder);
    }

    private bool IsTaken() => folder < 0 || Lock(folder, Exclusive | WithoutWaiting) == 0 || Marshal.GetLastPInvokeError() != IsHeld;

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(int file, int operation);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}

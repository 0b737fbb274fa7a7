using System.Runtime.InteropServices;

namespace Automation.Server.Storage.Backups;

/// <summary>Files that only their owner may read, and names that outlive a power cut.</summary>
internal static partial class DiskSync
{
    public static FileStreamOptions OwnerOnly(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>Sees that the names of new files in a folder are on the disk: their fsync is not enough for that. On Windows there is no such call, and no need.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public static void Folder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = Open(path, 0);
        if (folder < 0) throw new IOException($"{path} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (Sync(folder) != 0) throw new IOException($"{path} cannot be brought to the disk: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(folder);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}

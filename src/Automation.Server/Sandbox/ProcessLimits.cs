using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Automation.Server.Sandbox;

/// <summary>What the operating system knows of a sandbox process and forbids it.</summary>
internal static partial class ProcessLimits
{
    private const int ResourceCpu = 0; // RLIMIT_CPU, Linux
    private const ulong OrphanCpuSeconds = 15;

    /// <summary>Resident bytes; 0 when the process is gone.</summary>
    public static long ResidentBytes(Process process)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // size resident shared … in pages — proc_pid_statm(5)
                var fields = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/statm")).Split(' ');
                return long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
            }

            process.Refresh();
            return process.WorkingSet64;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>
    /// Lets the process use this much more processor time and no more. The server says so again and again while it lives; after it was
    /// killed, a script in an endless loop, which never sees that standard input has ended, ends by this. Linux only.
    /// </summary>
    public static void ExtendCpu(Process process)
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            var used = (ulong)process.TotalProcessorTime.TotalSeconds;
            if (GetLimit(process.Id, ResourceCpu, 0, out var limit) != 0) return;
            limit.Soft = Math.Min(used + OrphanCpuSeconds, limit.Hard);
            _ = SetLimit(process.Id, ResourceCpu, limit, 0);
        }
        catch (Exception ended) when (ended is InvalidOperationException or Win32Exception)
        {
            // it has just ended, which is known already or seen by its missing entry in /proc
        }
    }

    [LibraryImport("libc", EntryPoint = "prlimit")]
    private static partial int GetLimit(int processId, int resource, nint none, out Limit old);

    [LibraryImport("libc", EntryPoint = "prlimit")]
    private static partial int SetLimit(int processId, int resource, in Limit limit, nint none);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}

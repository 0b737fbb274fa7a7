using System.Globalization;

namespace Automation.Benchmarks;

/// <summary>Memory and processor time of a process and all its children, from Linux's process table.</summary>
internal sealed class ProcessUsage : IAsyncDisposable
{
    private const double TicksPerSecond = 100; // USER_HZ
    private const long PageBytes = 4096;
    private readonly int root;
    private readonly CancellationTokenSource end = new();
    private readonly Task sampling;

    public ProcessUsage(int root)
    {
        this.root = root;
        sampling = SampleAsync();
    }

    /// <summary>Most resident bytes seen, all processes together, sampled ten times a second.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Resident bytes now, all processes together. Field 22 after the name is rss, in pages — proc(5).</summary>
    public long Resident => Tree().Sum(pid => Stat(pid) is [.. var fields] ? Number(fields[21]) * PageBytes : 0);

    public int Processes => Tree().Count;

    /// <summary>User and system time so far, all processes that live.</summary>
    public TimeSpan Cpu => TimeSpan.FromSeconds(Tree().Sum(pid => Stat(pid) is [.. var fields] ? (Number(fields[11]) + Number(fields[12])) / TicksPerSecond : 0));

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await sampling;
        end.Dispose();
    }

    private async Task SampleAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(end.Token)) PeakBytes = Math.Max(PeakBytes, Resident);
        }
        catch (OperationCanceledException)
        {
            // Asked to end.
        }
    }

    private List<int> Tree()
    {
        var children = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0)
            .ToLookup(pid => Stat(pid) is [_, var parent, ..] ? (int)Number(parent) : 0);
        var tree = new List<int> { root };
        for (var i = 0; i < tree.Count; i++) tree.AddRange(children[tree[i]]);
        return tree;
    }

    // /proc/PID/stat after "pid (name) ": state ppid … utime (11) stime (12) … rss (21)
    private static string[] Stat(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);
}

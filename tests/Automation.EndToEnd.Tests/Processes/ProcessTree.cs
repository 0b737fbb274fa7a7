using System.Globalization;

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>Reads Linux's process table.</summary>
internal static class ProcessTree
{
    /// <summary>The processes below one, at any depth.</summary>
    public static IReadOnlyList<int> Below(int pid)
    {
        var parents = Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
            .Select(child => (Child: child, Parent: ParentOf(child)))
            .ToLookup(p => p.Parent, p => p.Child);
        var below = new List<int>();
        var open = new Stack<int>([pid]);
        while (open.TryPop(out var next))
        {
            below.AddRange(parents[next]);
            foreach (var child in parents[next]) open.Push(child);
        }

        return below;
    }

    public static bool Lives(int pid) => ParentOf(pid) is not null;

    // /proc/PID/stat: pid (name) state ppid … — proc(5). A process that ended but was not waited for (state Z) does not live.
    private static int? ParentOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}

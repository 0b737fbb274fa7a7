using System.Buffers;

namespace Automation.Server.Sandbox;

/// <summary>What one process has loaded: the server decides, the process obeys.</summary>
internal sealed class LoadedPrograms(int limit)
{
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private uint lastNumber;
    private long clock;

    /// <summary>The number of the program in this process; writes the frames that load it, and unload the least recently used one past the limit.</summary>
    public uint Use(SandboxProgram program, IBufferWriter<byte> to)
    {
        if (entries.TryGetValue(program.Id, out var entry))
        {
            entry.LastUse = ++clock;
            return entry.Number;
        }

        if (entries.Count >= limit)
        {
            var (oldId, old) = entries.MinBy(e => e.Value.LastUse);
            entries.Remove(oldId);
            SandboxFrames.WriteUnload(to, old.Number);
        }

        entry = new Entry { Number = ++lastNumber, LastUse = ++clock };
        SandboxFrames.WriteLoad(to, entry.Number, program);
        entries.Add(program.Id, entry);
        return entry.Number;
    }

    private sealed class Entry
    {
        public required uint Number { get; init; }

        public long LastUse { get; set; }
    }
}

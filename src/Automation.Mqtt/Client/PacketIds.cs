using System.Collections;

namespace Automation.Mqtt.Client;

/// <summary>Packet identifiers 1 to 65,535 — MQTT 5 §2.2.1. Not thread-safe.</summary>
/// <param name="first">
/// Where to begin. A session that the server kept from an earlier process may hold identifiers we know nothing of: beginning anywhere makes it unlikely to meet one.
/// </param>
internal sealed class PacketIds(ushort first)
{
    private readonly BitArray _used = new(ushort.MaxValue + 1);
    private ushort _next = first;
    private int _count;

    public bool TryTake(out ushort id)
    {
        id = 0;
        if (_count == ushort.MaxValue)
            return false;
        while (_next == 0 || _used[_next])
            _next++;
        id = _next++;
        _used[id] = true;
        _count++;
        return true;
    }

    public void Free(ushort id)
    {
        _used[id] = false;
        _count--;
    }
}

using System.Net;
using System.Net.Sockets;

namespace Automation.Mqtt.Transport;

/// <summary>
/// Limits new connections a second. Over all of them, those too many wait; of one address, those too many are to be closed, so that it does
/// not hold up the others. One second's worth may come at once. Each address keeps one number: the time at which it will have used up nothing.
/// </summary>
internal sealed class ConnectRate(int perSecond, int perSecondPerAddress, TimeProvider time)
{
    private readonly Dictionary<UInt128, long> _addresses = [];
    private readonly Lock _lock = new();
    private readonly long _second = time.TimestampFrequency;
    private long _all = long.MinValue;
    private long _lastSweep = time.GetTimestamp();

    /// <summary>Waits for the turn of one more connection.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellation)
    {
        if (perSecond == 0)
            return;
        long wait;
        lock (_lock)
            wait = Take(ref _all, perSecond, mayWait: true);
        if (wait > 0)
            await Task.Delay(TimeSpan.FromSeconds((double)wait / _second), time, cancellation);
    }

    /// <summary>Whether one more connection of the address is not too many.</summary>
    public bool TryPass(IPAddress address)
    {
        if (perSecondPerAddress == 0)
            return true;
        lock (_lock)
        {
            Sweep();
            var key = KeyOf(address);
            var used = _addresses.GetValueOrDefault(key, long.MinValue);
            if (Take(ref used, perSecondPerAddress, mayWait: false) > 0)
                return false;
            _addresses[key] = used;
            return true;
        }
    }

    // The generic cell rate algorithm: `used` moves on by the time that one connection is worth, and may be a second ahead.
    private long Take(ref long used, int rate, bool mayWait)
    {
        var now = time.GetTimestamp();
        var next = Math.Max(used, now) + Math.Max(1, _second / rate);
        var wait = next - now - _second;
        if (wait <= 0 || mayWait)
            used = next;
        return Math.Max(0, wait);
    }

    private void Sweep()
    {
        var now = time.GetTimestamp();
        if (now - _lastSweep < _second)
            return;
        _lastSweep = now;
        foreach (var (key, used) in _addresses)
        {
            if (used <= now)
                _addresses.Remove(key);
        }
    }

    // A network of IPv6 is given to one subscriber as a whole: 64 bits — RFC 6177 §2.
    private static UInt128 KeyOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            bytes[8..].Clear();
        var key = UInt128.Zero;
        foreach (var part in bytes[..length])
            key = (key << 8) | part;
        return key;
    }
}

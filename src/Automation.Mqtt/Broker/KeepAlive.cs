using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>
/// Watches for a client's silence. Packets only leave a time stamp; the wheel looks at it when it would be too late, at most a tick
/// after one and a half times the keep alive.
/// </summary>
internal sealed class KeepAlive(TimerWheel wheel, Action onSilence)
{
    private Deadline? _deadline;
    private long _lastPacket;
    private bool _isHeld;

    /// <param name="seconds">The keep alive; 0 for none.</param>
    public void Start(ushort seconds)
    {
        Touch();
        if (seconds == 0)
            return;
        var limit = TimeSpan.FromSeconds(seconds * 1.5); // MQTT 5 §3.1.2.10
        _deadline = new Deadline(_ => Check(limit));
        wheel.Schedule(_deadline, TimerWheel.FirstTickFrom(wheel.Elapsed + limit));
    }

    /// <summary>A whole packet came.</summary>
    public void Touch() => Volatile.Write(ref _lastPacket, wheel.Elapsed.Ticks);

    /// <summary>We stop reading: silence is not the client's now.</summary>
    public void Hold() => Volatile.Write(ref _isHeld, true);

    public void Resume()
    {
        Touch();
        Volatile.Write(ref _isHeld, false);
    }

    public void Stop() => _deadline?.Cancel();

    private long Check(TimeSpan limit)
    {
        var now = wheel.Elapsed;
        var end = limit + (Volatile.Read(ref _isHeld) ? now : new TimeSpan(Volatile.Read(ref _lastPacket)));
        if (now < end)
            return TimerWheel.FirstTickFrom(end);
        onSilence();
        return TimerWheel.Never;
    }
}

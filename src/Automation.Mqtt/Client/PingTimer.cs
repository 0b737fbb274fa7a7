namespace Automation.Mqtt.Client;

/// <summary>Decides when to ask whether the server is still there, and when it is not — MQTT 5 §3.1.2.10, §3.12. Looked at once a second.</summary>
internal sealed class PingTimer
{
    private const int MaxAnswerSeconds = 10;

    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _answer;
    private long _lastSent;
    private long _lastReceived;
    private long _asked;
    private bool _isAsked;
    private bool _isHeld;

    public PingTimer(TimeProvider time, ushort keepAliveSeconds)
    {
        _time = time;
        _interval = TimeSpan.FromSeconds(keepAliveSeconds);
        _answer = TimeSpan.FromSeconds(Math.Min(Math.Max(keepAliveSeconds / 2.0, 1), MaxAnswerSeconds));
        _lastSent = _lastReceived = time.GetTimestamp();
    }

    /// <summary>Bytes were sent, all of them.</summary>
    public void Sent() => Volatile.Write(ref _lastSent, _time.GetTimestamp());

    /// <summary>A whole packet came. While we are busy with it we do not read, and that no answer is seen says nothing about the server.</summary>
    public void Hold() => Volatile.Write(ref _isHeld, true);

    /// <summary>We read again.</summary>
    public void Resume()
    {
        Volatile.Write(ref _lastReceived, _time.GetTimestamp());
        Volatile.Write(ref _isAsked, false);
        Volatile.Write(ref _isHeld, false);
    }

    /// <summary>Whether to send a PINGREQ, and whether the server is gone.</summary>
    public (bool Asks, bool IsDead) Look()
    {
        if (_interval == TimeSpan.Zero)
            return default;
        var sinceSent = Since(ref _lastSent);
        var isHeld = Volatile.Read(ref _isHeld);
        // The server takes nothing, not even the PINGREQ that is on its way.
        if (sinceSent >= _interval + _answer)
            return (false, true);
        if (Volatile.Read(ref _isAsked) && !isHeld)
            return (sinceSent >= _interval, Since(ref _asked) >= _answer);
        if (sinceSent < _interval && (isHeld || Since(ref _lastReceived) < _interval))
            return default;
        if (!isHeld)
        {
            _asked = _time.GetTimestamp();
            Volatile.Write(ref _isAsked, true);
        }

        return (true, false);
    }

    private TimeSpan Since(ref long timestamp) => _time.GetElapsedTime(Volatile.Read(ref timestamp));
}

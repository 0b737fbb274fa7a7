namespace Automation.Mqtt.Transport;

/// <summary>Something that is due at a tick of the wheel.</summary>
internal interface ITimed
{
    /// <summary>Called on the timer's thread; must not block.</summary>
    /// <param name="now">The current tick.</param>
    /// <returns>The tick to be called again at, or <see cref="TimerWheel.Never"/>.</returns>
    long OnTick(long now);
}

/// <summary>Calls things at coarse deadlines, one timer for all. Nobody moves an entry: it is asked when due and names its next tick.</summary>
internal sealed class TimerWheel : IDisposable
{
    public const long Never = long.MaxValue;

    private const int Slots = 512;
    // Shorter than a tick: a timer that fires a moment too early would otherwise make everything a second late.
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(250);
    private readonly List<(ITimed Entry, long Due)>[] _slots = new List<(ITimed, long)>[Slots];
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private long _handled;

    public TimerWheel(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        for (var slot = 0; slot < Slots; slot++)
            _slots[slot] = [];
        _timer = time.CreateTimer(static wheel => ((TimerWheel)wheel!).Run(), this, s_period, s_period);
    }

    /// <summary>Whole seconds since the wheel was made.</summary>
    public long Now => (long)Elapsed.TotalSeconds;

    /// <summary>The same, with the part of a second.</summary>
    public TimeSpan Elapsed => _time.GetElapsedTime(_start);

    /// <summary>The first tick that is not before a time of <see cref="Elapsed"/>.</summary>
    public static long FirstTickFrom(TimeSpan elapsed) => (long)Math.Ceiling(elapsed.TotalSeconds);

    public void Schedule(ITimed entry, long due)
    {
        if (due == Never)
            return;
        lock (_lock)
            Add(entry, Math.Max(due, _handled + 1));
    }

    public void Dispose() => _timer.Dispose();

    private void Run()
    {
        var now = Now;
        List<ITimed> due = [];
        lock (_lock)
        {
            // After a long pause every slot is looked at once, not once for each missed tick.
            var from = Math.Max(_handled + 1, now - Slots + 1);
            for (var tick = from; tick <= now; tick++)
                TakeDue(_slots[tick % Slots], now, due);
            _handled = Math.Max(_handled, now);
        }

        foreach (var entry in due)
            Schedule(entry, entry.OnTick(now));
    }

    private static void TakeDue(List<(ITimed Entry, long Due)> slot, long now, List<ITimed> due)
    {
        for (var index = slot.Count - 1; index >= 0; index--)
        {
            if (slot[index].Due > now)
                continue;
            due.Add(slot[index].Entry);
            slot[index] = slot[^1];
            slot.RemoveAt(slot.Count - 1);
        }
    }

    private void Add(ITimed entry, long due) => _slots[due % Slots].Add((entry, due));
}

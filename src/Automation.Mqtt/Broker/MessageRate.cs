namespace Automation.Mqtt.Broker;

/// <summary>Messages a second on average over the last ten seconds: those of the present window and, by the part of it that still counts, of the one before.</summary>
internal struct MessageRate
{
    private const int WindowSeconds = 10;

    private long _window;
    private int _current;
    private int _previous;

    /// <param name="seconds">Since a time that is the same for all calls.</param>
    public void Count(double seconds)
    {
        MoveTo((long)(seconds / WindowSeconds));
        _current++;
    }

    /// <inheritdoc cref="Count"/>
    public double PerSecond(double seconds)
    {
        MoveTo((long)(seconds / WindowSeconds));
        var passed = seconds / WindowSeconds - _window;
        return (_current + _previous * (1 - passed)) / WindowSeconds;
    }

    private void MoveTo(long window)
    {
        if (window == _window)
            return;
        _previous = window == _window + 1 ? _current : 0;
        _current = 0;
        _window = window;
    }
}

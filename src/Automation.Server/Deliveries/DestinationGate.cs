namespace Automation.Server.Deliveries;

/// <summary>What an attempt told of its destination, whatever it meant for the delivery.</summary>
internal enum DestinationHealth
{
    /// <summary>It answered, or the attempt never came to it.</summary>
    Well,

    /// <summary>429, 502, 503 or 504: it wants fewer calls.</summary>
    Overloaded,

    /// <summary>No answer, or another 5xx.</summary>
    Failing,
}

/// <summary>When and how often one destination may be called: its rate, the pause that it asked for, its circuit, and how many calls at a time.</summary>
/// <remarks>
/// Calls at a time: halved by each answer that says it is overloaded, one more after each success (additive increase, multiplicative decrease). Circuit: opens after
/// <see cref="DeliveryOptions.CircuitFailures"/> failures in a row; after a pause one call tries, and closes it or doubles the pause. Waiting costs a delivery no attempt.
/// Belongs to one server: of several, each learns for itself. Not thread-safe.
/// </remarks>
internal sealed class DestinationGate(DeliveryOptions options)
{
    // What a receiver may ask for; a delivery's own next attempt may be later.
    private static readonly TimeSpan LongestThrottle = TimeSpan.FromHours(1), ThrottleWithoutWord = TimeSpan.FromSeconds(1);

    private int window = options.Concurrency;
    private int failures;
    private TimeSpan circuitPause;
    private DateTimeOffset askedUntil, openUntil;
    private double tokens;
    private DateTimeOffset filledAt = DateTimeOffset.MinValue;

    /// <summary>Calls under way at most.</summary>
    public int Window => IsOpen ? 1 : window;

    /// <summary>Calls in a second; zero for no limit.</summary>
    public double Rate { get; set; } = options.RatePerDestination;

    /// <summary>True from the opening of the circuit until a call got through.</summary>
    public bool IsOpen => circuitPause > TimeSpan.Zero;

    private double Burst => Math.Max(1, Rate);

    private DateTimeOffset NotBefore => Later(askedUntil, openUntil);

    /// <summary>True while nothing may go out.</summary>
    public bool IsClosedAt(DateTimeOffset now) => now < NotBefore;

    /// <summary>When the next call may go out; null for now.</summary>
    public DateTimeOffset? ClosedUntil(DateTimeOffset now) => IsClosedAt(now) ? NotBefore : null;

    /// <summary>True when forgetting it changes nothing.</summary>
    public bool IsAtRest(DateTimeOffset now) => now >= NotBefore && !IsOpen && failures == 0 && window == options.Concurrency && (Rate <= 0 || Filled(now) >= Burst);

    /// <summary>Takes leave for one call; false with the time to ask again.</summary>
    public bool TryPass(DateTimeOffset now, out DateTimeOffset again)
    {
        again = NotBefore;
        if (now < again) return false;
        if (Rate <= 0) return true;
        tokens = Filled(now);
        filledAt = now;
        if (tokens >= 1)
        {
            tokens--;
            return true;
        }

        again = now.AddSeconds((1 - tokens) / Rate).AddMilliseconds(1); // timers may be early by less
        return false;
    }

    /// <summary>Learns from an attempt that ended.</summary>
    public void Report(DestinationHealth health, TimeSpan? retryAfter, bool answered, DateTimeOffset now)
    {
        if (health is DestinationHealth.Well)
        {
            if (!answered) return;
            failures = 0;
            if (IsOpen) window = 1; // slowly at first
            (circuitPause, openUntil) = (TimeSpan.Zero, default); // also by a call from before it opened
            if (window < options.Concurrency) window++;
            return;
        }

        var wasClosed = now < NotBefore; // before this answer's own word
        if (health is DestinationHealth.Overloaded)
        {
            window = Math.Max(1, window / 2);
            var asked = retryAfter is { } word && word > TimeSpan.Zero ? word : ThrottleWithoutWord;
            askedUntil = Later(askedUntil, now + (asked < LongestThrottle ? asked : LongestThrottle));
            if (retryAfter is not null) return; // it works as it should, and says when
        }

        if (++failures < options.CircuitFailures) return;
        if (IsOpen && wasClosed) return; // a call from before it opened
        circuitPause = IsOpen ? (circuitPause * 2 < options.CircuitMaxPause ? circuitPause * 2 : options.CircuitMaxPause) : options.CircuitPause;
        openUntil = Later(openUntil, now + circuitPause);
    }

    /// <summary>What is in the bucket.</summary>
    private double Filled(DateTimeOffset now) => filledAt == DateTimeOffset.MinValue ? Burst : Math.Min(Burst, tokens + ((now - filledAt).TotalSeconds * Rate));

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}

using System.Net.Http.Headers;

namespace Automation.Server.Deliveries;

/// <summary>When a failed delivery is tried again: exponential pauses, 20 % jitter both ways, capped; the receiver's own word goes first.</summary>
/// <param name="options">Initial pause, factor, cap.</param>
/// <param name="random">For the jitter; used under a lock.</param>
internal sealed class RetrySchedule(DeliveryOptions options, Random random)
{
    private const double Jitter = 0.2;
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(24);

    // "Retry-After: 0" must not use up all attempts within a moment.
    private static readonly TimeSpan ShortestRetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();

    /// <param name="attempts">Attempts made since the delivery was queued or replayed, 1 or more.</param>
    /// <param name="retryAfter">What the receiver asked for, from <see cref="RetryAfter"/>; it replaces the schedule's pause.</param>
    public TimeSpan DelayAfter(int attempts, TimeSpan? retryAfter)
    {
        if (retryAfter is { } asked) return Clamp(asked, ShortestRetryAfter, LongestRetryAfter);
        var pause = Math.Min(options.InitialDelay.TotalMilliseconds * Math.Pow(options.Factor, attempts - 1), options.MaxDelay.TotalMilliseconds);
        double share;
        lock (gate) share = random.NextDouble();
        return TimeSpan.FromMilliseconds(pause * (1 - Jitter + (2 * Jitter * share)));
    }

    /// <summary>The <c>Retry-After</c> of an answer, seconds or HTTP date; null when there is none that can be read — RFC 9110 §10.2.3.</summary>
    public static TimeSpan? RetryAfter(HttpResponseHeaders headers, DateTimeOffset now) => headers.RetryAfter switch
    {
        { Delta: { } seconds } => seconds,
        { Date: { } date } => date - now,
        _ => null,
    };

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most) => value < least ? least : value > most ? most : value;
}

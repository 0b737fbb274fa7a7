using System.Net.Http.Headers;
using Automation.Server.Values;

namespace Automation.Server.Deliveries;

/// <summary>When a delivery is tried, and tried again: a list of pauses, 20 % jitter both ways but before the first attempt; the receiver's own word goes first.</summary>
/// <param name="options">The pauses where a delivery has none of its own.</param>
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
    /// <param name="own">The delivery's own pauses, that before the first attempt included; null for the server's. The last one goes on where there are more attempts.</param>
    public TimeSpan DelayAfter(int attempts, TimeSpan? retryAfter, IReadOnlyList<TimeSpan>? own = null)
    {
        if (retryAfter is { } asked) return Clamp(asked, ShortestRetryAfter, LongestRetryAfter);
        var pauses = own ?? options.Pauses;
        var pause = pauses[Math.Min(attempts, pauses.Count - 1)];
        double share;
        lock (gate) share = random.NextDouble();
        return pause * (1 - Jitter + (2 * Jitter * share));
    }

    /// <summary>The <c>Retry-After</c> of an answer, seconds or HTTP date; null when there is none that can be read — RFC 9110 §10.2.3.</summary>
    public static TimeSpan? RetryAfter(HttpResponseHeaders headers, DateTimeOffset now) => headers.RetryAfter switch
    {
        { Delta: { } seconds } => seconds,
        { Date: { } date } => date - now,
        _ => null,
    };

    /// <summary>Reads pauses such as <c>0s 5s 5m</c>, parted by blanks or commas: one for each attempt.</summary>
    /// <exception cref="FormatException">The message names what is no duration.</exception>
    public static IReadOnlyList<TimeSpan> Parse(string text) =>
        [.. text.Split([' ', ',', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(word => Duration.Parse(word).Value)];

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most) => value < least ? least : value > most ? most : value;
}

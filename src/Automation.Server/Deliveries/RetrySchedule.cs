using System.Net.Http.Headers;
using Automation.Server.Values;

namespace Automation.Server.Deliveries;

/// <summary>When a delivery is tried, and tried again: a list of pauses, 20 % jitter both ways but before the first attempt; longer where the receiver asks for it.</summary>
/// <param name="options">The pauses where a delivery has none of its own.</param>
/// <param name="random">For the jitter; used under a lock.</param>
internal sealed class RetrySchedule(DeliveryOptions options, Random random)
{
    /// <summary>Between two attempts; what is stored with more was stored by versions that did not look.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromDays(7);

    private const double Jitter = 0.2;
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(24);

    // "Retry-After: 0" must not use up all attempts within a moment.
    private static readonly TimeSpan ShortestRetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();

    /// <param name="attempts">Attempts made since the delivery was queued or replayed, 1 or more.</param>
    /// <param name="retryAfter">What the receiver asked for, from <see cref="RetryAfter"/>; it makes the schedule's pause longer, never shorter.</param>
    /// <param name="own">The delivery's own pauses, that before the first attempt included; null for the server's. The last one goes on where there are more attempts.</param>
    public TimeSpan DelayAfter(int attempts, TimeSpan? retryAfter, IReadOnlyList<TimeSpan>? own = null)
    {
        var pauses = own ?? options.Pauses;
        var pause = pauses[Math.Min(attempts, pauses.Count - 1)];
        double share;
        lock (gate) share = random.NextDouble();
        pause = Limited(pause) * (1 - Jitter + (2 * Jitter * share));
        return retryAfter is { } asked && Clamp(asked, ShortestRetryAfter, LongestRetryAfter) is var wanted && wanted > pause ? wanted : pause;
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

    /// <summary>A pause, <see cref="LongestPause"/> at most.</summary>
    public static TimeSpan Limited(TimeSpan pause) => pause < LongestPause ? pause : LongestPause;

    /// <summary>What is wrong with the pauses of a step or endpoint; null when nothing is.</summary>
    public static string? Problem(IReadOnlyList<TimeSpan> pauses) =>
        pauses.Count is 0 or > DeliveryOptions.MostAttempts ? $"Write 1 to {DeliveryOptions.MostAttempts} pauses, one for each attempt, as [\"0s\", \"5s\", \"5m\"]."
        : pauses.Any(pause => pause > LongestPause) ? "A pause has 7 days at most."
        : null;

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most) => value < least ? least : value > most ? most : value;
}

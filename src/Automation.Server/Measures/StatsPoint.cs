namespace Automation.Server.Measures;

/// <summary>What happened in a stretch of time. Not thread-safe.</summary>
internal sealed class StatsPoint(DateTimeOffset at)
{
    // Each limit is 1.3 of the one before, from 0.1 ms to 12 h: a percentile is off by at most 15 %.
    private const double First = 0.1, Factor = 1.3;
    private static readonly int Buckets = 1 + (int)Math.Ceiling(Math.Log(TimeSpan.FromHours(12).TotalMilliseconds / First, Factor));

    private int[]? durations;

    /// <summary>When it began.</summary>
    public DateTimeOffset At { get; } = at;

    public long Accepted { get; set; }

    public long Refused { get; set; }

    public long RunsSucceeded { get; private set; }

    public long RunsFailed { get; private set; }

    public long Delivered { get; set; }

    public long DeliveryFailures { get; set; }

    /// <summary>The longest time from an event to its run's first step; null when no run began.</summary>
    public double? LagMs { get; private set; }

    /// <summary>When it was last looked; null before.</summary>
    public int? OpenRuns { get; set; }

    public int? WaitingDeliveries { get; set; }

    public void AddRun(double milliseconds, string state)
    {
        if (state == "succeeded") RunsSucceeded++;
        else if (state == "failed") RunsFailed++;
        else return;
        durations ??= new int[Buckets];
        durations[Math.Clamp((int)Math.Ceiling(Math.Log(Math.Max(milliseconds, First) / First, Factor)), 0, Buckets - 1)]++;
    }

    public void AddLag(double milliseconds) => LagMs = Math.Max(LagMs ?? 0, milliseconds);

    /// <summary>What a share of the runs took at most, in milliseconds; null when none ended.</summary>
    public double? Percentile(double share)
    {
        if (durations is null) return null;
        var left = (long)Math.Ceiling(share * durations.Sum(count => (long)count));
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if ((left -= durations[bucket]) <= 0) return First * Math.Pow(Factor, bucket - 0.5);
        }

        return null;
    }
}

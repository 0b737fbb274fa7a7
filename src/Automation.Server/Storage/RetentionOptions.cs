using System.ComponentModel.DataAnnotations;

namespace Automation.Server.Storage;

/// <summary>How long handled events are kept, with their runs and deliveries. What is still open is always kept.</summary>
internal sealed record RetentionOptions
{
    /// <summary>Ended runs older than this are deleted, and events whose runs are gone; workflows may say otherwise.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The same for failed runs.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan FailedMaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Past this many events that started runs, the oldest handled ones are deleted; past this many duplicates, the oldest of those.</summary>
    [Range(1, int.MaxValue)]
    public int MaxEvents { get; init; } = 1_000_000;

    /// <summary>Of each workflow so many activations are kept, with their versions; besides what stored runs name.</summary>
    [Range(1, 10_000)]
    public int MaxVersions { get; init; } = 100;

    /// <summary>Entries of the audit log that are older are deleted; zero keeps them for ever.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan AuditMaxAge { get; init; } = TimeSpan.Zero;

    /// <summary>Between two rounds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "24.00:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Runs deleted, or pages given back, in one transaction: some milliseconds, for which events that come in wait.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; init; } = 200;

    /// <summary>Left to others between two transactions.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(50);
}

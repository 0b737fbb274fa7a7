using System.Diagnostics.Metrics;

namespace Automation.Server.Measures;

/// <summary>What a server counts (System.Diagnostics.Metrics). While nobody listens, counting is a read of a field.</summary>
internal static class ServerMeter
{
    public const string Name = "Automation";

    /// <summary>Tag of <see cref="RunDuration"/>: succeeded, failed or cancelled.</summary>
    public const string State = "state";

    /// <summary>Tag of <see cref="DeliveryAttempts"/>: succeeded or failed.</summary>
    public const string Outcome = "outcome";

    private static readonly Meter Meter = new(Name);

    /// <summary>Events stored.</summary>
    public static Counter<long> EventsAccepted { get; } = Meter.CreateCounter<long>("automation.events.accepted", "{event}");

    /// <summary>Webhook requests turned away with a 4xx.</summary>
    public static Counter<long> EventsRefused { get; } = Meter.CreateCounter<long>("automation.events.refused", "{request}");

    /// <summary>From the acceptance of a run's event to the run's end.</summary>
    public static Histogram<double> RunDuration { get; } = Meter.CreateHistogram<double>("automation.run.duration", "ms");

    /// <summary>From the acceptance of a run's event to its first step.</summary>
    public static Histogram<double> RunLag { get; } = Meter.CreateHistogram<double>("automation.run.lag", "ms");

    /// <summary>Attempts of deliveries that ended.</summary>
    public static Counter<long> DeliveryAttempts { get; } = Meter.CreateCounter<long>("automation.delivery.attempts", "{attempt}");
}

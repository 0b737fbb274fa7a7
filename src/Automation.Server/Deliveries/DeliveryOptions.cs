namespace Automation.Server.Deliveries;

/// <summary>How deliveries are made. Section <c>Deliveries</c>.</summary>
internal sealed class DeliveryOptions
{
    public const string Section = "Deliveries";

    /// <summary>Attempts before a delivery is dead, where its step says nothing else.</summary>
    public int MaxAttempts { get; set; } = 10;

    /// <summary>Limit of one attempt, where its step says nothing else.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause after the first attempt. With the defaults ten attempts take about 28 hours: 5 s, 20 s, 80 s, 5 m, 21 m, 85 m, 6 h, 10 h, 10 h.</summary>
    public TimeSpan InitialDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Each pause is so many times the one before.</summary>
    public double Factor { get; set; } = 4;

    /// <summary>Longest pause that the schedule gives; a receiver's <c>Retry-After</c> may ask for more, up to a day.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromHours(10);

    /// <summary>Attempts under way to one destination at the same time.</summary>
    public int Concurrency { get; set; } = 32;

    /// <summary>Deliveries this server holds in memory; the others wait in the journal.</summary>
    public int MaxHeld { get; set; } = 4000;

    /// <summary>The same for one destination.</summary>
    public int MaxHeldPerDestination { get; set; } = 1000;

    /// <summary>How long attempts under way may go on when the server stops; after that they are cut off and made again at the next start.</summary>
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What is wrong with the values; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (MaxAttempts is < 1 or > 50) yield return "Deliveries:MaxAttempts has to be between 1 and 50.";
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromMinutes(5)) yield return "Deliveries:Timeout has to be more than zero and at most 5 minutes.";
        if (InitialDelay <= TimeSpan.Zero) yield return "Deliveries:InitialDelay has to be more than zero.";
        if (Factor is not (>= 1 and <= 100)) yield return "Deliveries:Factor has to be between 1 and 100.";
        if (MaxDelay < InitialDelay) yield return "Deliveries:MaxDelay has to be at least InitialDelay.";
        if (Concurrency is < 1 or > 1000) yield return "Deliveries:Concurrency has to be between 1 and 1000.";
        if (MaxHeld < 1) yield return "Deliveries:MaxHeld has to be at least 1.";
        if (MaxHeldPerDestination < 1) yield return "Deliveries:MaxHeldPerDestination has to be at least 1.";
        if (StopGrace < TimeSpan.Zero) yield return "Deliveries:StopGrace cannot be negative.";
    }
}

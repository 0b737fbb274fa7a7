namespace Automation.Server.Deliveries;

/// <summary>How deliveries are made. Section <c>Deliveries</c>.</summary>
internal sealed class DeliveryOptions
{
    public const string Section = "Deliveries";

    public const int MostAttempts = 50;

    private string schedule = "";
    private IReadOnlyList<TimeSpan> pauses = [];

    public DeliveryOptions() => Schedule = "0s 5s 5m 30m 2h 5h 10h 10h";

    /// <summary>The pause before each attempt, parted by blanks, where a step or endpoint says nothing else: as many attempts as pauses. The default's eight take about 28 hours.</summary>
    public string Schedule
    {
        get => schedule;
        set
        {
            schedule = value;
            try
            {
                pauses = RetrySchedule.Parse(value);
            }
            catch (FormatException)
            {
                pauses = []; // Problems says it
            }
        }
    }

    /// <summary>Limit of one attempt, where its step says nothing else.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Attempts under way to one destination at the same time.</summary>
    public int Concurrency { get; set; } = 32;

    /// <summary>Attempts in a second to one destination, from this server; zero for no limit.</summary>
    public double RatePerDestination { get; set; }

    /// <summary>After so many failures in a row that are the destination's (no answer, or 5xx) its circuit opens.</summary>
    public int CircuitFailures { get; set; } = 10;

    /// <summary>How long an open circuit keeps a destination from being called; then one attempt tries it. Twice as long after each that fails, up to <see cref="CircuitMaxPause"/>.</summary>
    public TimeSpan CircuitPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc cref="CircuitPause"/>
    public TimeSpan CircuitMaxPause { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>An endpoint that fails for so long without a success between is disabled.</summary>
    public TimeSpan DisableEndpointsAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>So far apart are at least two of these failures.</summary>
    public TimeSpan DisableFailuresApart { get; set; } = TimeSpan.FromHours(12);

    /// <summary>The data of one emitted event.</summary>
    public long MaxEventBytes { get; set; } = 256 << 10;

    /// <summary>Deliveries this server holds in memory; the others wait in the journal.</summary>
    public int MaxHeld { get; set; } = 4000;

    /// <summary>The same for one destination.</summary>
    public int MaxHeldPerDestination { get; set; } = 1000;

    /// <summary>How long attempts under way may go on when the server stops; after that they are cut off and made again at the next start.</summary>
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary><see cref="Schedule"/>, read.</summary>
    internal IReadOnlyList<TimeSpan> Pauses => pauses;

    /// <summary>What is wrong with the values; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (pauses.Count is < 1 or > MostAttempts)
            yield return $"Deliveries:Schedule is not a list of 1 to {MostAttempts} pauses: write durations parted by blanks, as \"0s 5s 5m 30m 2h\".";
        if (pauses.Any(p => p > RetrySchedule.LongestPause)) yield return "Deliveries:Schedule has a pause of more than 7 days.";
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromMinutes(5)) yield return "Deliveries:Timeout has to be more than zero and at most 5 minutes.";
        if (Concurrency is < 1 or > 1000) yield return "Deliveries:Concurrency has to be between 1 and 1000.";
        if (RatePerDestination is not (>= 0 and <= 100_000)) yield return "Deliveries:RatePerDestination has to be between 0 (no limit) and 100000.";
        if (CircuitFailures < 1) yield return "Deliveries:CircuitFailures has to be at least 1.";
        if (CircuitPause <= TimeSpan.Zero) yield return "Deliveries:CircuitPause has to be more than zero.";
        if (CircuitMaxPause < CircuitPause || CircuitMaxPause > TimeSpan.FromDays(1)) yield return "Deliveries:CircuitMaxPause has to be at least CircuitPause and at most a day.";
        if (DisableEndpointsAfter <= TimeSpan.Zero || DisableFailuresApart < TimeSpan.Zero) yield return "Deliveries:DisableEndpointsAfter has to be more than zero, and DisableFailuresApart not negative.";
        if (MaxEventBytes is < 1024 or > 16 << 20) yield return "Deliveries:MaxEventBytes has to be between 1024 and 16777216.";
        if (MaxHeld < 1) yield return "Deliveries:MaxHeld has to be at least 1.";
        if (MaxHeldPerDestination < 1) yield return "Deliveries:MaxHeldPerDestination has to be at least 1.";
        if (StopGrace < TimeSpan.Zero) yield return "Deliveries:StopGrace cannot be negative.";
    }
}

using System.ComponentModel.DataAnnotations;

namespace Automation.Server.Runs;

/// <summary>Section <c>Runs</c> of the configuration.</summary>
internal sealed class RunOptions
{
    /// <summary>Runs walked at the same time. A run that waits for an answer of <c>http.request</c> takes one place.</summary>
    [Range(1, 100_000)]
    public int MaxConcurrent { get; set; } = 256;

    /// <summary>Accepted runs kept in memory; the others wait in the journal.</summary>
    [Range(1, 1_000_000)]
    public int MaxHeld { get; set; } = 2_000;

    /// <summary>Bytes of those runs: event bodies, what steps have put out, snapshots. Past it no more runs are taken into memory.</summary>
    [Range(1 << 20, long.MaxValue)]
    public long MaxHeldBytes { get; set; } = 64L << 20;

    /// <summary>Accepted runs that have not ended. Past it events are refused: webhooks with 503, MQTT is not read.</summary>
    [Range(1, 100_000_000)]
    public int MaxOpen { get; set; } = 100_000;

    /// <summary>Steps that one run may run. Arrows that part and meet again multiply them, so a small file can ask for more than there is memory.</summary>
    [Range(1, 1_000_000)]
    public int MaxStepRuns { get; set; } = 10_000;

    /// <summary>Bytes that the steps of one run may put out together; the run fails past it. All of it is kept until the run's end.</summary>
    [Range(1 << 16, 1 << 30)]
    public int MaxRunBytes { get; set; } = 16 << 20;

    /// <summary>Bytes of a key's state. A script that would make it larger fails, and the state stays as it was.</summary>
    [Range(1 << 10, 1 << 24)]
    public int MaxStateBytes { get; set; } = 256 << 10;

    /// <summary>Bytes that a step may remember of a key, what it holds for later included. A step that would remember more fails.</summary>
    [Range(1 << 10, 1 << 24)]
    public int MaxStepStateBytes { get; set; } = 1 << 20;

    /// <summary>How long repetitions of an event with an <c>idempotencyKey</c> are known, where the trigger does not say.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "366.00:00:00")]
    public TimeSpan IdempotencyWindow { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Runs of one key that may wait for their turn. What comes beyond is accepted, and its run fails at once with <c>key_full</c>.</summary>
    [Range(1, 1_000_000)]
    public int MaxBlockedPerKey { get; set; } = 1_000;

    /// <summary>A key parked for longer is reported: by a line in the log each day, and by <c>/health/ready</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan ParkedAge { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long a stopping server lets runs finish. Those that do not are taken up again at the next start.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest time of a run, waiting included, also for workflows that say a longer one; zero for no limit.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3660.00:00:00")]
    public TimeSpan MaxRunTime { get; set; }

    /// <summary>Id of the workflow that is told of failed runs whose own workflow names none; empty for nobody.</summary>
    public string OnErrorWorkflow { get; set; } = "";

    /// <summary>Names of environment variables that expressions see as <c>env</c>.</summary>
    public string[] Env { get; set; } = [];
}

using System.Collections.Immutable;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>A run that this server holds and is to walk.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Event">What started it.</param>
/// <param name="Version">What it is pinned to (P6).</param>
/// <param name="Start">The step it begins with.</param>
internal sealed record RunWork(long RunId, Event Event, WorkflowVersion Version, string Start)
{
    /// <summary>As whom this server holds it: what it stores later counts only while that is so.</summary>
    public long Owner { get; set; }

    /// <summary>What was last saved; null when nothing was. Kept up to date, so that a walk that could not be saved starts over from here.</summary>
    public Json? Snapshot { get; set; }

    /// <summary>Waits of the snapshot that are over; their tokens go on.</summary>
    public IReadOnlyList<Woken> Woken { get; set; } = [];

    /// <summary>Whose turn it is, of a workflow with a key; null when the key could not be worked out.</summary>
    public string? Key { get; init; }

    /// <summary>Why it could not; the run fails with it.</summary>
    public StepError? KeyProblem { get; init; }

    /// <summary>The key's state as last saved; null when there is none.</summary>
    public Json? State { get; set; }

    /// <summary>What steps remember of the key, as last saved.</summary>
    public ImmutableDictionary<string, StepMemory> Memories { get; set; } = ImmutableDictionary<string, StepMemory>.Empty;

    /// <summary>True when what it answers is to be kept for repetitions of its event.</summary>
    public bool KeepsAnswer { get; init; }

    /// <summary>When the run was first walked; null before.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When it has to have ended, as last saved; null where its time is counted from now: at its start, and after a retry.</summary>
    public DateTimeOffset? Deadline { get; set; }

    /// <summary>Size of the snapshot it was claimed with.</summary>
    public int ClaimedBytes { get; init; }

    /// <summary>What it takes of <see cref="RunOptions.MaxHeldBytes"/> before it is walked. Does not change.</summary>
    public int Bytes => Event.Body.Length + Event.Attributes.Utf8.Length + ClaimedBytes;
}

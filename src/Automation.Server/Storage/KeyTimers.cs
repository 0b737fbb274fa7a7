using System.Collections.Immutable;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>Who of a key has the turn once a run of it has ended.</summary>
internal enum KeyTurn
{
    /// <summary>Nobody, or whoever had it before.</summary>
    None,

    /// <summary>The next of the runs that waited for it, which is free to be claimed.</summary>
    Run,

    /// <summary>A new run, of a timer that was due before the next run was accepted. It is free to be claimed.</summary>
    Timer,
}

/// <summary>What a step remembers of a key anew, and its timer; both take the place of what was there before.</summary>
/// <param name="Step">Id of the step.</param>
/// <param name="Type">Its step type.</param>
/// <param name="State">Null to forget it.</param>
/// <param name="ForgetAt">When it is forgotten by itself; null for never.</param>
/// <param name="Timer">Null for none.</param>
internal sealed record StepRemembered(string Step, string Type, Json? State, DateTimeOffset? ForgetAt, StepTimer? Timer);

/// <summary>Starts a run of the key at a step, exactly once, when its time has come and no run is open that was accepted before that time.</summary>
/// <param name="DueAt">When.</param>
/// <param name="EventId">The event that the run's event is a copy of.</param>
/// <param name="Snapshot">A <see cref="Runs.RunSnapshot"/> with one token, at the step.</param>
internal sealed record StepTimer(DateTimeOffset DueAt, long EventId, Json Snapshot);

/// <summary>Fires the timers of keys whose time has come, earliest first. Those of keys with open runs fire at their key's turn.</summary>
internal sealed record KeyTimersFired(DateTimeOffset Now, int Limit) : Change
{
    /// <summary>How many timers were looked at. Set when the change was applied, as all below.</summary>
    public int Count { get; set; }

    /// <summary>How many runs were stored, free to be claimed.</summary>
    public int Runs { get; set; }

    /// <summary>When the next timer is due; null when none is.</summary>
    public DateTimeOffset? NextDue { get; set; }
}

/// <summary>An operator has a step forget a key, with its timer. Not while a server walks a run of the key.</summary>
internal sealed record StepForgotten(string WorkflowId, string Key, string Step) : Change
{
    /// <summary>True when a server walks a run of the key: nothing was changed. Set when the change was applied.</summary>
    public bool IsHeld { get; set; }
}

/// <summary>A row of <c>key_timers</c>.</summary>
/// <param name="WorkflowId">Of the key.</param>
/// <param name="Key">Whose turn its run takes.</param>
/// <param name="Target">Id of the step or trigger that its run begins with.</param>
/// <param name="Kind"><c>step</c> or <c>trigger</c>.</param>
/// <param name="DueAt">When.</param>
/// <param name="EventId">The event it copies.</param>
/// <param name="Snapshot">Of its run; null with a trigger.</param>
/// <param name="IsWaiting">True when its time has come and the key's turn has not.</param>
/// <param name="GoesOn">True when the key was heard again before it fired.</param>
internal sealed record KeyTimer(string WorkflowId, string Key, string Target, string Kind, DateTimeOffset DueAt, long EventId, byte[]? Snapshot, bool IsWaiting, bool GoesOn)
{
    /// <summary>Trigger type of the events that timers of steps copy, and of those that <c>silence</c> triggers copy.</summary>
    public const string StepTrigger = "timer", SilenceTrigger = "silence";
}

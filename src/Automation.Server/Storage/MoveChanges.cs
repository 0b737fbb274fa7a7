using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>Reads a run of a workflow that may be moved to another version.</summary>
internal sealed record MovableRunRead(long RunId, string WorkflowId) : Change
{
    /// <summary>Null when there is no such run. Set when the change was applied, as all below.</summary>
    public string? State { get; set; }

    public string Version { get; set; } = "";

    public string TriggerId { get; set; } = "";

    public string? Key { get; set; }

    /// <summary>Type of the trigger by which its event came.</summary>
    public string EventTrigger { get; set; } = "";

    /// <summary>There while it waits, and in a failed one that can go on behind its start.</summary>
    public Json? Snapshot { get; set; }

    /// <summary>A JSON array of <see cref="Runs.RunMove"/>; null when it was never moved.</summary>
    public Json? Moves { get; set; }
}

/// <summary>An operator wants a waiting run to go on in another version, or a failed one (<see cref="RunRetried.Move"/>). Does nothing to one that is not there any more just so.</summary>
/// <param name="RunId">The run.</param>
/// <param name="From">The version it has to be pinned to.</param>
/// <param name="To">The version it is pinned to then.</param>
/// <param name="Snapshot">What it has to have saved last; null for a failed run that has nothing behind it.</param>
/// <param name="Moves">As <see cref="MovableRunRead.Moves"/>, with this one.</param>
internal sealed record RunMoved(long RunId, string From, string To, Json? Snapshot, Json Moves) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public bool Moved { get; set; }
}

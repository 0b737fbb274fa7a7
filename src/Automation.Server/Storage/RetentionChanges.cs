namespace Automation.Server.Storage;

/// <summary>Deletes the activations of a workflow before an id, up to <paramref name="Limit"/> of them.</summary>
internal sealed record ActivationsPruned(string WorkflowId, long Before, int Limit) : Change
{
    /// <summary>How many; set when the change was applied.</summary>
    public int Deleted { get; set; }
}

/// <summary>Deletes versions of a workflow that no run names, as far as they are not active now, of no activation, not what a server's files make, and no waiting run was moved to them.</summary>
internal sealed record VersionsPruned(string WorkflowId, IReadOnlyList<string> Hashes) : Change
{
    /// <summary>How many; set when the change was applied.</summary>
    public int Deleted { get; set; }
}

/// <summary>Deletes what belongs to nobody any more: servers that do not come back, schedules and workflows of which no server has a file, what no run waits for.</summary>
/// <param name="Now">The time.</param>
/// <param name="Limit">How many rows of a table at most.</param>
internal sealed record LeftoversPruned(DateTimeOffset Now, int Limit) : Change
{
    /// <summary>For so long the folder of a server that is away counts: a restart, a repair.</summary>
    public static readonly TimeSpan Away = TimeSpan.FromDays(1);

    /// <summary>After so long MQTT sessions of a server that is away are deleted, and a workflow whose file is gone is forgotten, with whether it was switched off.</summary>
    public static readonly TimeSpan Abandoned = TimeSpan.FromDays(30);

    /// <summary>True when there is more; set when the change was applied.</summary>
    public bool HasMore { get; set; }
}

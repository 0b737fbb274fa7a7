namespace Automation.Server.Storage;

/// <summary>A server says that it lives, declares those dead whose lease is over and frees what they held, and looks for what others left for it.</summary>
/// <param name="Duties">What it would do for all, if nobody else does.</param>
internal sealed record ServersLooked(IReadOnlyCollection<string> Duties) : Change
{
    /// <summary>False on a database that has one server at a time; then nothing else is set. Set when the change was applied, as all below.</summary>
    public bool IsShared { get; set; }

    /// <summary>False when another server asked for the look.</summary>
    public bool IsRoutine { get; init; }

    /// <summary>Servers that were declared dead, by name.</summary>
    public List<string> Dead { get; } = [];

    /// <summary>Live servers, this one included.</summary>
    public long Servers { get; set; }

    /// <summary>Runs that have not ended and do not wait, of all servers.</summary>
    public long OpenRuns { get; set; }

    /// <summary>Those of them that nobody holds.</summary>
    public long Claimable { get; set; }

    /// <summary>Runs of this server that an operator wants ended.</summary>
    public List<long> Cancelled { get; } = [];

    /// <summary>Workflows that are switched off.</summary>
    public List<string> Disabled { get; } = [];

    /// <summary>Those of <see cref="Duties"/> that are this server's.</summary>
    public List<string> Held { get; } = [];

    /// <summary>Numbers of what servers keep a copy of; see <see cref="Sql.SqlRevisions"/>.</summary>
    public Dictionary<string, long> Revisions { get; } = new(StringComparer.Ordinal);
}

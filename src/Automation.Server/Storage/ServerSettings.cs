using System.ComponentModel.DataAnnotations;

namespace Automation.Server.Storage;

/// <summary>What a server says of itself to others on its database.</summary>
internal sealed record ServerSettings
{
    /// <summary>Its name; empty for that of the machine. Servers of one database need names of their own.</summary>
    public string Name { get; init; } = "";

    /// <summary>How long it counts as living after it was last heard of.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    public string NameOrMachine => Name.Length > 0 ? Name : Environment.MachineName;
}

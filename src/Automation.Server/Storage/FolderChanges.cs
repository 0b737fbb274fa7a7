using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>This server's folder has files of these workflows, and no others. What the folder of each server had last stays known while the server is away.</summary>
internal sealed record FolderLooked(IReadOnlyCollection<string> Workflows) : Change;

/// <summary>Reads whether a workflow of which this server has no file is another server's.</summary>
internal sealed record ElsewhereRead(string WorkflowId) : Change
{
    /// <summary>True when another server has a file of it, or had when it was last there, and it is switched on. Set when the change was applied.</summary>
    public bool IsOn { get; set; }
}

/// <summary>An endpoint's file.</summary>
/// <param name="Config">What it says; null while it has problems, and then what was stored of it stays.</param>
internal sealed record EndpointFile(string Id, Json? Config, IReadOnlyList<string> Patterns);

/// <summary>What the file of event types says of one.</summary>
internal sealed record EventTypeFile(string Name, string? Description, Json? Example);

/// <summary>This server's folder has files of these endpoints and event types, and no others. What changed since its last look is stored; what no server's folder has any more is deleted.</summary>
/// <param name="Types">Null while their file has problems: then all stay.</param>
internal sealed record EndpointFolderLooked(IReadOnlyList<EndpointFile> Endpoints, IReadOnlyList<EventTypeFile>? Types, DateTimeOffset At) : Change
{
    /// <summary>Endpoints that were stored or deleted. Set when the change was applied.</summary>
    public List<string> Changed { get; } = [];
}

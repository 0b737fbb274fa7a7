namespace Automation.Server.Storage;

/// <summary>This server's folder has files of these workflows, and no others. What the folder of each server had last stays known while the server is away.</summary>
internal sealed record FolderLooked(IReadOnlyCollection<string> Workflows) : Change;

/// <summary>Reads whether a workflow of which this server has no file is another server's.</summary>
internal sealed record ElsewhereRead(string WorkflowId) : Change
{
    /// <summary>True when another server has a file of it, or had when it was last there, and it is switched on. Set when the change was applied.</summary>
    public bool IsOn { get; set; }
}

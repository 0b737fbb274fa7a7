using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>Reads the state of a key as last stored.</summary>
internal sealed record KeyStateRead(string WorkflowId, string Key, DateTimeOffset Now) : Change
{
    /// <summary>Null when it keeps none. Set when the change was applied.</summary>
    public Json? State { get; set; }
}

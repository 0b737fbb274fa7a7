using System.ComponentModel;
using System.Text.Json;
using Automation.Server.Storage.Management;
using Automation.Server.Values;

namespace Automation.Server.Api;

/// <summary>A time during which a version was the active one.</summary>
internal sealed record ActivationView(
    [property: Description("As act_0f9k2m7q4x3aw.")] string Id,
    [property: Description("Hash of the version.")] string Version,
    DateTimeOffset ActiveFrom,
    [property: Description("When another one became active; null while it is.")] DateTimeOffset? ActiveTo,
    [property: Description("start: the files had changed while the server was down. file: they changed while it ran. rollback: an operator chose the version. unpinned: an operator ended a roll back.")] string Cause,
    [property: Description("Who chose it, as user:anna; null for what a file made.")] string? Actor,
    [property: Description("Hash of the workflow's files then, byte for byte.")] string? Files,
    [property: Description("The commit that was checked out in the git work tree around the workflows folder then; null outside of one. The files may have been edited since it.")] string? Commit,
    [property: Description("Runs of the version that are under way or wait for their turn now.")] int OpenRuns,
    [property: Description("Runs of the version that wait for something now.")] int WaitingRuns);

/// <summary>A workflow's version as it is stored, also one that is no longer active.</summary>
internal sealed record VersionDetails(
    string Workflow,
    string Hash,
    Json Document,
    [property: Description("Script files: path to text.")] IReadOnlyDictionary<string, string> Files,
    DateTimeOffset CreatedAt)
{
    public static VersionDetails Of(VersionRow row) =>
        new(row.WorkflowId, row.Hash, Json.Parse(row.Document), JsonSerializer.Deserialize<Dictionary<string, string>>(row.Files, JsonFormat.Wire)!, row.CreatedAt);
}

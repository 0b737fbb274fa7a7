using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Api;

/// <summary>A workflow in a list.</summary>
internal record WorkflowSummary
{
    [Description("The file's path below the workflows folder without .json; in a path, its / is written %2F.")]
    public required string Id { get; init; }

    [Description("As the author named it; the id until a version has loaded.")]
    public required string Name { get; init; }

    public required bool Enabled { get; init; }

    [Description("Hash of the active version; null when none has loaded.")]
    public required string? Version { get; init; }

    [Description("How many mistakes the file has; while there are any, the version before stays active.")]
    public required int ProblemCount { get; init; }

    [Description("Set while version is one that an operator rolled back to: the file takes effect again when it is edited, or when the pin is lifted.")]
    public required PinView? Pin { get; init; }

    public required IReadOnlyList<TriggerSummary> Triggers { get; init; }

    public static WorkflowSummary Of(WorkflowState workflow) => new()
    {
        Id = workflow.WorkflowId,
        Name = workflow.Version?.Name ?? workflow.WorkflowId,
        Enabled = workflow.Enabled,
        Version = workflow.Version?.Hash,
        ProblemCount = workflow.Problems.Count,
        Pin = workflow.Pin is { } pin ? new PinView(pin.Since, workflow.FileVersion) : null,
        Triggers = workflow.Version is { } version ? [.. version.Triggers.Values.OrderBy(t => t.Id, StringComparer.Ordinal).Select(t => new TriggerSummary(t.Id, t.TypeName))] : [],
    };
}

/// <summary>That a workflow stays at the version that an operator chose.</summary>
internal sealed record PinView(DateTimeOffset Since, [property: Description("Hash of the version that the file makes; null while it has mistakes.")] string? FileVersion);

/// <summary>A trigger of a workflow.</summary>
internal sealed record TriggerSummary(string Id, string Type);

/// <summary>A workflow with its active version.</summary>
[method: SetsRequiredMembers]
internal sealed record WorkflowDetails(
    WorkflowSummary Summary,
    string? Description,
    [property: Description("The workflow file of the active version in canonical form; null when none has loaded.")] Json Document,
    [property: Description("Script files of the active version: path to text.")] IReadOnlyDictionary<string, string> Files,
    [property: Description("What is wrong with the file as it is now.")] IReadOnlyList<Problem> Problems) : WorkflowSummary(Summary)
{
    [JsonIgnore]
    public WorkflowSummary Summary { get; } = Summary;

    public static new WorkflowDetails Of(WorkflowState workflow) => new(
        WorkflowSummary.Of(workflow),
        workflow.Version?.Description,
        workflow.Version?.Source.Document ?? Json.Null,
        workflow.Version?.Source.Files ?? new Dictionary<string, string>(),
        workflow.Problems);
}

/// <summary>The mistakes in a workflow's files.</summary>
internal sealed record WorkflowProblems(string Workflow, IReadOnlyList<Problem> Problems);

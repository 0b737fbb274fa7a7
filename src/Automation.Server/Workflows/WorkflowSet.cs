using System.Collections.Frozen;
using System.Collections.Immutable;
using Automation.Server.Steps.Types;

namespace Automation.Server.Workflows;

/// <summary>Everything that is active at one moment: immutable, swapped whole.</summary>
/// <param name="Workflows">By workflow id; also those that are disabled or have never loaded without problems.</param>
internal sealed record WorkflowSet(FrozenDictionary<string, WorkflowState> Workflows)
{
    public static WorkflowSet Empty { get; } = new(FrozenDictionary<string, WorkflowState>.Empty);

    /// <summary>MQTT messages that runs may wait for, also those of versions that are not active any more.</summary>
    public ImmutableHashSet<WaitTopic> WaitTopics { get; init; } = [];

    /// <summary>The versions that take events.</summary>
    public IEnumerable<WorkflowVersion> Active => Workflows.Values.Where(w => w is { Enabled: true, Version: not null }).Select(w => w.Version!);
}

/// <summary>One workflow file as the server sees it.</summary>
/// <param name="WorkflowId">Path below the workflows folder without <c>.json</c>.</param>
/// <param name="Version">The last good version; null when there has been none.</param>
/// <param name="Enabled">False when an operator switched it off.</param>
/// <param name="Problems">What is wrong with the file as it is now; empty when it makes a version.</param>
internal sealed record WorkflowState(string WorkflowId, WorkflowVersion? Version, bool Enabled, IReadOnlyList<Problem> Problems)
{
    /// <summary>Set while <see cref="Version"/> is one that an operator chose.</summary>
    public Pin? Pin { get; init; }

    /// <summary>Hash of the version that the file makes; null while it has problems.</summary>
    public string? FileVersion { get; init; }

    /// <summary>Hash of the workflow file and its scripts as they are, with or without problems; null when they could never be read.</summary>
    public string? Files { get; init; }

    /// <summary>How its layout and its tests look.</summary>
    public BesideStamps Beside { get; init; }

    /// <summary>Paths below the workflows folder of the scripts and schemas that the file names, or its version where the file cannot be understood; a connector's file is not its own.</summary>
    public IReadOnlySet<string> Scripts { get; init; } = FrozenSet<string>.Empty;
}

/// <summary>How the files looked that are kept beside a workflow file; null for one that is not there.</summary>
internal readonly record struct BesideStamps(FileStamp? Layout, FileStamp? Tests);

/// <summary>One mistake in a workflow file.</summary>
/// <param name="File">Path below the workflows folder, as <c>shop/new-order.json</c> or a script file.</param>
/// <param name="Pointer">JSON pointer of the place, as <c>/steps/slack/url</c>; empty for the whole file.</param>
/// <param name="Message">A sentence that says what is wrong and what to do.</param>
/// <param name="Line">1-based line in <paramref name="File"/>, where known.</param>
/// <param name="Column">1-based column, where known.</param>
internal sealed record Problem(string File, string Pointer, string Message, int? Line = null, int? Column = null);

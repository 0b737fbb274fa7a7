using Automation.Server.Callbacks;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>What every walk needs of the server.</summary>
internal sealed record RunServices(
    Journal Journal,
    SandboxPool Sandbox,
    DeliveryWorker Deliveries,
    IdSource Ids,
    TimeProvider Time,
    Random Random,
    Json Env,
    ILogger<RunEngine> Logger)
{
    public required ErrorRuns ErrorRuns { get; init; }

    public required Calls Calls { get; init; }

    /// <inheritdoc cref="RunOptions.MaxRunTime"/>
    public TimeSpan MaxRunTime { get; init; }

    /// <summary>Called after events that a step emitted were stored.</summary>
    public Action Emitted { get; init; } = static () => { };

    /// <summary>Makes the URL of a callback.</summary>
    public required Func<CallbackAddress, string> CallbackUrl { get; init; }

    /// <inheritdoc cref="RunOptions.MaxStepRuns"/>
    public int MaxStepRuns { get; init; } = new RunOptions().MaxStepRuns;

    /// <inheritdoc cref="RunOptions.MaxStateBytes"/>
    public int MaxStateBytes { get; init; } = new RunOptions().MaxStateBytes;

    /// <inheritdoc cref="RunOptions.MaxStepStateBytes"/>
    public int MaxStepStateBytes { get; init; } = new RunOptions().MaxStepStateBytes;

    /// <inheritdoc cref="RunOptions.MaxRunBytes"/>
    public int MaxRunBytes { get; init; } = new RunOptions().MaxRunBytes;
}

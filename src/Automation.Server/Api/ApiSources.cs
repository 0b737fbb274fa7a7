using Automation.Mqtt;
using Automation.Mqtt.Broker;
using Automation.Server.Deliveries;
using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Webhooks.Requests;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Api;

/// <summary>What the API asks of the features it shows: each a single call, so that the API depends on none of them.</summary>
internal sealed class ApiSources
{
    /// <summary>What is active now.</summary>
    public required Func<WorkflowSet> Workflows { get; init; }

    /// <summary>Switches a known workflow on or off; completes when that is stored and in effect.</summary>
    public required Func<string, bool, Task> SetEnabled { get; init; }

    /// <summary>Makes an older version of a workflow active: <see cref="VersionPins.SetAsync"/>.</summary>
    public required Func<string, string, CancellationToken, Task<(PinOutcome Outcome, IReadOnlyList<Problem> Problems)>> RollBack { get; init; }

    /// <summary>Ends that: <see cref="VersionPins.LiftAsync"/>.</summary>
    public required Func<string, CancellationToken, Task<PinOutcome>> LiftPin { get; init; }

    /// <summary>Finds a version of a workflow: <see cref="VersionLookup.FindAsync"/>.</summary>
    public required Func<string, string, ValueTask<CompiledWorkflow?>> FindVersion { get; init; }

    /// <summary>Moves a waiting run to a version of its workflow: <see cref="RunMoves.MoveAsync"/>.</summary>
    public required Func<long, WorkflowVersion, bool, Task<IReadOnlyList<string>>> MoveRun { get; init; }

    /// <summary>Takes in an event: <see cref="Intake.AcceptAsync"/>.</summary>
    public required AcceptEvents Accept { get; init; }

    /// <summary>Gives a kept request, or a webhook's event, to the workflows that take its path: <see cref="RequestReplay"/>.</summary>
    public required WebhookReplay ReplayWebhook { get; init; }

    /// <summary>Keeps requests to a path that has no workflow until then; no longer with null: <see cref="Captures.SetAsync"/>.</summary>
    public required Func<string, DateTimeOffset?, Task> CapturePath { get; init; }

    /// <summary>The embedded MQTT broker; null while it is switched off.</summary>
    public Func<MqttBroker?> MqttBroker { get; init; } = static () => null;

    /// <summary>Publishes a message on it; false when there is no room to retain it.</summary>
    public Func<MqttApplicationMessage, CancellationToken, ValueTask<bool>> PublishMqtt { get; init; } = static (_, _) => ValueTask.FromResult(false);

    /// <summary>Called after deliveries were replayed, so that they go out at once.</summary>
    public required Action WakeDeliveries { get; init; }

    /// <summary>Called after the rate of a destination was changed; null for the server's.</summary>
    public Action<string, double?> SetDeliveryRate { get; init; } = static (_, _) => { };

    /// <summary>What this server knows of the destinations it calls: <see cref="DeliveryLanes.States"/>.</summary>
    public Func<IReadOnlyList<DestinationState>> Destinations { get; init; } = () => [];

    /// <summary>Ends a run, wherever it is: <see cref="RunEngine.CancelAsync"/>.</summary>
    public required Func<long, Task<RunCancelled>> CancelRun { get; init; }

    /// <summary>Retries a failed run from the failed step: <see cref="RunRetries.GoOnAsync"/>.</summary>
    public required Func<RunRow, bool, Task<RetryResult>> RetryRun { get; init; }

    /// <summary>Retries a failed run from the start: <see cref="RunRetries.BeginAnewAsync"/>.</summary>
    public required Func<RunRow, bool, Task<RetryResult>> ReplaceRun { get; init; }

    /// <summary>Called after waits ended, so that their runs go on: <see cref="RunEngine.TakeUp(EndedWaits)"/>.</summary>
    public required Action<EndedWaits> TakeUpEnded { get; init; }

    /// <summary>Called after another run of a key has the turn.</summary>
    public required Action<KeyTurn> TakeUpNextRun { get; init; }

    /// <summary>Called after blocked runs of a workflow were cancelled.</summary>
    public required Action<KeyDrained> ForgetBlockedRuns { get; init; }

    /// <summary>Most bytes of a key's state.</summary>
    public required int MaxStateBytes { get; init; }

    /// <summary>The connections to outside brokers, sorted by name.</summary>
    public required Func<IReadOnlyList<MqttConnectionView>> MqttConnections { get; init; }

    public required Func<IReadOnlyList<StepTypeView>> StepTypes { get; init; }

    public required Func<IReadOnlyList<TriggerTypeView>> TriggerTypes { get; init; }

    /// <summary>JSON Schema of a workflow file.</summary>
    public required Func<Json> WorkflowSchema { get; init; }

    /// <summary>JSON Schema of a connector file.</summary>
    public Func<Json> ConnectorSchema { get; init; } = () => Json.Null;

    /// <summary>Mistakes in the files of endpoints and event types.</summary>
    public Func<IReadOnlyList<Problem>> EndpointProblems { get; init; } = () => [];

    public Func<IReadOnlyList<ConnectorView>> Connectors { get; init; } = () => [];
}

/// <summary>Replays of what came to a hook.</summary>
internal sealed record WebhookReplay(Func<RequestRow, Task<ReplayedRequest?>> OfRequest, Func<EventRow, Task<ReplayedRequest?>> OfEvent);

using Automation.Server.Api;
using Automation.Server.Connectors;
using Automation.Server.Deliveries;
using Automation.Server.Endpoints;
using Automation.Server.Runs;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Triggers.Mqtt.Connections;
using Automation.Server.Triggers.Webhooks.Requests;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Hosting;

/// <summary>Connects the API to the features it shows.</summary>
internal static class ApiWiring
{
    // For a step that does not end when it is cut off; a script may go on for its wall time.
    private static readonly TimeSpan CancelPatience = TimeSpan.FromSeconds(10);

    public static ApiSources Sources(IServiceProvider services)
    {
        var catalog = services.GetRequiredService<WorkflowCatalog>();
        var journal = services.GetRequiredService<Journal>();
        var steps = services.GetRequiredService<StepCatalog>();
        var connectors = services.GetRequiredService<ConnectorCatalog>();
        var triggers = services.GetRequiredService<TriggerCatalog>();
        return new ApiSources
        {
            Workflows = () => catalog.Current,
            SetEnabled = async (id, enabled) =>
            {
                await journal.CommitAsync(new WorkflowSwitched(id, enabled, services.GetRequiredService<TimeProvider>().GetUtcNow()));
                catalog.SetEnabled(id, enabled);
            },
            RollBack = services.GetRequiredService<VersionPins>().SetAsync,
            LiftPin = services.GetRequiredService<VersionPins>().LiftAsync,
            FindVersion = services.GetRequiredService<VersionLookup>().FindAsync,
            MoveRun = services.GetRequiredService<RunMoves>().MoveAsync,
            Accept = (offers, answer) => services.GetRequiredService<Intake>().AcceptAsync(offers, answer),
            ReplayWebhook = new(row => services.GetRequiredService<RequestReplay>().ReplayAsync(row), row => services.GetRequiredService<RequestReplay>().ReplayAsync(row)),
            CapturePath = (path, until) => services.GetRequiredService<Captures>().SetAsync(path, until),
            MqttBroker = () => services.GetRequiredService<EmbeddedBroker>().Broker,
            PublishMqtt = (message, cancellation) => services.GetRequiredService<EmbeddedBroker>().PublishAsync(message, cancellation),
            WakeDeliveries = services.GetRequiredService<DeliveryWorker>().Wake,
            SetDeliveryRate = services.GetRequiredService<DeliveryWorker>().SetRate,
            Destinations = services.GetRequiredService<DeliveryLanes>().States,
            CancelRun = run => services.GetRequiredService<RunEngine>().CancelAsync(run, CancelPatience),
            RetryRun = (run, onNewest) => services.GetRequiredService<RunRetries>().GoOnAsync(run, onNewest),
            ReplaceRun = (run, onNewest) => services.GetRequiredService<RunRetries>().BeginAnewAsync(run, onNewest),
            TakeUpEnded = ended => services.GetRequiredService<RunEngine>().TakeUp(ended),
            TakeUpNextRun = turn => services.GetRequiredService<RunEngine>().TakeUpNext(turn),
            ForgetBlockedRuns = drained => services.GetRequiredService<RunEngine>().ForgetBlocked(drained),
            MaxStateBytes = services.GetRequiredService<IOptions<RunOptions>>().Value.MaxStateBytes,
            MqttConnections = () => [.. services.GetRequiredService<MqttConnections>().All.Select(MqttConnectionWiring.ViewOf)],
            StepTypes = () => [.. steps.Types.Concat(connectors.StepTypes()).Select(t => new StepTypeView(t.Name, t.Title, t.Description, t.Category, t.Icon, [.. t.Outcomes], t.Effect, Json.Parse(t.Schema.ToJsonString())))],
            TriggerTypes = () => [.. triggers.Types.Select(t => new TriggerTypeView(t.Name, t.Title, t.Description, t.Icon, Json.Parse(t.Schema.ToJsonString())))],
            ConnectorSchema = () => new Json(ConnectorSchema.ToFile()),
            EndpointProblems = () => services.GetRequiredService<EndpointFiles>().Problems,
            Connectors = () => [.. connectors.All().Select(c => new ConnectorView(c.Name, c.Connector?.File.Title ?? c.Name, c.Connector?.File.Description, c.Connector?.File.Icon ?? "plug", c.IsBuiltIn,
                [.. (c.Connector?.File.Credentials ?? new Dictionary<string, ConnectorCredential>()).Select(s => new CredentialView(s.Key, Connection.SecretOf(c.Name, s.Key), s.Value.Help))],
                [.. (c.Connector?.File.Operations.Keys ?? []).Select(o => $"{c.Name}.{o}")],
                [.. c.Problems.Select(p => new ConnectorProblemView(p.Pointer, p.Message, p.Line))]))],
            WorkflowSchema = () => new Json(WorkflowSchema.ToFile([.. steps.Types, .. connectors.StepTypes()], triggers)),
        };
    }
}

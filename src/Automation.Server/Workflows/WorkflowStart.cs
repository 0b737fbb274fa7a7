using Automation.Server.Triggers.Mqtt;
using Automation.Server.Triggers.Mqtt.Connections;
using Automation.Server.Triggers.Webhooks;

namespace Automation.Server.Workflows;

/// <summary>Loads the workflows before the server takes anything in, and tells the triggers of every change.</summary>
internal sealed class WorkflowStart(
    WorkflowCatalog catalog, WebhookRoutes webhooks, MqttIntake mqtt, MqttClientIntake clients, EmbeddedRetained retained, MqttConnections connections, IEnumerable<FollowFolder> others) : IHostedService
{
    /// <summary>False until all files have been looked at once.</summary>
    public bool Loaded { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        catalog.Changed += webhooks.Use;
        catalog.Changed += mqtt.Use;
        catalog.Changed += retained.Use;
        catalog.Changed += connections.Use;
        catalog.Changed += clients.Use;
        await catalog.LoadAsync(cancellationToken);
        foreach (var follow in others) await follow(new Look { Everything = true }, cancellationToken);
        Loaded = true;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

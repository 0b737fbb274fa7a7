using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>The route table in force. A request reads it once and sees one consistent table; a change of the workflows swaps it whole.</summary>
internal sealed class WebhookRoutes
{
    private volatile RouteTable current = new(WorkflowSet.Empty);

    public RouteTable Current => current;

    /// <summary>Requests that begin from now on see these workflows.</summary>
    public void Use(WorkflowSet workflows) => current = new RouteTable(workflows);
}

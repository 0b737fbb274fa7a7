namespace Automation.Server.Workflows;

internal sealed class VersionLookup
{
    public ValueTask<WorkflowVersion?> GetAsync(string workflowId, string hash) => throw new NotImplementedException();
}

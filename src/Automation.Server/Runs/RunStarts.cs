using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Runs;

/// <summary>Runs that runs start: stored in the transaction of the one that starts them, held by nobody, and taken up like any other.</summary>
/// <remarks>They may be more than <see cref="RunOptions.MaxOpen"/>, which only what comes from outside has to keep to.</remarks>
internal sealed class RunStarts(Func<WorkflowSet> workflows, SandboxPool sandbox, IOptions<RunOptions> options)
{
    /// <summary>The active version of a workflow that is switched on; null when there is none.</summary>
    public WorkflowVersion? Find(string workflowId) =>
        workflows().Workflows.TryGetValue(workflowId, out var state) && state is { Enabled: true, Version: { } version } ? version : null;

    /// <summary>The run of an event. One whose key cannot be worked out fails when it is taken up.</summary>
    /// <param name="accepted">What starts it.</param>
    /// <param name="version">On which it runs. It begins at the start of its <c>manual</c> trigger if it has one, else at its own.</param>
    /// <param name="runId">Of the run.</param>
    /// <exception cref="SandboxUnavailableException">The key cannot be worked out now.</exception>
    public async ValueTask<RunAccepted> OfAsync(Event accepted, WorkflowVersion version, long runId)
    {
        var trigger = version.Triggers.Values.FirstOrDefault(t => t.TypeName == "manual")?.Id ?? RunEngine.ManualStart;
        string? key = null;
        try
        {
            if (version.Key is { } rule) key = await rule.OfAsync(accepted, version.Program, sandbox);
        }
        catch (StepException)
        {
            // Said again, as the run's failure.
        }

        return new RunAccepted(runId, accepted.Id, version.WorkflowId, version.Hash, trigger, accepted.AcceptedAt, Held: false) { Key = key, MaxBlocked = options.Value.MaxBlockedPerKey, Watches = version.Watches };
    }
}

using System.Globalization;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>A run that a step called.</summary>
/// <param name="RunId">The run.</param>
/// <param name="End">Set when an earlier try of the step run called it, and it has ended.</param>
internal readonly record struct CalledRun(long RunId, CallEnd? End);

/// <summary>Runs that steps of other runs call. They are stored with the step's result; see <see cref="RunStarts"/>.</summary>
internal sealed class Calls(RunStarts starts, SandboxPool sandbox, IdSource ids, TimeProvider time)
{
    /// <summary>How deep calls may be nested.</summary>
    public const int Deepest = 16;

    private const string TypeName = "workflow.called";

    /// <summary>What is to be stored: the call's event and its run.</summary>
    /// <param name="caller">The run that calls.</param>
    /// <param name="key">The calling step's idempotency key.</param>
    /// <param name="workflowId">What is called.</param>
    /// <param name="input">The event's data.</param>
    /// <param name="waits">Whether the caller goes on only after the call.</param>
    /// <param name="cancelled">Ends the check of the input.</param>
    /// <exception cref="StepException">It cannot be called, or not with this input.</exception>
    /// <exception cref="SandboxUnavailableException">The input or the key cannot be looked at now.</exception>
    public async ValueTask<(Event Event, RunAccepted Run)> OfAsync(RunWork caller, string key, string workflowId, Json input, bool waits, CancellationToken cancelled)
    {
        var depth = 1 + DepthOf(caller.Event);
        if (depth > Deepest) throw Refused("call_too_deep", $"\"{workflowId}\" was not called: calls are nested {Deepest} deep already, which is the most. Does a workflow call itself for ever?");
        if (starts.Find(workflowId) is not { } target) throw new StepException("workflow_unavailable", $"There is no active workflow \"{workflowId}\" to be called: it is not there, switched off, or has mistakes. Name the path of a file below the workflows folder without .json.");
        if (await Contract.CheckAsync(sandbox, target.Program, Contract.Input, input, "call_input_invalid", $"The input does not fit what \"{workflowId}\" takes (its \"input\").", cancelled) is { } mismatch) throw new StepException(mismatch);
        var called = EventOf(caller, input, depth);
        var run = await starts.OfAsync(called, target, ids.Next()) with { CalledBy = key };
        if (waits && run.Key is not null && run.Key == caller.Key && target.WorkflowId == caller.Version.WorkflowId)
        {
            throw Refused("call_deadlock", $"\"{workflowId}\" was not called: its run would have the key \"{run.Key}\" of this one, and so would wait for it. Use another key, or \"wait\": false.");
        }

        return (called, run);
    }

    private static int DepthOf(Event accepted) =>
        accepted.Trigger == Event.OfCall && int.TryParse(accepted.TextAt("event.callDepth"), NumberStyles.None, CultureInfo.InvariantCulture, out var depth) ? depth : 0;

    private static StepException Refused(string code, string message) => new(new StepError(code, message, Retryable: false));

    private Event EventOf(RunWork caller, Json input, int depth)
    {
        var (id, now, source) = (ids.Next(), time.GetUtcNow(), "/runs/" + PublicId.Format(PublicId.Run, caller.RunId));
        var subject = caller.Version.WorkflowId;
        var attributes = new Dictionary<string, object?> { ["id"] = PublicId.Format(PublicId.Event, id), ["source"] = source, ["type"] = TypeName, ["time"] = now.UtcDateTime, ["subject"] = subject, ["callDepth"] = depth };
        if (caller.Event.IsAboutFailure) attributes["aboutFailure"] = true;
        if (caller.Event.EmitDepth is > 0 and var emitted) attributes["emitDepth"] = emitted;
        return new Event
        {
            Id = id,
            Trigger = Event.OfCall,
            Type = TypeName,
            Source = source,
            Subject = subject,
            AcceptedAt = now,
            Attributes = Json.From(attributes),
            ContentType = System.Net.Mime.MediaTypeNames.Application.Json,
            Body = input.Utf8,
        };
    }
}

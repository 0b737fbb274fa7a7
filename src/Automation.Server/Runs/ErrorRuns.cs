using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Runs;

/// <summary>Has a workflow told of failed runs: the one that a workflow names as <c>onError</c>, else that of the setting <c>Runs:OnErrorWorkflow</c>.</summary>
/// <remarks>
/// Its run is stored with the end of the failed one. Data of its event: <c>{ workflow, version, run, step, error, event: { id, type, source }, startedAt, failedAt }</c>; errors hold no
/// secrets. Runs that come of such an event, also by calls and by timers of keys, tell nobody when they fail: nothing goes round in circles.
/// </remarks>
internal sealed class ErrorRuns(RunStarts starts, IdSource ids, TimeProvider time, IOptions<RunOptions> options, ILogger<ErrorRuns> log)
{
    private const string TypeName = "run.failed";

    /// <summary>What is to be stored with the failure; empty when nobody is to be told.</summary>
    /// <param name="workflowId">Of the failed run.</param>
    /// <param name="version">Its version's hash.</param>
    /// <param name="names">The workflow that its version names; null for none.</param>
    /// <param name="runId">The run.</param>
    /// <param name="accepted">Its event.</param>
    /// <param name="step">The step that failed; null when it was none.</param>
    /// <param name="error">How.</param>
    /// <param name="startedAt">When the run was first walked.</param>
    public async ValueTask<IReadOnlyList<Change>> OfAsync(string workflowId, string version, string? names, long runId, Event accepted, string? step, StepError error, DateTimeOffset startedAt)
    {
        var handler = names ?? options.Value.OnErrorWorkflow;
        if (handler.Length == 0 || accepted.IsAboutFailure) return [];
        if (starts.Find(handler) is not { } target)
        {
            Log.NoErrorWorkflow(log, PublicId.Format(PublicId.Run, runId), workflowId, handler);
            return [];
        }

        var now = time.GetUtcNow();
        var (id, source) = (ids.Next(), "/runs/" + PublicId.Format(PublicId.Run, runId));
        var about = new Event
        {
            Id = id,
            Trigger = Event.OfFailure,
            Type = TypeName,
            Source = source,
            Subject = workflowId,
            AcceptedAt = now,
            Attributes = Json.From(new { id = PublicId.Format(PublicId.Event, id), source, type = TypeName, time = now.UtcDateTime, subject = workflowId, aboutFailure = true, emitDepth = accepted.EmitDepth }),
            ContentType = System.Net.Mime.MediaTypeNames.Application.Json,
            Body = Json.From(new
            {
                workflow = workflowId,
                version,
                run = PublicId.Format(PublicId.Run, runId),
                step,
                error,
                @event = new { id = PublicId.Format(PublicId.Event, accepted.Id), type = accepted.Type, source = accepted.Source },
                startedAt = startedAt.UtcDateTime,
                failedAt = now.UtcDateTime,
            }).Utf8,
        };
        return [new EventAccepted(about, 1), await starts.OfAsync(about, target, ids.Next())];
    }
}

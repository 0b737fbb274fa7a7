using System.ComponentModel;
using System.Net.Mime;
using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Automation.Server.Api;

/// <summary>Runs a workflow by hand: an event like any other, with the trigger type <c>manual</c>.</summary>
internal static class ManualRun
{
    private const string TriggerTypeName = "manual";
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    [RequestSizeLimit(1 << 20)] // the same as an event's body by default
    public static async Task<Results<Accepted<StartedRun>, Ok<EndedRun>, ProblemHttpResult>> RunAsync(
        [Description("Path of the file below the workflows folder without .json, its / written %2F.")] string id,
        [Description("The trigger whose start to begin with; unless given, the workflow's manual trigger or its start.")] string? trigger,
        [Description("How long to wait for the end of the run, as 30s; 5m at the most.")] string? wait,
        HttpContext context,
        ApiSources sources,
        IdSource ids,
        TimeProvider time,
        ILogger<ApiSources> log)
    {
        if (WorkflowsApi.Find(sources, id) is not { } workflow) return ApiProblem.NoWorkflow(WorkflowsApi.Unescape(id));
        if (workflow.Version is not { } version) return ApiProblem.Conflict($"\"{workflow.WorkflowId}\" has never loaded: its file has {workflow.Problems.Count} problems, listed at /problems of this workflow.");
        var parameters = new Parameters(time);
        var patience = parameters.Wait("wait", wait, LongestWait);
        var chosen = Choose(version, trigger, parameters);
        if (parameters.Problem is { } problem) return problem;
        var body = await ReadBodyAsync(context.Request);
        if (WhyNotJson(body) is { } why) return ApiProblem.BadRequest(why);

        var accepted = EventOf(ids.Next(), workflow.WorkflowId, time.GetUtcNow(), body);
        var answer = patience is null ? null : new TaskCompletionSource<RunAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (outcome, runs) = await sources.Accept([new Offer(accepted, [new TriggerTarget(version, chosen!, Waits: answer is not null) { Unfiltered = true }])], answer);
        switch (outcome)
        {
            case IntakeOutcome.Busy: return ApiProblem.Unavailable(context, "More events are waiting than the server takes. Nothing was stored; try again.");
            case IntakeOutcome.Refused: return ApiProblem.BadRequest("The database refuses this event; nothing was stored. The server's log says why.");
            case IntakeOutcome.Unavailable: return ApiProblem.Unavailable(context, "The server cannot store events now; /health/ready says why. Nothing was stored; try again.");
        }

        var eventId = PublicId.Format(PublicId.Event, accepted.Id);
        Log.RunByHand(log, workflow.WorkflowId, eventId);
        if (answer is not null && await EndAsync(answer.Task, patience!.Value, time, context.RequestAborted) is { } end) return TypedResults.Ok(EndedRun.Of(eventId, end));
        var runId = PublicId.Format(PublicId.Run, runs[0]);
        return TypedResults.Accepted($"/api/runs/{runId}", new StartedRun(eventId, runId));
    }

    private static TriggerDefinition? Choose(WorkflowVersion version, string? trigger, Parameters parameters)
    {
        if (trigger is null) return version.Triggers.Values.FirstOrDefault(t => t.TypeName == TriggerTypeName) ?? new TriggerDefinition(TriggerTypeName, TriggerTypeName, new object(), version.Start);
        if (version.Triggers.TryGetValue(trigger, out var named)) return named;
        parameters.Bad("trigger", $"\"{version.WorkflowId}\" has no trigger \"{trigger}\"; it has {(version.Triggers.Count == 0 ? "none" : string.Join(", ", version.Triggers.Keys.Order(StringComparer.Ordinal)))}.");
        return null;
    }

    private static async Task<byte[]> ReadBodyAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        return body.Length == 0 ? "null"u8.ToArray() : body.ToArray();
    }

    private static string? WhyNotJson(byte[] body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            reader.Read();
            reader.Skip();
            return reader.Read() ? "The body holds more than one JSON value." : null;
        }
        catch (JsonException error)
        {
            return $"The body is not JSON, at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1} of it.";
        }
    }

    private static Event EventOf(long id, string workflowId, DateTimeOffset now, byte[] body) => new()
    {
        Id = id,
        Trigger = TriggerTypeName,
        Type = "manual.run",
        Source = "/api",
        Subject = workflowId,
        AcceptedAt = now,
        Attributes = Json.From(new { id = PublicId.Format(PublicId.Event, id), source = "/api", type = "manual.run", time = now, subject = workflowId }),
        ContentType = MediaTypeNames.Application.Json,
        Body = body,
    };

    private static async Task<RunAnswer?> EndAsync(Task<RunAnswer> answer, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            return await answer.WaitAsync(patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}

/// <summary>A run that is stored and will end.</summary>
internal sealed record StartedRun(string EventId, string RunId);

/// <summary>A run that ended, or answered, while the caller waited.</summary>
internal sealed record EndedRun(
    string EventId,
    string RunId,
    [property: Description("succeeded or failed.")] string State,
    [property: Description("Output of the last step.")] Json Output,
    string? FailedStep,
    StepError? Error,
    [property: Description("What a respond step answered; null when there was none.")] EndedRunResponse? Response)
{
    public static EndedRun Of(string eventId, RunAnswer end) => new(
        eventId,
        PublicId.Format(PublicId.Run, end.RunId),
        end.Error is null ? "succeeded" : "failed",
        end.Output,
        end.FailedStep,
        end.Error,
        end.Response is { } r ? new EndedRunResponse(r.Status, r.Headers, r.ContentType, EventData.Parse(r.ContentType, r.Body)) : null);
}

/// <summary>The answer that a webhook's caller would have had.</summary>
internal sealed record EndedRunResponse(int Status, IReadOnlyDictionary<string, string> Headers, string? ContentType, Json Body);

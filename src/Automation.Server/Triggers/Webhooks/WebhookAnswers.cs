using System.Text;
using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Triggers.Webhooks.Handshakes;
using Automation.Server.Values;
using Microsoft.AspNetCore.WebUtilities;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>What the callers of webhooks are answered.</summary>
internal static class WebhookAnswers
{
    private const string JsonType = "application/json", ProblemType = "application/problem+json";

    // Workflows may answer with HTML, from the origin of the designer: it gets no access to that origin's cookies and pages.
    private const string Sandbox = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

    /// <summary>202 <c>{ "eventId": "evt_…" }</c>: the event is on disk.</summary>
    public static Task AcceptedAsync(HttpContext context, long eventId) =>
        WriteAsync(context, StatusCodes.Status202Accepted, JsonType, EventId(eventId, ""));

    /// <summary>202 <c>{ "eventId": "evt_…", "runId": "run_…", "status": "running" }</c>: the wait is over, the run is not.</summary>
    public static Task StillRunningAsync(HttpContext context, long eventId, long runId) =>
        WriteAsync(context, StatusCodes.Status202Accepted, JsonType, EventId(eventId, $",\"runId\":\"{PublicId.Format(PublicId.Run, runId)}\",\"status\":\"running\""));

    /// <summary>202 <c>{ "captured": true, "requestId": "req_…" }</c>: no workflow takes the path yet; the request is kept to be looked at.</summary>
    public static Task CapturedAsync(HttpContext context, long requestId) =>
        WriteAsync(context, StatusCodes.Status202Accepted, JsonType, Encoding.ASCII.GetBytes($"{{\"captured\":true,\"requestId\":\"{PublicId.Format(PublicId.Request, requestId)}\"}}"));

    /// <summary>202 <c>{ "filtered": true }</c>: the filters of all triggers dropped the event, nothing is stored.</summary>
    public static Task FilteredAsync(HttpContext context) => WriteAsync(context, StatusCodes.Status202Accepted, JsonType, "{\"filtered\":true}"u8.ToArray());

    public static Task HandshakeAsync(HttpContext context, HandshakeAnswer answer)
    {
        foreach (var (name, value) in answer.Headers) context.Response.Headers[name] = value;
        return WriteAsync(context, answer.Status, answer.ContentType, answer.Body);
    }

    /// <summary>204 without a run.</summary>
    public static Task NothingAsync(HttpContext context, WebhookMethods allowed)
    {
        context.Response.Headers.Allow = WebhookMethodNames.Allow(allowed);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>What a <c>respond</c> step gave; else 200 with the run's output; else 500 with why the run failed.</summary>
    public static Task OfRunAsync(HttpContext context, RunAnswer answer)
    {
        context.Response.Headers.ContentSecurityPolicy = Sandbox;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (answer.Response is { } response) return OfStepAsync(context, response);
        return answer.Error is { } error
            ? WriteAsync(context, StatusCodes.Status500InternalServerError, ProblemType, RunFailed(answer, error))
            : WriteAsync(context, StatusCodes.Status200OK, JsonType, answer.Output.Utf8);
    }

    /// <summary><c>application/problem+json</c> — RFC 9457; without a body where the refusal has no sentence.</summary>
    public static Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        if (refusal.Header is { } header) context.Response.Headers[header] = refusal.HeaderValue;
        return refusal.Detail.Length == 0
            ? WriteAsync(context, refusal.Status, null, default)
            : WriteAsync(context, refusal.Status, ProblemType, Problem("about:blank", ReasonPhrases.GetReasonPhrase(refusal.Status), refusal.Status, refusal.Detail, refusal.Errors));
    }

    private static byte[] EventId(long eventId, string more) => Encoding.ASCII.GetBytes($"{{\"eventId\":\"{PublicId.Format(PublicId.Event, eventId)}\"{more}}}");

    private static Task OfStepAsync(HttpContext context, ResponseToCaller response)
    {
        foreach (var (name, value) in response.Headers)
        {
            if (name.Equals("Content-Security-Policy", StringComparison.OrdinalIgnoreCase)) context.Response.Headers.ContentSecurityPolicy = new([Sandbox, value]);
            else context.Response.Headers[name] = value;
        }

        return WriteAsync(context, response.Status, response.ContentType, response.Body);
    }

    private static byte[] RunFailed(RunAnswer answer, StepError error) => Problem(
        "urn:automation:run-failed",
        "The workflow run failed",
        StatusCodes.Status500InternalServerError,
        error.Message,
        null,
        ("runId", PublicId.Format(PublicId.Run, answer.RunId)),
        ("step", answer.FailedStep),
        ("code", error.Code),
        ("message", error.Message));

    private static byte[] Problem(string type, string title, int status, string detail, Json? errors, params ReadOnlySpan<(string Name, string? Value)> more)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, type);
            writer.WriteString("title"u8, title);
            writer.WriteNumber("status"u8, status);
            writer.WriteString("detail"u8, detail);
            foreach (var (name, value) in more)
            {
                if (value is not null) writer.WriteString(name, value);
            }

            if (errors is { } list)
            {
                writer.WritePropertyName("errors"u8);
                writer.WriteRawValue(list.Utf8.Span, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return text.ToArray();
    }

    private static Task WriteAsync(HttpContext context, int status, string? contentType, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = status;
        if (status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified) return Task.CompletedTask;
        if (!body.IsEmpty) response.ContentType = contentType;
        response.ContentLength = body.Length;
        if (body.IsEmpty || HttpMethods.IsHead(context.Request.Method)) return Task.CompletedTask;
        return response.BodyWriter.WriteAsync(body).AsTask();
    }
}

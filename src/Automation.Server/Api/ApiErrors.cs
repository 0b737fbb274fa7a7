using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Automation.Server.Secrets;
using Automation.Server.Storage;

namespace Automation.Server.Api;

/// <summary>Turns what goes wrong below <c>/api</c> into problem details: a bad request by its own words, a journal that cannot write and a key that is missing as 503, a defect without any of its text.</summary>
/// <remarks>Also keeps browsers from guessing content types and from storing answers.</remarks>
internal sealed class ApiErrors(RequestDelegate next, ILogger<ApiErrors> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // the caller is gone
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, error.StatusCode, Explain(error));
            return;
        }
        catch (JournalException error) when (!context.Response.HasStarted && error is { Refused: false, InnerException: null or JournalException })
        {
            context.Response.Headers.RetryAfter = "1";
            await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The journal cannot store anything at the moment; /health/ready says why. Try again.");
            return;
        }
        catch (ServerKeyException error) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, error.Message);
            return;
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            var trace = Activity.Current?.Id ?? context.TraceIdentifier;
            Log.Unhandled(log, context.Request.Method, context.Request.Path, trace, error);
            await WriteAsync(context, StatusCodes.Status500InternalServerError, $"The server failed; its log says more at trace id {trace}.", trace);
            return;
        }

        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null }) await WriteAsync(context, context.Response.StatusCode, Explain(context));
    }

    private static string? Explain(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"There is no {context.Request.Path}. The API's resources are listed in /openapi/v1.json.",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Path} does not take {context.Request.Method}; it takes {context.Response.Headers.Allow}.",
        _ => null,
    };

    // Nothing of the body itself: it may hold a secret.
    private static string Explain(BadHttpRequestException error) => error switch
    {
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => "The body is larger than this resource takes.",
        { InnerException: JsonException json } =>
            string.Create(CultureInfo.InvariantCulture, $"The body cannot be read at line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}: it is no JSON there, or has a property or a kind of value that is not known. /openapi/v1.json says what this resource takes."),
        _ when error.Message.StartsWith("Implicit body", StringComparison.Ordinal) || error.Message.EndsWith("from body.", StringComparison.Ordinal) => "The body is missing, or null: this resource takes JSON.",
        _ => "The request cannot be read: " + error.Message,
    };

    private static Task WriteAsync(HttpContext context, int status, string? detail, string? trace = null) =>
        TypedResults.Problem(statusCode: status, detail: detail, extensions: trace is null ? null : [KeyValuePair.Create("traceId", (object?)trace)]).ExecuteAsync(context);
}

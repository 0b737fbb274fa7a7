using System.Diagnostics;
using Automation.Server.Storage;

namespace Automation.Server.Api;

/// <summary>Turns what goes wrong below <c>/api</c> into problem details: a bad request by its own words, a journal that cannot write as 503, a defect without any of its text.</summary>
/// <remarks>Also keeps browsers from guessing content types and from storing answers.</remarks>
internal sealed class ApiErrors(RequestDelegate next, IProblemDetailsService problems, ILogger<ApiErrors> log)
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
            await WriteAsync(context, error.StatusCode, error.StatusCode is StatusCodes.Status413PayloadTooLarge ? "The body is larger than this resource takes." : "The request cannot be read: " + error.Message);
            return;
        }
        catch (JournalException error) when (!context.Response.HasStarted && error is { Refused: false, InnerException: null or JournalException })
        {
            context.Response.Headers.RetryAfter = "1";
            await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The journal cannot store anything at the moment; /health/ready says why. Try again.");
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

    private async Task WriteAsync(HttpContext context, int status, string? detail, string? trace = null)
    {
        context.Response.StatusCode = status;
        var problem = new ProblemDetailsContext { HttpContext = context, ProblemDetails = { Status = status, Detail = detail } };
        if (trace is not null) problem.ProblemDetails.Extensions["traceId"] = trace;
        await problems.WriteAsync(problem);
    }
}

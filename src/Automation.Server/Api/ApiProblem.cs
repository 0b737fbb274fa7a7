using Automation.Server.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>The API's refusals as problem details (RFC 9457): what is wrong and what to do about it, in one sentence.</summary>
internal static class ApiProblem
{
    public static ProblemHttpResult BadParameters(IReadOnlyDictionary<string, string[]> errors) => TypedResults.Problem(
        statusCode: StatusCodes.Status400BadRequest,
        detail: string.Join(' ', errors.Select(e => $"{e.Key}: {e.Value[0]}")),
        extensions: [KeyValuePair.Create("errors", (object?)errors)]);

    public static ProblemHttpResult BadRequest(string detail) => TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, detail: detail);

    public static ProblemHttpResult NotFound(string noun, string id) =>
        TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: $"There is no {noun} \"{id}\". It may have been deleted because of its age.");

    public static ProblemHttpResult NoWorkflow(string id) =>
        TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: $"There is no workflow \"{id}\". Its id is the file's path below the workflows folder, without \".json\"; a \"/\" in it is written %2F.");

    /// <summary>404 in words of its own.</summary>
    public static ProblemHttpResult NotThere(string detail) => TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: detail);

    public static ProblemHttpResult Conflict(string detail) => TypedResults.Problem(statusCode: StatusCodes.Status409Conflict, detail: detail);

    /// <summary>429 with <c>Retry-After</c>.</summary>
    public static ProblemHttpResult Wait(HttpContext context, TimeSpan wait, string detail)
    {
        var seconds = context.Response.Headers.RetryAfter = AccessCheck.Seconds(wait);
        return TypedResults.Problem(statusCode: StatusCodes.Status429TooManyRequests, detail: $"{detail} Wait {seconds} seconds.");
    }

    /// <summary>503 with <c>Retry-After: 1</c>.</summary>
    public static ProblemHttpResult Unavailable(HttpContext context, string detail)
    {
        context.Response.Headers.RetryAfter = "1";
        return TypedResults.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, detail: detail);
    }
}

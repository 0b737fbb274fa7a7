using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>One thing that has to be well before this server should get work; every feature registers its own.</summary>
/// <param name="Name">What is checked, as <c>journal</c>.</param>
/// <param name="Problem">Says what is wrong, null when all is well. Called for each probe: it looks at a field and does no work.</param>
internal sealed record HealthCheck(string Name, Func<string?> Problem);

/// <summary>Probes for load balancers and supervisors, open to all: they touch no database and take no token.</summary>
internal static class HealthApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health");
        health.MapGet("/live", () => TypedResults.Ok(new Health("live", []))).WithName("live").WithSummary("Answers while the process can");
        health.MapGet("/ready", Ready).WithName("ready").WithSummary("Whether the server can take work, and if not, why").Produces<Health>(503);
    }

    private static Results<Ok<Health>, JsonHttpResult<Health>> Ready(IEnumerable<HealthCheck> checks)
    {
        var problems = checks.Select(check => new HealthProblem(check.Name, Ask(check))).Where(p => p.Problem is not null).ToList();
        return problems.Count == 0 ? TypedResults.Ok(new Health("ready", [])) : TypedResults.Json(new Health("not ready", problems), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static string? Ask(HealthCheck check)
    {
        try
        {
            return check.Problem();
        }
        catch (Exception)
        {
            return "The check itself failed.";
        }
    }
}

/// <summary>A probe's answer.</summary>
internal sealed record Health([property: Description("live, ready or not ready.")] string Status, IReadOnlyList<HealthProblem> Problems);

/// <summary>What keeps the server from being ready.</summary>
internal sealed record HealthProblem(string Name, string? Problem);

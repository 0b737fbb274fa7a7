using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>One thing that has to be well before this server should get work; every feature registers its own.</summary>
/// <param name="Name">What is checked, as <c>journal</c>.</param>
/// <param name="Problem">Says what is wrong, null when all is well. Called for each probe: it looks at a field and does no work.</param>
/// <param name="KeepsFromWork">False for what is shown, and does not make the server unready.</param>
internal sealed record HealthCheck(string Name, Func<string?> Problem, bool KeepsFromWork = true);

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
        var found = checks.Select(check => (check.KeepsFromWork, Problem: new HealthProblem(check.Name, Ask(check)))).Where(p => p.Problem.Problem is not null).ToList();
        var problems = found.ConvertAll(p => p.Problem);
        return found.Exists(p => p.KeepsFromWork) ? TypedResults.Json(new Health("not ready", problems), statusCode: StatusCodes.Status503ServiceUnavailable) : TypedResults.Ok(new Health("ready", problems));
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

/// <summary>What is not well. It keeps the server from being ready, unless that is what the status says.</summary>
internal sealed record HealthProblem(string Name, string? Problem);

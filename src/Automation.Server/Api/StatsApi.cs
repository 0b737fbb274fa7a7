using System.ComponentModel;
using Automation.Server.Access;
using Automation.Server.Measures;
using Automation.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Automation.Server.Api;

/// <summary>How busy this server was.</summary>
internal static class StatsApi
{
    public static void Map(RouteGroupBuilder api) => api.MapGroup("/stats").WithTags("Stats").Needs(Role.Viewer)
        .MapGet("/", Get).WithName("getStats").WithSummary("What this server took in, ran and delivered, over time")
        .WithDescription("Of this server alone, and since its start. A stretch in which nothing happened has no point. The last point is not over yet.").ProducesProblem(400);

    private static Results<Ok<StatsView>, ProblemHttpResult> Get([Description("1h by minutes, the default, or 24h by quarters of an hour.")] string? span, [FromServices] StatsHistory history, [FromServices] IOptions<ServerSettings> server)
    {
        if (span is not (null or "1h" or "24h")) return ApiProblem.BadParameters(new Dictionary<string, string[]> { ["span"] = ["It is 1h or 24h."] });
        var (step, points) = history.Of(span == "24h", StatsPointView.Of);
        return TypedResults.Ok(new StatsView(server.Value.NameOrMachine, history.Since, (int)step.TotalSeconds, points));
    }
}

/// <summary>Points over time, oldest first.</summary>
internal sealed record StatsView(
    [property: Description("Name of the server that counted.")] string Server,
    [property: Description("When it began to.")] DateTimeOffset Since,
    [property: Description("Seconds that a point is for.")] int Step,
    IReadOnlyList<StatsPointView> Points);

/// <summary>What happened in a stretch of time.</summary>
internal sealed record StatsPointView(
    DateTimeOffset At,
    [property: Description("Events stored.")] long Accepted,
    [property: Description("Webhook requests turned away.")] long Refused,
    long RunsSucceeded,
    long RunsFailed,
    [property: Description("Attempts of deliveries that succeeded.")] long Delivered,
    long DeliveryFailures,
    [property: Description("What half of the runs took at most, from the event's acceptance, in milliseconds, within 15 %; null when none ended.")] double? RunP50Ms,
    double? RunP99Ms,
    [property: Description("The longest time from an event to its run's first step; null when no run began.")] double? LagMs,
    [property: Description("Runs in memory when it was last looked; null before.")] int? OpenRuns,
    int? WaitingDeliveries)
{
    public static StatsPointView Of(StatsPoint point) => new(
        point.At, point.Accepted, point.Refused, point.RunsSucceeded, point.RunsFailed, point.Delivered, point.DeliveryFailures, point.Percentile(0.5), point.Percentile(0.99), point.LagMs, point.OpenRuns, point.WaitingDeliveries);
}

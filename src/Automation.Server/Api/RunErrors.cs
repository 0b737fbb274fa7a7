using System.ComponentModel;
using System.Globalization;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Failed runs, put together by where and how they failed.</summary>
internal static class RunErrors
{
    /// <summary>Most runs that one answer is made of.</summary>
    public const int LookedAtMost = 10_000;

    public static async Task<Results<Ok<ErrorGroups>, ProblemHttpResult>> ListAsync([AsParameters] ErrorFilter filter, HttpRequest request, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var since = parameters.Time("since", filter.Since);
        var until = parameters.Time("until", filter.Until) ?? time.GetUtcNow().AddMilliseconds(1);
        var skip = parameters.Whole("skip", filter.Skip, LookedAtMost) ?? 0;
        var limit = parameters.Limit(filter.Limit);
        if (parameters.Problem is { } problem) return problem;

        var end = IdSource.LowestAt(until);
        var rows = db.Runs.Where(r => r.State == "failed" && r.RetriedAs == null && r.Id < end);
        if (since is { } from && IdSource.LowestAt(from) is var first) rows = rows.Where(r => r.Id >= first);
        if (filter.Workflow is { } workflow) rows = rows.Where(r => r.WorkflowId == workflow);
        var groups = new Dictionary<(string Workflow, string? Step, string Code, string Message), Group>();
        var (looked, oldest) = (0, (DateTimeOffset?)null);
        await foreach (var run in rows.OrderByDescending(r => r.Id).Take(LookedAtMost + 1).Select(r => new { r.Id, r.WorkflowId, r.FailedStep, Error = r.Error == null ? null : r.Error.Substring(0, ErrorHead.Length), r.CreatedAt, r.EndedAt }).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            if (looked == LookedAtMost) break;
            looked++;
            oldest = run.CreatedAt;
            var error = ErrorHead.Of(run.Error);
            var key = (run.WorkflowId, run.FailedStep, error.Code, ErrorHead.Folded(error.Message));
            if (!groups.TryGetValue(key, out var group)) groups.Add(key, group = new Group(run.Id, error.Message));
            group.Add(run.EndedAt ?? run.CreatedAt);
        }

        var page = groups.OrderByDescending(g => g.Value.Count).ThenByDescending(g => g.Value.LastRun).Skip(skip).Take(limit)
            .Select(g => new ErrorGroup(g.Key.Workflow, g.Key.Step, g.Key.Code, g.Key.Message, g.Value.Count, g.Value.FirstAt, g.Value.LastAt, PublicId.Format(PublicId.Run, g.Value.LastRun), g.Value.LastMessage)).ToList();

        // What fails meanwhile must not move the groups of later pages.
        var next = groups.Count > skip + limit ? Page.PathOf(request, "skip", (skip + limit).ToString(CultureInfo.InvariantCulture)) + (filter.Until is null ? $"&until={until.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}" : "") : null;
        return TypedResults.Ok(new ErrorGroups(page, next, looked, looked == LookedAtMost ? oldest : null));
    }

    private sealed class Group(long lastRun, string lastMessage)
    {
        public long LastRun { get; } = lastRun;

        public string LastMessage { get; } = lastMessage;

        public int Count { get; private set; }

        public DateTimeOffset FirstAt { get; private set; } = DateTimeOffset.MaxValue;

        public DateTimeOffset LastAt { get; private set; } = DateTimeOffset.MinValue;

        public void Add(DateTimeOffset at)
        {
            Count++;
            if (at < FirstAt) FirstAt = at;
            if (at > LastAt) LastAt = at;
        }
    }
}

/// <summary>Which failed runs to put together.</summary>
internal sealed record ErrorFilter
{
    [Description("Only runs of this workflow.")]
    public string? Workflow { get; init; }

    [Description("Only runs created at or after this time (RFC 3339), or this long ago (24h).")]
    public string? Since { get; init; }

    [Description("Only runs created before this time (RFC 3339), or longer ago (24h).")]
    public string? Until { get; init; }

    [Description("How many groups come before: the cursor of the next page.")]
    public string? Skip { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}

/// <summary>Groups of failed runs, the most frequent first.</summary>
internal sealed record ErrorGroups(
    IReadOnlyList<ErrorGroup> Items,
    [property: Description("Path and query of the next page, with the filters of this one; null on the last.")] string? Next,
    [property: Description("How many failed runs were looked at.")] int Looked,
    [property: Description("When the oldest of those was created, if there may be older ones that were not looked at; null when all were.")] DateTimeOffset? LookedBackTo);

/// <summary>Runs that failed in the same place for the same reason.</summary>
internal sealed record ErrorGroup(
    string Workflow,
    [property: Description("The step that failed; null where the run failed by itself.")] string? Step,
    [property: Description("As http_status.")] string Code,
    [property: Description("What went wrong, with … in place of numbers and ids.")] string Message,
    int Count,
    [property: Description("When the first of them ended.")] DateTimeOffset FirstAt,
    DateTimeOffset LastAt,
    [property: Description("Id of the newest.")] string LastRun,
    [property: Description("What went wrong with the newest.")] string LastMessage);

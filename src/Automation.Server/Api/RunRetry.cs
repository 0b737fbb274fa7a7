using System.ComponentModel;
using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Retries failed runs, one or many.</summary>
internal static class RunRetry
{
    public static async Task<Results<Accepted<RetriedRun>, ProblemHttpResult>> OneAsync(
        [Description("As run_0f9k2m7q4x3aw.")] string id,
        [Description("Where to begin: failedStep, or start. Unless given, at the start of the newest version, and at the failed step of its own."), OneOf<RetryFrom>] string? from,
        [Description("own: the version that the run was pinned to, unless given. newest: the active one; with from=failedStep where what the run names means the same there, else 409 says what does not."), OneOf<RetryVersion>] string? version,
        HttpContext context,
        ManagementDb db,
        ApiSources sources,
        TimeProvider time,
        CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Run, id);
        var way = RetryWay.Read(parameters, from, version);
        return parameters.Problem is { } problem ? problem : await AnswerAsync(await RetryAsync(key, way, db, sources, cancellation), id, context);
    }

    public static async Task<Results<Ok<RetriedRuns>, ProblemHttpResult>> ManyAsync([AsParameters] RetryFilter filter, HttpRequest request, ManagementDb db, ApiSources sources, TimeProvider time, ILogger<ApiSources> log, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var way = RetryWay.Read(parameters, filter.From, filter.Version);
        parameters.OneOf<RetryableState>("state", filter.State);
        var since = parameters.Time("since", filter.Since);
        var until = parameters.Time("until", filter.Until) ?? time.GetUtcNow().AddMilliseconds(1);
        var after = parameters.OptionalId("after", PublicId.Run, filter.After) ?? 0;
        var limit = parameters.Limit(filter.Limit);
        var isDry = parameters.Flag("dryRun", filter.DryRun) ?? false;
        if (parameters.Problem is { } problem) return problem;

        var matching = Matching(db.Runs, filter, since, until).Where(r => r.Id > after);
        var (count, ids) = filter.Message is { } message
            ? await OfMessageAsync(matching, message, limit, cancellation)
            : (await matching.CountAsync(cancellation), await matching.OrderBy(r => r.Id).Take(limit).Select(r => r.Id).ToListAsync(cancellation));
        var retried = new List<string>();
        var refused = new List<RefusedRetry>();
        foreach (var id in ids)
        {
            var name = PublicId.Format(PublicId.Run, id);
            if (isDry)
            {
                retried.Add(name);
                continue;
            }

            var result = await RetryAsync(id, way, db, sources, CancellationToken.None);
            if (result.Outcome is RetryOutcome.Retried) retried.Add(PublicId.Format(PublicId.Run, result.RunId));
            else refused.Add(new RefusedRetry(name, Why(result, name)));
        }

        if (!isDry) Log.Retried(log, retried.Count, refused.Count);

        // Runs that the retries begin are younger: without an end they would match again when they fail.
        var next = count > ids.Count ? Page.PathOf(request, "after", PublicId.Format(PublicId.Run, ids[^1])) + (filter.Until is null ? $"&until={until.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}" : "") : null;
        return TypedResults.Ok(new RetriedRuns(count, isDry, retried, refused, next));
    }

    // What groups of errors have in common is not in the database: the newest that such a list looks at are read, and told apart here.
    private static async Task<(int Count, List<long> Ids)> OfMessageAsync(IQueryable<RunRow> rows, string message, int limit, CancellationToken cancellation)
    {
        var (count, ids) = (0, new List<long>());
        var newest = rows.OrderByDescending(r => r.Id).Take(RunErrors.LookedAtMost).Select(r => new { r.Id, Error = r.Error == null ? null : r.Error.Substring(0, ErrorHead.Length) });
        await foreach (var run in newest.OrderBy(r => r.Id).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            if (ErrorHead.Folded(ErrorHead.Of(run.Error).Message) != message) continue;
            count++;
            if (ids.Count < limit) ids.Add(run.Id);
        }

        return (count, ids);
    }

    public static async Task<RetryResult> RetryAsync(long id, RetryWay way, ManagementDb db, ApiSources sources, CancellationToken cancellation)
    {
        IQueryable<RunRow> runs = way.FromStart ? db.Runs.Include(r => r.Event) : db.Runs; // one that goes on has its event's data already
        if (await runs.SingleOrDefaultAsync(r => r.Id == id, cancellation) is not { } run) return new(RetryOutcome.NotFound, id);
        if (run.State != "failed") return new(RetryOutcome.NotFailed, id);
        return await (way.FromStart ? sources.ReplaceRun : sources.RetryRun)(run, way.OnNewest);
    }

    public static Task<Results<Accepted<RetriedRun>, ProblemHttpResult>> AnswerAsync(RetryResult result, string id, HttpContext context)
    {
        var run = PublicId.Format(PublicId.Run, result.RunId);
        Results<Accepted<RetriedRun>, ProblemHttpResult> answer = result.Outcome switch
        {
            RetryOutcome.Retried => TypedResults.Accepted($"/api/runs/{run}", new RetriedRun(run, run == id ? null : id)),
            RetryOutcome.NotFound => ApiProblem.NotFound("run", id),
            RetryOutcome.Busy => ApiProblem.Unavailable(context, Why(result, id)),
            _ => ApiProblem.Conflict(Why(result, id)),
        };
        return Task.FromResult(answer);
    }

    private static string Why(RetryResult result, string id) => result.Outcome switch
    {
        RetryOutcome.NotFound => $"There is no run \"{id}\" any more.",
        RetryOutcome.NotFailed => $"\"{id}\" has not failed; only a failed run can be retried.",
        RetryOutcome.Superseded => $"\"{PublicId.Format(PublicId.Run, result.RunId)}\" has taken the place of \"{id}\"; retry that one if it fails.",
        RetryOutcome.NotKept => $"\"{id}\" cannot go on at the step that failed: from there it would only fail again, or its data was too large to be kept. Retry it from the start (from=start).",
        RetryOutcome.KeyFull => $"As many runs of the key of \"{id}\" wait as may (Runs:MaxBlockedPerKey). See to the one that holds them up first.",
        RetryOutcome.Busy => "More runs are open than the server takes (Runs:MaxOpen), or no script can run now. Nothing was changed; try again.",
        _ => result.Problem ?? "",
    };

    private static IQueryable<RunRow> Matching(IQueryable<RunRow> runs, RetryFilter filter, DateTimeOffset? since, DateTimeOffset until)
    {
        var end = IdSource.LowestAt(until);
        var rows = runs.Where(r => r.State == "failed" && r.RetriedAs == null && r.Id < end);
        if (since is { } from && IdSource.LowestAt(from) is var first) rows = rows.Where(r => r.Id >= first);
        if (filter.Workflow is { } workflow) rows = rows.Where(r => r.WorkflowId == workflow);
        if (filter.Key is { } key) rows = rows.Where(r => r.Key == key);
        if (filter.FailedStep is { } step) rows = step.Length == 0 ? rows.Where(r => r.FailedStep == null) : rows.Where(r => r.FailedStep == step);
        if (filter.ErrorCode is "") rows = rows.Where(r => r.Error == null || r.Error.StartsWith("{\"code\":\"\","));
        else if (filter.ErrorCode is { } code && $$"""{"code":{{Json.From(code)}},""" is var begin) rows = rows.Where(r => r.Error!.StartsWith(begin)); // as errors are stored: their code first
        return rows;
    }
}

/// <summary>Where a retry begins.</summary>
internal enum RetryFrom
{
    FailedStep,
    Start,
}

/// <summary>On which version a retry runs.</summary>
internal enum RetryVersion
{
    Own,
    Newest,
}

/// <summary>The state from which runs can be retried.</summary>
internal enum RetryableState
{
    Failed,
}

/// <summary>How to retry.</summary>
internal readonly record struct RetryWay(bool FromStart, bool OnNewest)
{
    public static RetryWay Read(Parameters parameters, string? from, string? version)
    {
        var start = parameters.OneOf<RetryFrom>("from", from);
        var onNewest = parameters.OneOf<RetryVersion>("version", version) is RetryVersion.Newest;
        return new(start is RetryFrom.Start || (onNewest && start is null), onNewest);
    }
}

/// <summary>A run that is open again, or the one that took its place.</summary>
internal sealed record RetriedRun(string Id, [property: Description("The failed run whose place it took; null when it is the same run.")] string? RetryOf);

/// <summary>A run that was not retried.</summary>
internal sealed record RefusedRetry(string Id, string Reason);

/// <summary>What a call retried.</summary>
internal sealed record RetriedRuns(
    [property: Description("How many failed runs matched, those of later pages included.")] int Matching,
    [property: Description("True when nothing was retried.")] bool DryRun,
    [property: Description("The runs that are open now; in a dry run, the failed ones that would be retried.")] IReadOnlyList<string> Runs,
    IReadOnlyList<RefusedRetry> Refused,
    [property: Description("Path and query to post to for the next page; null on the last.")] string? Next);

/// <summary>Which failed runs to retry; without any filter, all.</summary>
internal sealed record RetryFilter
{
    [Description("Runs in this state; there is only failed."), OneOf<RetryableState>]
    public string? State { get; init; }

    [Description("Only runs of this workflow.")]
    public string? Workflow { get; init; }

    [Description("Only runs of this key.")]
    public string? Key { get; init; }

    [Description("Only runs that failed at this step; empty: by themselves, at none.")]
    public string? FailedStep { get; init; }

    [Description("Only runs that failed with this code, as http_failed.")]
    public string? ErrorCode { get; init; }

    [Description("Only runs whose message is this, with … in place of numbers and ids as in a group of errors; of the newest 10,000 that match all else.")]
    public string? Message { get; init; }

    [Description("Only runs created at or after this time (RFC 3339), or this long ago (24h).")]
    public string? Since { get; init; }

    [Description("Only runs created before this time (RFC 3339), or longer ago (24h).")]
    public string? Until { get; init; }

    [Description("Where to begin: failedStep, or start. Unless given, at the start of the newest version, and at the failed step of its own."), OneOf<RetryFrom>]
    public string? From { get; init; }

    [Description("own unless given, or newest: the active version."), OneOf<RetryVersion>]
    public string? Version { get; init; }

    [Description("true: only say which runs would be retried.")]
    public string? DryRun { get; init; }

    [Description("Only runs after this one: the cursor of the next page.")]
    public string? After { get; init; }

    [Description("How many runs a call retries, 200 at most.")]
    public string? Limit { get; init; }
}

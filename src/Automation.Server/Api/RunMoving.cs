using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Moves waiting runs to another version of their workflow.</summary>
internal static class RunMoving
{
    private const int LargestBody = 64 * 1024;
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.Strict };

    [RequestSizeLimit(LargestBody)]
    public static async Task<Results<Ok<MovedRuns>, ProblemHttpResult>> MoveAsync(
        [Description(WorkflowsApi.IdDescription)] string id, HttpContext context, ManagementDb db, ApiSources sources, TimeProvider time, ILogger<ApiSources> log, CancellationToken cancellation)
    {
        MoveRequest? wish;
        try
        {
            var body = await MqttPublish.ReadAsync(context.Request);
            wish = body.Length == 0 ? new MoveRequest() : JsonSerializer.Deserialize<MoveRequest>(body, Strict);
        }
        catch (JsonException error)
        {
            return ApiProblem.BadRequest($"The body is not a JSON object with \"from\", \"to\", \"runs\", \"dryRun\", \"after\" and \"limit\", each of which may be left out: {error.Message}");
        }

        if (wish is null) return ApiProblem.BadRequest("The body is null; it has to be an object, or nothing.");
        var parameters = new Parameters(time);
        var named = wish.Runs?.Select(run => parameters.Id("runs", PublicId.Run, run)).ToHashSet();
        var after = parameters.OptionalId("after", PublicId.Run, wish.After) ?? 0;
        var limit = wish.Limit ?? Page.DefaultLimit;
        if (limit is < 1 or > Page.MaxLimit) parameters.Bad("limit", $"{limit} is not a whole number from 1 to {Page.MaxLimit}.");
        if (named is { Count: > Page.MaxLimit }) parameters.Bad("runs", $"They are more than {Page.MaxLimit}; leave them out, or name fewer at once.");
        if (parameters.Problem is { } problem) return problem;

        var workflow = WorkflowsApi.Unescape(id);
        if ((wish.To ?? WorkflowsApi.Find(sources, id)?.Version?.Hash) is not { } hash) return WorkflowsApi.Find(sources, id) is null ? ApiProblem.NoWorkflow(workflow) : ApiProblem.Conflict($"\"{workflow}\" has no active version; say with \"to\" which one is meant.");
        if (await sources.FindVersion(workflow, hash) is not { } found) return ApiProblem.NotFound($"version of \"{workflow}\" with the hash", hash);
        if (found.Version is not { } to) return VersionsApi.Broken(workflow, hash, found.Problems);

        var waiting = db.Runs.Where(r => r.WorkflowId == workflow && r.State == "waiting" && r.Version != hash && r.Id > after);
        if (wish.From is { } from) waiting = waiting.Where(r => r.Version == from);
        var matching = named?.Count ?? await waiting.CountAsync(cancellation);
        var runs = named is null ? await waiting.OrderBy(r => r.Id).Take(limit).Select(r => r.Id).ToListAsync(cancellation) : [.. named.Order()];
        var moved = new List<string>();
        var refused = new List<RefusedMove>();
        foreach (var run in runs)
        {
            var name = PublicId.Format(PublicId.Run, run);
            var reasons = await sources.MoveRun(run, to, wish.DryRun);
            if (reasons.Count == 0) moved.Add(name);
            else refused.Add(new RefusedMove(name, reasons));
        }

        if (!wish.DryRun) Log.Moved(log, workflow, hash, moved.Count, refused.Count);
        return TypedResults.Ok(new MovedRuns(hash, matching, wish.DryRun, moved, refused, named is null && matching > runs.Count ? PublicId.Format(PublicId.Run, runs[^1]) : null));
    }
}

/// <summary>Which waiting runs to move, and where to.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record MoveRequest(
    [property: Description("Only runs of the version with this hash.")] string? From = null,
    [property: Description("Hash of the version to move them to. Left out: the active one.")] string? To = null,
    [property: Description("These runs, 200 at most. Left out: all that wait on another version, a page a call.")] IReadOnlyList<string>? Runs = null,
    [property: Description("true: only say which could be moved.")] bool DryRun = false,
    [property: Description("Only runs after this one: next of the page before.")] string? After = null,
    [property: Description("How many runs a call looks at, 200 at most.")] int? Limit = null);

/// <summary>A run that stays where it is.</summary>
internal sealed record RefusedMove(string Id, IReadOnlyList<string> Reasons);

/// <summary>What a call moved.</summary>
internal sealed record MovedRuns(
    [property: Description("Hash of the version.")] string To,
    [property: Description("How many waiting runs were meant, those of later pages included.")] int Matching,
    [property: Description("True when nothing was moved.")] bool DryRun,
    [property: Description("The runs that go on in the version; in a dry run, those that could.")] IReadOnlyList<string> Moved,
    IReadOnlyList<RefusedMove> Refused,
    [property: Description("What after has to be for the next page; null on the last.")] string? Next);

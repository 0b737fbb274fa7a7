using System.ComponentModel;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Access;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Who did what, to read, to take away, and to check that nothing is missing.</summary>
internal static class AuditApi
{
    private const int Batch = 500;

    public static void Map(RouteGroupBuilder api)
    {
        var audit = api.MapGroup("/audit").WithTags("Audit").Needs(Role.Admin);
        audit.MapGet("/", ListAsync).WithName("listAudit").WithSummary("Who did what, newest first").ProducesValidationProblem();
        audit.MapGet("/export", ExportAsync).WithName("exportAudit").WithSummary("The audit log as a file, oldest first: JSON lines, or CSV").Produces<string>(200, "application/jsonl", "text/csv").ProducesValidationProblem();
        audit.MapGet("/check", CheckAsync).WithName("checkAudit").WithSummary("Whether an entry was changed or taken out of the audit log");
    }

    private static async Task<Results<Ok<Page<AuditView>>, ProblemHttpResult>> ListAsync([AsParameters] AuditFilter filter, HttpRequest request, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var limit = parameters.Limit(filter.Limit);
        var rows = Filtered(db, filter.Actor, filter.Action, filter.Target, filter.From, filter.To, parameters);
        long before = long.MaxValue;
        if (filter.Before is { } text && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out before)) parameters.Bad("before", "It has to be the number of an entry.");
        if (parameters.Problem is { } problem) return problem;
        var found = await rows.Where(a => a.Id < before).OrderByDescending(a => a.Id).Take(limit + 1).ToListAsync(cancellation);
        return TypedResults.Ok(Page.Of(found.ConvertAll(AuditView.Of), limit, request, a => a.Number.ToString(CultureInfo.InvariantCulture)));
    }

    private static Results<PushStreamHttpResult, ProblemHttpResult> ExportAsync([AsParameters] AuditExport filter, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var rows = Filtered(db, filter.Actor, filter.Action, filter.Target, filter.From, filter.To, parameters);
        if (filter.Format is not (null or "jsonl" or "csv")) parameters.Bad("format", "It has to be jsonl or csv.");
        if (parameters.Problem is { } problem) return problem;
        var isCsv = filter.Format == "csv";
        return TypedResults.Stream(
            async stream =>
            {
                await using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
                if (isCsv) await writer.WriteAsync("number,at,actor,address,action,target,status,detail,hash\r\n");
                for (var after = 0L; ;)
                {
                    var batch = await rows.Where(a => a.Id > after).OrderBy(a => a.Id).Take(Batch).ToListAsync(cancellation);
                    foreach (var view in batch.Select(AuditView.Of)) await writer.WriteAsync(isCsv ? CsvOf(view) : JsonSerializer.Serialize(view, Lines) + "\n");
                    if (batch.Count < Batch) return;
                    after = batch[^1].Id;
                }
            },
            isCsv ? "text/csv" : "application/jsonl",
            isCsv ? "audit.csv" : "audit.jsonl");
    }

    private static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web) { Encoder = JsonFormat.Wire.Encoder };

    private static async Task<Ok<AuditCheck>> CheckAsync(ManagementDb db, CancellationToken cancellation)
    {
        var start = await db.AuditStart.SingleAsync(cancellation);
        var (last, hash, count) = (start.Id, start.Hash, 0L);
        while (true)
        {
            var batch = await db.Audit.Where(a => a.Id > last).OrderBy(a => a.Id).Take(Batch).ToListAsync(cancellation);
            foreach (var row in batch)
            {
                if (row.Id != last + 1) return TypedResults.Ok(new AuditCheck(false, count, last + 1, $"Entry {last + 1} is missing.", Convert.ToHexStringLower(hash)));
                if (!row.Entry.HashAfter(row.Id, hash).AsSpan().SequenceEqual(row.Hash)) return TypedResults.Ok(new AuditCheck(false, count, row.Id, $"Entry {row.Id} is not what was written.", Convert.ToHexStringLower(hash)));
                (last, hash) = (row.Id, row.Hash);
                count++;
            }

            if (batch.Count < Batch) return TypedResults.Ok(new AuditCheck(true, count, last, null, Convert.ToHexStringLower(hash)));
        }
    }

    private static IQueryable<AuditRow> Filtered(ManagementDb db, string? actor, string? action, string? target, string? from, string? to, Parameters parameters)
    {
        var rows = db.Audit.AsQueryable();
        if (actor is not null) rows = rows.Where(a => a.Actor == actor);
        if (action is not null) rows = rows.Where(a => a.Action == action);
        if (target is not null) rows = rows.Where(a => a.Target == target);
        if (parameters.Time("from", from) is { } since) rows = rows.Where(a => a.At >= since);
        if (parameters.Time("to", to) is { } until) rows = rows.Where(a => a.At < until);
        return rows;
    }

    private static string CsvOf(AuditView view) => string.Join(',', new[]
    {
        view.Number.ToString(CultureInfo.InvariantCulture), view.At.ToString("O", CultureInfo.InvariantCulture), view.Actor, view.Address ?? "", view.Action, view.Target,
        view.Status.ToString(CultureInfo.InvariantCulture), view.Detail?.ToJsonString(JsonFormat.Wire) ?? "", view.Hash,
    }.Select(Field)) + "\r\n";

    // RFC 4180; a cell that a spreadsheet would take for a formula begins with an apostrophe.
    private static string Field(string text)
    {
        if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r') text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}

/// <summary>Which entries to list.</summary>
internal sealed record AuditFilter
{
    [Description("Only what this actor did, as user:anna.")]
    public string? Actor { get; init; }

    [Description("Only this action, as cancelRun or signIn.")]
    public string? Action { get; init; }

    [Description("Only what was done to this, as a run's id.")]
    public string? Target { get; init; }

    [Description("Only since then: a time, or a duration back from now.")]
    public string? From { get; init; }

    [Description("Only before then.")]
    public string? To { get; init; }

    [Description("Only entries before this number: the cursor of the next page.")]
    public string? Before { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}

/// <summary>Which entries to take away.</summary>
internal sealed record AuditExport
{
    [Description("jsonl, or csv.")]
    public string? Format { get; init; }

    [Description("Only what this actor did, as user:anna.")]
    public string? Actor { get; init; }

    [Description("Only this action, as cancelRun or signIn.")]
    public string? Action { get; init; }

    [Description("Only what was done to this, as a run's id.")]
    public string? Target { get; init; }

    [Description("Only since then: a time, or a duration back from now.")]
    public string? From { get; init; }

    [Description("Only before then.")]
    public string? To { get; init; }
}

/// <summary>One entry of the audit log.</summary>
internal sealed record AuditView(
    [property: Description("Counts without gaps.")] long Number,
    DateTimeOffset At,
    [property: Description("user:NAME, token:NAME, proxy:NAME, admin-token, or retention.")] string Actor,
    [property: Description("Address that the request came from.")] string? Address,
    [property: Description("The operation's name in the OpenAPI document, or signIn, signOut, setUp.")] string Action,
    string Target,
    [property: Description("What the answer was, as an HTTP status.")] int Status,
    [property: Description("What it was before and after, as far as that is no secret.")] JsonNode? Detail,
    [property: Description("SHA-256 over the hash of the entry before and this one.")] string Hash)
{
    public static AuditView Of(AuditRow row) => new(row.Id, row.At, row.Actor, row.Address, row.Action, row.Target, row.Status, row.Detail is null ? null : JsonNode.Parse(row.Detail), Convert.ToHexStringLower(row.Hash));
}

/// <summary>Whether the audit log is whole.</summary>
internal sealed record AuditCheck(
    bool Whole,
    [property: Description("Entries that were found as they were written.")] long Entries,
    [property: Description("Number of the last entry, or of the first that is wrong.")] long Number,
    string? Problem,
    [property: Description("Hash of the last good entry: noted elsewhere, it shows later whether the end was cut off.")] string Hash);

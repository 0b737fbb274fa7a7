using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Queries;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Asks a SQLite file below the folder that the operator allows, or changes it.</summary>
/// <remarks>
/// Input: not used but through the expressions of the parameters. Output: <c>{ "rows": [ { column: value } ], "rowCount": number, "affected": number }</c>, the last where the statement changes rows.
/// <c>query_failed</c> has SQLite's own words and <c>{ "sqlite": code }</c> as its details; <c>too_many_rows</c>, <c>result_too_large</c>, <c>file_refused</c>, <c>file_not_found</c>, <c>query_invalid</c>
/// and <c>query_timed_out</c>. The limit is the step's <c>timeout</c>, ten seconds if it has none. After a crash the statement may run twice.
/// </remarks>
[StepType("sqlite.query", Title = "Query SQLite", Category = "Actions", Icon = "database", Effect = true)]
[Description("Runs one SQL statement on a SQLite file and goes on with its rows.")]
internal sealed class SqliteQueryStep(SqliteQueries queries, SqliteFiles files, TimeProvider time) : Step<SqliteQueryStep.Config>
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    public sealed record Config(
        [property: Description("The file, relative to the folder of the setting Queries:SqliteFolder."), Required, Literal] string File,
        [property: Description("One SQL statement, taken as written. Values go into parameters: ? or ?1 by position, :name by name."), Required, Literal] string Query,
        [property: Description("Values by position as a list, or by name as an object. { \"base64\": … } is a BLOB.")] Json? Parameters = null,
        [property: Description("Whether the statement may change the file."), Literal] bool Write = false,
        [property: Description("Rows beyond are an error."), Range(1, 100_000)] int MaxRows = 1000,
        [property: Description("Largest result, as JSON. Left out: 1MB."), Range(typeof(long), "1", "16777216")] ByteSize? MaxBytes = null);

    public override void Check(StepCheck check)
    {
        Queries.Query.Check(check);
        if (check.Config.TryGetProperty("file", out var file) && file.ValueKind is JsonValueKind.String && SqliteFiles.NameProblem(file.GetString()!) is { } problem) check.Problem("/file", problem);
        if (files.Refusal is { } refusal) check.Missing("/file", refusal);
    }

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        using var limit = new StepLimit(context, DefaultTimeout, time);
        try
        {
            return await queries.RunAsync(config.File, new Query(config.Query, config.Parameters, config.Write, config.MaxRows, (config.MaxBytes ?? new ByteSize(1 << 20)).Bytes), limit.Token);
        }
        catch (OperationCanceledException) when (limit.HasPassed)
        {
            throw new StepException("query_timed_out", $"The query took longer than {new Duration(limit.Length)} and was ended; nothing of it was kept.");
        }
    }
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Connectors;
using Automation.Server.Queries;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Asks a PostgreSQL database, or changes it.</summary>
/// <remarks>
/// Input: not used but through the expressions of the parameters. Output: <c>{ "rows": [ { column: value } ], "rowCount": number, "affected": number }</c>, the last where the statement changes rows.
/// <c>query_failed</c> has the database's own words and <c>{ "sqlState": text }</c> as its details. <c>query_timed_out</c>, <c>too_many_rows</c>, <c>result_too_large</c>, <c>query_invalid</c>, <c>login_failed</c>,
/// <c>database_refused</c>; of the connection <c>address_blocked</c>, <c>connection_failed</c>, <c>connection_lost</c>, <c>tls_failed</c>, <c>name_not_resolved</c>. The limit is the step's <c>timeout</c>, ten seconds if it has none.
/// After a crash the statement may run twice.
/// </remarks>
[StepType("postgres.query", Title = "Query PostgreSQL", Category = "Actions", Icon = "database", Effect = true)]
[Description("Runs one SQL statement on a PostgreSQL database and goes on with its rows.")]
internal sealed class PostgresQueryStep(PostgresQueries queries, SecretStore secrets, TimeProvider time) : Step<PostgresQueryStep.Config>
{
    private const string DefaultConnection = "postgres", Credential = "url";
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    public sealed record Config(
        [property: Description("One SQL statement, taken as written. Values go into parameters: $1 by position, :name by name."), Required, Literal] string Query,
        [property: Description("Which database: the name that its secret begins with. warehouse is the secret WAREHOUSE_URL, as postgresql://user:password@host:5432/database."), Literal, RegularExpression(Connectors.Connection.NamePattern)] string Connection = DefaultConnection,
        [property: Description("Values by position as a list, or by name as an object. A list is an array, an object JSON, { \"base64\": … } bytes.")] Json? Parameters = null,
        [property: Description("Whether the statement may change the database."), Literal] bool Write = false,
        [property: Description("Rows beyond are an error."), Range(1, 100_000)] int MaxRows = 1000,
        [property: Description("Largest result, as JSON. Left out: 1MB."), Range(typeof(long), "1", "16777216")] ByteSize? MaxBytes = null);

    public override void Check(StepCheck check)
    {
        Queries.Query.Check(check);
        var connection = check.Config.TryGetProperty("connection", out var named) && named.ValueKind is JsonValueKind.String ? named.GetString()! : DefaultConnection;
        if (Connection.IsName(connection)) check.Secret("/connection", Connection.SecretOf(connection, Credential));
    }

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        using var limit = new StepLimit(context, DefaultTimeout, time);
        var filling = new SecretFilling(secrets);
        var secret = Connection.SecretOf(config.Connection, Credential);
        if (!PostgresAddress.TryParse(filling.Value(secret), out var address, out var problem))
            throw new StepException(new StepError("config_invalid", $"The secret {secret} is no database's address: {problem}. Write it as {PostgresAddress.Expected}.", Retryable: false));
        try
        {
            return await queries.RunAsync(address, new Query(config.Query, config.Parameters, config.Write, config.MaxRows, (config.MaxBytes ?? new ByteSize(1 << 20)).Bytes), limit.Length, limit.Token);
        }
        catch (Exception) when (limit.HasPassed)
        {
            throw TooLong(limit);
        }
        catch (Exception error) when (!context.Cancelled.IsCancellationRequested)
        {
            // Without the inner exception: its text may hold the address, and with it a secret.
            throw PostgresFailures.Sort(error) is { } failure ? new StepException(failure with { Message = Masked(failure.Message, address, filling) }) : error;
        }
    }

    private static StepException TooLong(StepLimit limit) => new("query_timed_out", $"The database did not answer within {new Duration(limit.Length)}; the query was ended there.");

    private static string Masked(string text, PostgresAddress address, SecretFilling filling)
    {
        var masked = filling.Redactor?.Mask(text) ?? text;
        return address.Password.Length > 0 ? masked.Replace(address.Password, "•••", StringComparison.Ordinal) : masked;
    }
}

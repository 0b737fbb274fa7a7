using System.Collections.Concurrent;
using System.Data;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Steps;
using Npgsql;
using NpgsqlTypes;

namespace Automation.Server.Queries;

/// <summary>Runs single statements on PostgreSQL databases, on pooled connections.</summary>
/// <remarks>
/// The host is looked up and judged by the address filter for each query, and the driver is given the address that was judged, never the name: there is nothing it could look up again, for a
/// cancellation neither. A new connection is used only if the database is no journal of this program, and its user may not run programs or read files on the database's machine.
/// </remarks>
internal sealed class PostgresQueries(OutboundTcp network, QueryOptions options) : IDisposable
{
    private const int MostPools = 64;
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(1), Lifetime = TimeSpan.FromMinutes(30), CancellationPatience = TimeSpan.FromSeconds(2);

    private const string Refusals = $"""
        SELECT CASE
          WHEN pg_has_role(current_user, 'pg_execute_server_program', 'MEMBER') OR pg_has_role(current_user, 'pg_read_server_files', 'MEMBER') OR pg_has_role(current_user, 'pg_write_server_files', 'MEMBER') THEN 'user'
          WHEN EXISTS (SELECT 1 FROM pg_class WHERE relkind = 'r' AND relname IN {Query.JournalTables} GROUP BY relnamespace HAVING count(*) = 5) THEN 'journal'
        END
        """;

    private readonly ConcurrentDictionary<string, NpgsqlDataSource> pools = new(StringComparer.Ordinal);

    /// <param name="address">Of the database.</param>
    /// <param name="query">What to ask.</param>
    /// <param name="limit">Told to the database as its <c>statement_timeout</c>.</param>
    /// <param name="cancellation">Ends the statement in the database, too.</param>
    /// <exception cref="StepException">The query failed.</exception>
    /// <exception cref="OutboundException">The address is not called, or its name not known.</exception>
    public async Task<StepResult> RunAsync(PostgresAddress address, Query query, TimeSpan limit, CancellationToken cancellation)
    {
        var values = query.Values();
        await using var connection = await OpenAsync(address, cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var milliseconds = Math.Clamp((long)limit.TotalMilliseconds, 1, int.MaxValue).ToString(CultureInfo.InvariantCulture);
        // The first query of a transaction fixes its mode: afterwards nothing can make a read only one write.
        await ExecuteAsync(connection, $"SET TRANSACTION {(query.Write ? "READ WRITE" : "READ ONLY")}", cancellation);
        await ExecuteAsync(connection, $"SELECT set_config('statement_timeout', '{milliseconds}', true)", cancellation);

        var result = await ReadAsync(connection, query, values, cancellation);
        if (query.Write) await transaction.CommitAsync(cancellation);
        else await transaction.RollbackAsync(cancellation);
        return result;
    }

    public void Dispose()
    {
        foreach (var pool in pools.Values) pool.Dispose();
    }

    private static async Task<StepResult> ReadAsync(NpgsqlConnection connection, Query query, IReadOnlyList<(string Name, JsonElement Value)> values, CancellationToken cancellation)
    {
#pragma warning disable CA2100 // the author's own text, in which no value is put
        await using var command = new NpgsqlCommand(query.Sql, connection) { AllResultTypesAreUnknown = true, CommandTimeout = 0 };
#pragma warning restore CA2100
        foreach (var (name, value) in values) command.Parameters.Add(new NpgsqlParameter { ParameterName = name, NpgsqlDbType = NpgsqlDbType.Unknown, Value = PostgresValues.Text(value) is { } text ? text : DBNull.Value });
        await command.PrepareAsync(cancellation);
        try
        {
#pragma warning disable CS0618 // the driver parts a text at its semicolons; the database takes one statement in each part
            if (command.Statements.Count != 1) throw new StepException(new StepError("query_invalid", "The query holds more than one statement; make each a step of its own.", Retryable: false));
#pragma warning restore CS0618
            await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellation);
            try
            {
                using var rows = new QueryRows(query, [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)]);
                var types = Enumerable.Range(0, reader.FieldCount).Select(reader.GetPostgresType).ToArray();
                while (await reader.ReadAsync(cancellation))
                {
                    rows.BeginRow();
                    for (var column = 0; column < types.Length; column++)
                    {
                        rows.Json.WritePropertyName(reader.GetName(column));
                        if (await reader.IsDBNullAsync(column, cancellation)) rows.Json.WriteNullValue();
                        else PostgresValues.Write(await TextAsync(reader, column, rows, cancellation), types[column], rows);
                    }

                    rows.EndRow();
                }

                return rows.End(reader.RecordsAffected < 0 ? null : (long)reader.RecordsAffected);
            }
            catch (StepException)
            {
                // What is still to come is not taken off the wire to be thrown away: the database is told to stop.
                command.Cancel();
                throw;
            }
        }
        finally
        {
            if (connection.FullState is ConnectionState.Open) await UnprepareAsync(command);
        }
    }

    /// <summary>A value's text, read only when it is not larger than what the result may still take.</summary>
    private static async ValueTask<string> TextAsync(NpgsqlDataReader reader, int column, QueryRows rows, CancellationToken cancellation)
    {
        await using var stream = reader.GetStream(column);
        if (stream.Length > 2 * rows.Room + 2) throw rows.TooLarge(); // bytes come as two digits each
        using var text = new StreamReader(stream);
        return await text.ReadToEndAsync(cancellation);
    }

    /// <summary>A plan is of the tables as they were; the next query of the text gets a new one.</summary>
    private static async ValueTask UnprepareAsync(NpgsqlCommand command)
    {
        try
        {
            await command.UnprepareAsync();
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException)
        {
            // The transaction has failed, or the connection is gone: so is the statement.
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
#pragma warning disable CA2100 // the program's own text
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<NpgsqlConnection> OpenAsync(PostgresAddress address, CancellationToken cancellation)
    {
        var permitted = await network.PermittedAsync(address.Host, cancellation);
        for (var at = 0; ; at++)
        {
            try
            {
                return await PoolOf(address, permitted[at]).OpenConnectionAsync(cancellation);
            }
            catch (NpgsqlException error) when (at < permitted.Count - 1 && error is not PostgresException && !cancellation.IsCancellationRequested)
            {
                // The name's next address.
            }
        }
    }

    private NpgsqlDataSource PoolOf(PostgresAddress address, IPAddress judged)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = judged.ToString(),
            Port = address.Port,
            Username = address.User,
            Password = address.Password,
            Database = address.Database,
            SslMode = address.Tls is PostgresTls.Disable ? SslMode.Disable : SslMode.Require,
            GssEncryptionMode = GssEncryptionMode.Disable,
            ApplicationName = "automation query",
            Options = "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c bytea_output=hex -c extra_float_digits=1 -c client_min_messages=error",
            MaxPoolSize = options.PostgresConnections,
            ConnectionIdleLifetime = (int)IdleTime.TotalSeconds,
            ConnectionLifetime = (int)Lifetime.TotalSeconds,
            Timeout = Math.Clamp((int)Math.Ceiling(network.ConnectTimeout.TotalSeconds), 1, 1024),
            CancellationTimeout = (int)CancellationPatience.TotalMilliseconds,
            CommandTimeout = 0,
            Enlist = false,
            IncludeErrorDetail = false,
        };
        var key = $"{address.Host}|{address.Tls}|{settings}";
        if (pools.TryGetValue(key, out var known)) return known;
        foreach (var (old, pool) in pools.Count >= MostPools ? pools.ToArray() : [])
        {
            // Rotated passwords and changed addresses leave pools behind; what is in use ends its query, and opens anew.
            if (pools.TryRemove(old, out _)) pool.Dispose();
        }

        var made = Build(settings, address);
        var kept = pools.GetOrAdd(key, made);
        if (kept != made) made.Dispose();
        return kept;
    }

    private NpgsqlDataSource Build(NpgsqlConnectionStringBuilder settings, PostgresAddress address)
    {
        var builder = new NpgsqlDataSourceBuilder(settings.ToString());
        if (address.Tls is PostgresTls.VerifyFull)
        {
            builder.UseSslClientAuthenticationOptionsCallback(tls =>
            {
                var wanted = network.TlsTo(address.Host);
                (tls.TargetHost, tls.RemoteCertificateValidationCallback, tls.LocalCertificateSelectionCallback) = (wanted.TargetHost, wanted.RemoteCertificateValidationCallback, wanted.LocalCertificateSelectionCallback);
            });
        }

        builder.UsePhysicalConnectionInitializer(_ => throw new NotSupportedException(), CheckAsync);
        return builder.Build();
    }

    /// <exception cref="StepException"><c>database_refused</c></exception>
    private static async Task CheckAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Refusals, connection) { CommandTimeout = 10 };
        if (await command.ExecuteScalarAsync() is not string refusal) return;
        throw new StepException(new StepError(
            "database_refused",
            refusal == "user"
                ? "The user of this connection may run programs or use files on the database's machine, as a superuser may. Use one that has only the rights it needs: CREATE ROLE automation LOGIN; GRANT SELECT ON ... TO automation."
                : "This database is a journal of this program, which steps do not read.",
            Retryable: false));
    }
}

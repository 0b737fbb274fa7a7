using System.Text.Json;
using Automation.Server.Steps;
using SQLitePCL;

namespace Automation.Server.Queries;

/// <summary>Runs single statements on SQLite files, some at a time, each on a connection of its own.</summary>
internal sealed class SqliteQueries(SqliteFiles files, QueryOptions options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim room = new(options.SqliteConcurrency);

    /// <exception cref="StepException">The query failed.</exception>
    /// <exception cref="OperationCanceledException">By <paramref name="cancellation"/>, within a thousand of SQLite's own instructions.</exception>
    public async Task<StepResult> RunAsync(string file, Query query, CancellationToken cancellation)
    {
        var path = files.Find(file);
        var values = query.Values();
        await room.WaitAsync(cancellation);
        try
        {
            while (true)
            {
                // SQLite blocks its thread; and where another process writes, it is asked again rather than left to wait where nothing cancels it.
                if (await Task.Run(() => Run(path, query, values, cancellation), cancellation) is { } result) return result;
                await Task.Delay(BusyPause, time, cancellation);
            }
        }
        finally
        {
            room.Release();
        }
    }

    public void Dispose() => room.Dispose();

    /// <summary>Null when the file is busy and nothing was done.</summary>
    private static StepResult? Run(string path, Query query, IReadOnlyList<(string Name, JsonElement Value)> values, CancellationToken cancellation)
    {
        using var connection = new SqliteConnectionHandle(path, query.Write, cancellation);
        if (IsJournal(connection, cancellation, out var busy)) throw new StepException(new StepError("file_refused", "The file is a journal of this program, which steps do not read.", Retryable: false));
        if (busy || (query.Write && !connection.Begin())) return null;
        if (!Prepare(connection, query.Sql, cancellation, out var statement)) return null;
        using (statement)
        {
            SqliteValues.Bind(statement, values);
            using var rows = new QueryRows(query, [.. Enumerable.Range(0, raw.sqlite3_column_count(statement)).Select(i => raw.sqlite3_column_name(statement, i).utf8_to_string())]);
            var before = raw.sqlite3_total_changes(connection.Handle);
            while (raw.sqlite3_step(statement) is var step and not raw.SQLITE_DONE)
            {
                if (step is not raw.SQLITE_ROW)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if ((step & 0xff) is raw.SQLITE_BUSY) return null;
                    throw connection.Error(step);
                }

                rows.BeginRow();
                SqliteValues.Write(statement, rows);
                rows.EndRow();
            }

            var changed = raw.sqlite3_total_changes(connection.Handle) - before;
            var reads = raw.sqlite3_stmt_readonly(statement) != 0;
            _ = raw.sqlite3_reset(statement);
            if (query.Write && !connection.Commit()) return null;
            return rows.End(reads ? null : changed);
        }
    }

    private static bool Prepare(SqliteConnectionHandle connection, string sql, CancellationToken cancellation, out sqlite3_stmt statement)
    {
        var result = raw.sqlite3_prepare_v2(connection.Handle, sql, out statement, out var tail);
        if (result is not raw.SQLITE_OK)
        {
            cancellation.ThrowIfCancellationRequested();
            if ((result & 0xff) is raw.SQLITE_BUSY) return false;
            throw connection.Error(result);
        }

        if (statement is null || statement.IsInvalid) throw new StepException(new StepError("query_invalid", "The query is empty.", Retryable: false));
        if (!HoldsStatement(connection, tail)) return true;
        statement.Dispose();
        throw new StepException(new StepError("query_invalid", "The query holds more than one statement; make each a step of its own.", Retryable: false));
    }

    /// <summary>Whether there is more than blanks, comments and semicolons: SQLite's own word.</summary>
    private static bool HoldsStatement(SqliteConnectionHandle connection, string? tail)
    {
        while (!string.IsNullOrWhiteSpace(tail))
        {
            var result = raw.sqlite3_prepare_v2(connection.Handle, tail, out var next, out var rest);
            using (next)
            {
                if (result is not raw.SQLITE_OK || (next is not null && !next.IsInvalid)) return true;
            }

            if (rest == tail) return true;
            tail = rest;
        }

        return false;
    }

    private static bool IsJournal(SqliteConnectionHandle connection, CancellationToken cancellation, out bool busy)
    {
        const string Tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN " + Query.JournalTables;
        busy = !Prepare(connection, Tables, cancellation, out var statement);
        if (busy) return false;
        using (statement)
        {
            var step = raw.sqlite3_step(statement);
            busy = (step & 0xff) is raw.SQLITE_BUSY;
            if (busy) return false;
            if (step is not raw.SQLITE_ROW) throw connection.Error(step);
            return raw.sqlite3_column_int(statement, 0) == 5;
        }
    }
}

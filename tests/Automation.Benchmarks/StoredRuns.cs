using Microsoft.Data.Sqlite;

namespace Automation.Benchmarks;

/// <summary>Makes the database of a server that does nothing at the moment as large as that of one that has worked for long: what it stored, copied with earlier ids.</summary>
internal sealed class StoredRuns : IDisposable
{
    // Their columns that hold ids of events, runs and deliveries, which all come from one source.
    private static readonly (string Table, string[] Ids)[] Tables =
        [("events", ["id"]), ("runs", ["id", "event_id"]), ("deliveries", ["id", "run_id"]), ("attempts", ["delivery_id"])];

    private readonly SqliteConnection connection;

    public StoredRuns(string file)
    {
        connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Execute("PRAGMA busy_timeout=60000");
    }

    public long Count => (long)Scalar("SELECT count(*) FROM runs");

    public void Clear()
    {
        foreach (var (table, _) in Tables) Execute($"DELETE FROM {table}");
    }

    /// <summary>Copies all there is until there are <paramref name="times"/> as many.</summary>
    public void Multiply(int times)
    {
        var first = (long)Scalar("SELECT min(id) FROM events");
        var shift = (long)Scalar("SELECT max(id) FROM deliveries") - first + 1;
        for (var copy = 1; copy < times; copy++)
        {
            Execute("BEGIN IMMEDIATE");
            foreach (var (table, ids) in Tables)
            {
                var columns = Columns(table);
                var values = columns.Select(column => ids.Contains(column) ? $"{column} - {copy * shift}" : column);
                Execute($"INSERT INTO {table} ({string.Join(", ", columns)}) SELECT {string.Join(", ", values)} FROM {table} WHERE {ids[0]} >= {first}");
            }

            Execute("COMMIT");
        }

        Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    public void Dispose() => connection.Dispose();

    private List<string> Columns(string table)
    {
        using var command = Command($"SELECT name FROM pragma_table_info('{table}')");
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read()) names.Add(reader.GetString(0));
        return names;
    }

    private void Execute(string sql)
    {
        using var command = Command(sql);
        command.ExecuteNonQuery();
    }

    private object Scalar(string sql)
    {
        using var command = Command(sql);
        return command.ExecuteScalar()!;
    }

    private SqliteCommand Command(string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // this program's own text
        command.CommandText = sql;
#pragma warning restore CA2100
        command.CommandTimeout = 600;
        return command;
    }
}

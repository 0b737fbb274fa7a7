using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Automation.Benchmarks;

/// <summary>One table, one writer: what waits is committed together, with <c>synchronous=FULL</c>.</summary>
internal sealed class GroupCommit : IDisposable
{
    private readonly Channel<(byte[] Body, TaskCompletionSource Stored)> waiting = Channel.CreateUnbounded<(byte[], TaskCompletionSource)>();
    private readonly SqliteConnection connection;
    private readonly Thread writer;

    public GroupCommit(string file)
    {
        connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Execute("PRAGMA journal_mode=WAL");
        Execute("PRAGMA synchronous=FULL");
        Execute("CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
        writer = new Thread(Write) { IsBackground = true };
        writer.Start();
    }

    public Task AddAsync(byte[] body)
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Writer.TryWrite((body, stored));
        return stored.Task;
    }

    public void Dispose()
    {
        waiting.Writer.Complete();
        writer.Join();
        connection.Dispose();
    }

    private void Write()
    {
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO events (body) VALUES ($body)";
        var parameter = insert.Parameters.Add("$body", SqliteType.Blob);
        insert.Prepare();
        var batch = new List<TaskCompletionSource>();
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            using (var transaction = connection.BeginTransaction())
            {
                insert.Transaction = transaction;
                while (batch.Count < 1024 && waiting.Reader.TryRead(out var unit))
                {
                    parameter.Value = unit.Body;
                    insert.ExecuteNonQuery();
                    batch.Add(unit.Stored);
                }

                transaction.Commit();
            }

            foreach (var stored in batch) stored.SetResult();
        }
    }

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // this program's own text
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Automation.Server.Tests.Storage;

/// <summary>Stands between a server and its PostgreSQL, and can lose the answer to a COMMIT with all connections.</summary>
internal sealed class LostAnswers : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly NpgsqlConnectionStringBuilder database;
    private readonly CancellationTokenSource end = new();
    private readonly List<TcpClient> connections = [];
    private readonly Lock gate = new();
    private byte[]? awaited;
    private bool isArmed, isClosed;
    private TaskCompletionSource refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LostAnswers(string address)
    {
        database = new NpgsqlConnectionStringBuilder(address);
        listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The database by this way.</summary>
    public string Address => new NpgsqlConnectionStringBuilder(database.ToString()) { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port }.ToString();

    /// <summary>The transaction in which the text is sent is committed, its answer lost, and no connection taken any more. Completes when one was refused after that.</summary>
    public Task LoseCommitOfAsync(string text)
    {
        lock (gate)
        {
            refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited = Encoding.UTF8.GetBytes(text);
            return refused.Task;
        }
    }

    /// <summary>Takes connections again.</summary>
    public void Open()
    {
        lock (gate) isClosed = false;
    }

    public void Dispose()
    {
        end.Cancel();
        listener.Dispose();
        Cut();
        end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(end.Token);
                lock (gate)
                {
                    if (isClosed)
                    {
                        client.Dispose();
                        refused.TrySetResult();
                        continue;
                    }

                    connections.Add(client);
                }

                _ = ServeAsync(client);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // the end
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(database.Host!, database.Port, end.Token);
            client.NoDelay = server.NoDelay = true;
            await Task.WhenAny(AskAsync(client.GetStream(), server.GetStream()), AnswerAsync(server.GetStream(), client.GetStream()));
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // one of them has gone
        }
        finally
        {
            client.Dispose();
        }
    }

    private async Task AskAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, end.Token)) > 0)
        {
            lock (gate)
            {
                if (awaited is not null && buffer.AsSpan(0, read).IndexOf(awaited) >= 0) (isArmed, awaited) = (true, null);
            }

            await to.WriteAsync(buffer.AsMemory(0, read), end.Token);
        }
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, end.Token)) > 0)
        {
            // CommandComplete: 'C', length (4), tag, 0
            if (buffer.AsSpan(0, read).IndexOf("COMMIT\0"u8) >= 0 && TryClose())
            {
                Cut();
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, read), end.Token);
        }
    }

    private bool TryClose()
    {
        lock (gate)
        {
            if (!isArmed) return false;
            isArmed = false;
            isClosed = true;
            return true;
        }
    }

    private void Cut()
    {
        lock (gate)
        {
            foreach (var connection in connections) connection.Dispose();
            connections.Clear();
        }
    }
}

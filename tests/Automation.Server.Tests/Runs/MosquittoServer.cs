using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Automation.Server.Tests.Runs;

/// <summary>The real mosquitto, with a configuration, a port and a folder of its own. The end-to-end tests use it too.</summary>
internal sealed class MosquittoServer : IAsyncDisposable
{
    private readonly List<string> log = [];
    private Process? process;
    private Task draining = Task.CompletedTask;

    private MosquittoServer()
    {
    }

    public int Port { get; } = FreePort();

    public string Folder { get; } = Directory.CreateTempSubdirectory("mosquitto-").FullName;

    public string Address => $"mqtt://127.0.0.1:{Port}";

    /// <summary>All that it says, packets included.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (log) return [.. log];
        }
    }

    /// <param name="more">Lines of its configuration, from its folder; by default everybody may come.</param>
    public static async Task<MosquittoServer> StartAsync(Func<string, string>? more = null)
    {
        var server = Create(more);
        await server.StartAsync();
        return server;
    }

    /// <summary>One that does not run yet.</summary>
    public static MosquittoServer Create(Func<string, string>? more = null)
    {
        var server = new MosquittoServer();
        File.WriteAllText(server.ConfigurationFile, $"""
            listener {server.Port} 127.0.0.1
            max_queued_messages 0
            persistence true
            persistence_location {server.Folder}/
            autosave_interval 1
            autosave_on_changes true
            user root
            {more?.Invoke(server.Folder) ?? "allow_anonymous true"}

            """);
        return server;
    }

    /// <summary>Starts it, also again; it listens then.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto", ["-c", ConfigurationFile, "-v"]) { RedirectStandardError = true };
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process = Process.Start(start)!;
        draining = DrainAsync(process.StandardError, running);
        await running.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>SIGKILL: what it had in memory is gone, but for what it saved before.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        await draining;
        process.Dispose();
        process = null;
    }

    /// <summary>Whether it has said so.</summary>
    public bool Said(string text) => Log.Any(line => line.Contains(text, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        if (process is not null) await KillAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task DrainAsync(StreamReader lines, TaskCompletionSource running)
    {
        while (await lines.ReadLineAsync() is { } line)
        {
            lock (log) log.Add(line);
            if (line.EndsWith("running", StringComparison.Ordinal)) running.TrySetResult();
        }

        running.TrySetException(new InvalidOperationException("mosquitto ended:\n" + string.Join('\n', Log)));
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private string ConfigurationFile => Path.Combine(Folder, "mosquitto.conf");
}

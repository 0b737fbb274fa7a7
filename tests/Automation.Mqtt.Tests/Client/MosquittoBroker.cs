using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

/// <summary>The real mosquitto with a configuration and a port of its own.</summary>
internal sealed class MosquittoBroker : IAsyncDisposable
{
    private readonly string _folder;
    private Process? _process;
    private Task _draining = Task.CompletedTask;

    private MosquittoBroker(string folder) => _folder = folder;

    public int Port { get; private init; }

    public Uri Address => new($"mqtt://127.0.0.1:{Port}");

    /// <param name="folder">For its files.</param>
    /// <param name="configure">The configuration for a port; by default one plain listener for everybody.</param>
    public static async Task<MosquittoBroker> StartAsync(string folder, Func<int, string>? configure = null)
    {
        var broker = new MosquittoBroker(folder) { Port = FreePort() };
        configure ??= static port => $"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n";
        await File.WriteAllTextAsync(broker.ConfigurationFile, configure(broker.Port));
        await broker.RestartAsync();
        return broker;
    }

    /// <summary>Starts it, again after <see cref="KillAsync"/>; it listens then.</summary>
    public async Task RestartAsync()
    {
        var start = new ProcessStartInfo(File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto") { RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(ConfigurationFile);
        start.ArgumentList.Add("-v");
        _process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        List<string> lines = [];
        while (lines is not [.., var last] || !last.EndsWith("running", StringComparison.Ordinal))
        {
            lines.Add(await _process.StandardError.ReadLineAsync(timeout.Token)
                ?? throw new InvalidOperationException($"mosquitto did not start:\n{string.Join('\n', lines)}"));
        }

        _draining = _process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        await _draining;
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await KillAsync();
    }

    public static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private string ConfigurationFile => Path.Combine(_folder, "mosquitto.conf");
}

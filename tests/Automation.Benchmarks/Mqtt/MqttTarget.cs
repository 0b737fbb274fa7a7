using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Automation.Benchmarks.Mqtt;

/// <summary>A broker in a process of its own.</summary>
internal sealed class MqttTarget : IDisposable
{
    // The smallest workflow: what is measured is an event's way to the disk.
    private const string Workflow = """{ "triggers": { "m": { "type": "mqtt", "topic": "load/#" } }, "steps": { "keep": { "type": "set", "values": { "n": 1 } } } }""";

    /// <summary>More than any scenario opens.</summary>
    public const int MaxConnections = 30_000;

    private readonly Process process;
    private readonly string folder;
    private readonly Channel<string> said = Channel.CreateUnbounded<string>();

    private MqttTarget(string folder, int port, string program, IEnumerable<string> arguments)
    {
        this.folder = folder;
        Port = port;
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["Mqtt__MaxConnections"] = start.Environment["Mqtt__MaxConnectionsPerAddress"] = $"{MaxConnections}";
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => said.Writer.TryWrite(line.Data ?? "");
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Port { get; }

    public int Pid => process.Id;

    /// <summary>Managed bytes after a full collection; of <c>automation, broker alone</c>.</summary>
    public async Task<long> ManagedBytesAsync()
    {
        await process.StandardInput.WriteLineAsync();
        return long.Parse(await said.Reader.ReadAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// <c>automation</c>, <c>automation, events</c> with a workflow that takes every message, <c>automation, broker alone</c> without the server, <c>mosquitto</c>, or
    /// <c>mosquitto, persistent</c>, which writes its sessions to a file from time to time.
    /// </summary>
    public static async Task<MqttTarget> StartAsync(string name, string server)
    {
        var folder = Directory.CreateDirectory(Path.Combine(LoadOptions.Repository(), ".build", "load", Guid.NewGuid().ToString("n"))).FullName;
        var port = LoadTarget.FreePort();
        var target = name switch
        {
            "mosquitto" => Mosquitto(folder, port, "persistence false"),
            "mosquitto, persistent" => Mosquitto(folder, port, $"persistence true\npersistence_location {folder}/\nautosave_interval 5"),
            "automation, broker alone" => new MqttTarget(folder, port, "dotnet", [Path.Combine(AppContext.BaseDirectory, "Automation.Benchmarks.dll"), "mqtt-host", $"{port}"]),
            _ => Automation(folder, port, server, withWorkflow: name.EndsWith("events", StringComparison.Ordinal)),
        };
        await target.ReadyAsync();
        return target;
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static MqttTarget Mosquitto(string folder, int port, string persistence)
    {
        var file = Path.Combine(folder, "mosquitto.conf");
        File.WriteAllText(file, $"listener {port} 127.0.0.1\nallow_anonymous true\n{persistence}\nmax_inflight_messages 64\nmax_queued_messages 10000\nset_tcp_nodelay true\nlog_type error\n");
        return new MqttTarget(folder, port, "mosquitto", ["-c", file]);
    }

    private static MqttTarget Automation(string folder, int port, string server, bool withWorkflow)
    {
        var workflows = Directory.CreateDirectory(Path.Combine(folder, "workflows")).FullName;
        if (withWorkflow) File.WriteAllText(Path.Combine(workflows, "load.json"), Workflow);
        return new MqttTarget(folder, port, "dotnet",
        [
            server, "serve", "--urls", "http://127.0.0.1:0", "--mqtt-port", $"{port}", "--data", Path.Combine(folder, "data"), "--workflows", workflows,
            "--sandbox", Path.Combine(LoadOptions.Repository(), "src", "Automation.Sandbox"),
        ]);
    }

    private async Task ReadyAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var client = await LoadClient.ConnectAsync(Port, "ready");
                return;
            }
            catch (SocketException) when (clock.Elapsed < TimeSpan.FromSeconds(30) && !process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, CancellationToken.None);
            }
        }
    }
}

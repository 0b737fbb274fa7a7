using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Automation.Benchmarks.Mqtt;

/// <summary>A broker in a process of its own.</summary>
internal sealed class MqttTarget : IDisposable
{
    // The smallest workflow: what is measured is an event's way to the disk.
    private const string Workflow = """{ "triggers": { "m": { "type": "mqtt", "topic": "load/#" } }, "steps": { "keep": { "type": "set", "values": { "n": 1 } } } }""";

    private readonly Process process;
    private readonly string folder;

    private MqttTarget(string folder, int port, string program, IEnumerable<string> arguments)
    {
        this.folder = folder;
        Port = port;
        process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Port { get; }

    public int Pid => process.Id;

    /// <summary><c>automation</c>, <c>automation, events</c> with a workflow that takes every message, or <c>mosquitto</c>.</summary>
    public static async Task<MqttTarget> StartAsync(string name, string server)
    {
        var folder = Directory.CreateDirectory(Path.Combine(LoadOptions.Repository(), ".build", "load", Guid.NewGuid().ToString("n"))).FullName;
        var port = LoadTarget.FreePort();
        var target = name == "mosquitto" ? Mosquitto(folder, port) : Automation(folder, port, server, withWorkflow: name.EndsWith("events", StringComparison.Ordinal));
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

    private static MqttTarget Mosquitto(string folder, int port)
    {
        var file = Path.Combine(folder, "mosquitto.conf");
        File.WriteAllText(file, $"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 64\nmax_queued_messages 10000\nset_tcp_nodelay true\nlog_type error\n");
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

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Automation.Benchmarks;

/// <summary>A process that takes <c>POST /hooks/load</c> and passes it on to the receiver.</summary>
internal sealed class LoadTarget : IDisposable
{
    private readonly ProcessStartInfo start;
    private readonly string folder;
    private Process process;

    private LoadTarget(LoadOptions options, string folder, int port, params IEnumerable<string> arguments)
    {
        this.folder = folder;
        Port = port;
        start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, WorkingDirectory = folder };
        start.Environment["AUTOMATION_ADMIN_TOKEN"] = "token-of-the-benchmark";
        start.Environment["Retention__MaxEvents"] = options.MaxEvents.ToString(CultureInfo.InvariantCulture); // what is stored is part of what is measured
        start.Environment["Retention__Interval"] = "00:00:40";
        process = Launch();
    }

    public int Port { get; }

    public int Pid => process.Id;

    /// <summary>The server's SQLite file.</summary>
    public string Database => Path.Combine(folder, "data", "automation.db");

    public static readonly string[] Names = ["automation", "automation-postgres", "durable-floor", "bare-forwarder"];

    public static async Task<LoadTarget> StartAsync(string name, LoadOptions options, int receiverPort)
    {
        // Below the repository, on a real disk: /tmp may be memory, where an fsync costs nothing.
        var folder = Directory.CreateDirectory(Path.Combine(LoadOptions.Repository(), ".build", "load", Guid.NewGuid().ToString("n"))).FullName;
        var receiver = $"http://127.0.0.1:{receiverPort}/load";
        var port = FreePort();
        var own = Path.Combine(AppContext.BaseDirectory, "Automation.Benchmarks.dll");
        var target = name switch
        {
            "automation" => StartServer(options, folder, port, receiver),
            "automation-postgres" => StartServer(options, folder, port, receiver, "--database", options.Database!),
            "durable-floor" => new LoadTarget(options, folder, port, own, "forwarder", $"{port}", receiver, Path.Combine(folder, "floor.db")),
            "bare-forwarder" => new LoadTarget(options, folder, port, own, "forwarder", $"{port}", receiver),
            _ => throw new ArgumentException($"There is no target {name}; there are {string.Join(", ", Names)}."),
        };
        await target.ReadyAsync();
        return target;
    }

    /// <summary>Kills the process and starts it again on what it stored.</summary>
    public async Task RestartAsync()
    {
        End();
        process = Launch();
        await ReadyAsync();
    }

    public void Dispose()
    {
        End();
        Directory.Delete(folder, recursive: true);
    }

    private static LoadTarget StartServer(LoadOptions options, string folder, int port, string receiver, params string[] more)
    {
        var workflows = Directory.CreateDirectory(Path.Combine(folder, "workflows")).FullName;
        File.WriteAllText(Path.Combine(workflows, "load.json"), options.Scenario.Workflow.Replace("RECEIVER", receiver, StringComparison.Ordinal));
        return new LoadTarget(
            options, folder, port, [options.Server, "serve", .. more, "--urls", $"http://127.0.0.1:{port}", "--mqtt-port", $"{FreePort()}", "--data", Path.Combine(folder, "data"),
            "--workflows", workflows, "--allow-private", "loopback", "--sandbox", Path.Combine(LoadOptions.Repository(), "src", "Automation.Sandbox")]);
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Process Launch()
    {
        var launched = Process.Start(start)!;
        launched.OutputDataReceived += (_, _) => { };
        launched.BeginOutputReadLine();
        return launched;
    }

    private void End()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    private async Task ReadyAsync()
    {
        using var client = new HttpClient();
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (process.HasExited) throw new InvalidOperationException($"The target ended with {process.ExitCode} at its start.");
            try
            {
                using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{Port}/health/ready"));
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException) when (clock.Elapsed < TimeSpan.FromSeconds(30))
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, CancellationToken.None);
        }
    }
}

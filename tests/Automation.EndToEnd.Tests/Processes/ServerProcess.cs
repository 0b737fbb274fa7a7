using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>What a test wants of its server; ports and folders are chosen when not given.</summary>
internal sealed record ServerSettings
{
    public required string Data { get; init; }

    public required string Workflows { get; init; }

    public string AllowPrivate { get; init; } = "loopback";

    public int HttpPort { get; init; } = FreePort();

    public int MqttPort { get; init; } = FreePort();

    /// <summary>Starts <c>./run</c>, as users do, in place of the program; it has its own idea of what is allowed.</summary>
    public bool ByScript { get; init; }

    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>The real server as a process of its own, on real ports and a real data folder.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    public const string Token = "token-of-the-end-to-end-tests";
    private readonly StringBuilder log = new();
    private Process process;

    private ServerProcess(ServerSettings settings)
    {
        Settings = settings;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{settings.HttpPort}"), Timeout = Eventually.Soon };
        Api = new HttpClient { BaseAddress = Http.BaseAddress, Timeout = Eventually.Soon };
        Api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        process = Start();
    }

    /// <summary>What is started: the program that <c>./automation</c> built when <c>./test</c> names it, else the one built with the tests.</summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable("AUTOMATION_SERVER_DLL") is { Length: > 0 } built
        ? built
        : Path.Combine(AppContext.BaseDirectory, "Automation.Server.dll");

    public ServerSettings Settings { get; }

    /// <summary>As an outside caller.</summary>
    public HttpClient Http { get; }

    /// <summary>With the admin token.</summary>
    public HttpClient Api { get; }

    public int Pid => process.Id;

    public string DatabaseFile => Path.Combine(Settings.Data, "automation.db");

    /// <summary>Everything printed so far, by all starts.</summary>
    public string Log
    {
        get
        {
            lock (log) return log.ToString();
        }
    }

    /// <summary>Starts a server and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(ServerSettings settings)
    {
        var server = new ServerProcess(settings);
        await server.ReadyAsync();
        return server;
    }

    /// <summary>The command line for <paramref name="settings"/>, for tests that expect it to fail.</summary>
    public static Task<CommandResult> RunAsync(ServerSettings settings)
    {
        var (program, arguments) = CommandLine(settings);
        return Shell.RunAsync(program, arguments, EnvironmentOf(settings));
    }

    public static Task<CommandResult> CommandAsync(params string[] arguments) => Shell.RunAsync("dotnet", [Program, .. arguments]);

    /// <summary>SIGKILL to the server alone, as a crash: its children are left to notice by themselves.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: false);
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; gives the exit code.</summary>
    public async Task<int> StopAsync(TimeSpan within)
    {
        await Shell.RunAsync("kill", ["-TERM", $"{Pid}"]);
        await process.WaitForExitAsync().WaitAsync(within);
        return process.ExitCode;
    }

    /// <summary>Starts again after <see cref="KillAsync"/> or <see cref="StopAsync"/>, on the same ports and data.</summary>
    public async Task RestartAsync()
    {
        Launch();
        await ReadyAsync();
    }

    /// <summary>Starts again and does not wait.</summary>
    public void Launch()
    {
        process.Dispose();
        process = Start();
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await Api.GetAsync(new Uri(path, UriKind.Relative));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"GET {path} answered {(int)answer.StatusCode}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        Http.Dispose();
        Api.Dispose();
    }

    private static (string Program, IEnumerable<string> Arguments) CommandLine(ServerSettings s)
    {
        string[] options = ["--urls", $"http://127.0.0.1:{s.HttpPort}", "--mqtt-port", $"{s.MqttPort}", "--data", s.Data, "--workflows", s.Workflows];
        return s.ByScript ? (Repository.PathOf("run"), options) : ("dotnet", [Program, "serve", .. options, "--allow-private", s.AllowPrivate]);
    }

    private static Dictionary<string, string?> EnvironmentOf(ServerSettings settings)
    {
        var environment = new Dictionary<string, string?>(settings.Environment);
        environment.TryAdd("AUTOMATION_ADMIN_TOKEN", Token);
        environment.TryAdd("Sandbox__Folder", Repository.PathOf("src", "Automation.Sandbox"));
        return environment;
    }

    private Process Start()
    {
        var (program, arguments) = CommandLine(Settings);
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Settings.Data,
        };
        foreach (var (name, value) in EnvironmentOf(Settings)) start.Environment[name] = value;
        var started = Process.Start(start)!;
        started.OutputDataReceived += (_, line) => Append(line.Data);
        started.ErrorDataReceived += (_, line) => Append(line.Data);
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        return started;
    }

    private void Append(string? line)
    {
        if (line is null) return;
        lock (log) log.AppendLine(line);
    }

    private Task ReadyAsync() => Eventually.HoldsAsync(
        async () =>
        {
            if (process.HasExited) Assert.Fail($"The server ended with {process.ExitCode} at its start:\n{Log}");
            try
            {
                using var answer = await Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        $"the server is ready. It said:\n{Log}");
}

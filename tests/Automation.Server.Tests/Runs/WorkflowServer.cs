using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Server.Access;
using Automation.Server.Hosting;
using Automation.Server.Runs;
using Automation.Server.Tests.Sandbox;
using Automation.Server.Tests.Storage;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Automation.Server.Tests.Runs;

/// <summary>The whole server in this process, on free ports and folders of its own, with a receiver for what its workflows send.</summary>
public sealed class WorkflowServer : IAsyncLifetime
{
    internal const string Token = "a-token-for-these-tests";

    /// <summary>For what happens at once on a machine with nothing else to do.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly (string Key, string Value)[] settings;
    private readonly ConcurrentQueue<string> log = new();
    private WebApplication? app;
    private int lastId;
    private ManualTime? time;

    public WorkflowServer()
        : this([])
    {
    }

    private WorkflowServer((string Key, string Value)[] settings) => this.settings = settings;

    internal string Folder { get; } = Directory.CreateTempSubdirectory("automation-runs-").FullName;

    internal string Data => Path.Combine(Folder, "data");

    /// <summary>Its database, once it was started.</summary>
    internal TestDatabase Database { get; private set; } = null!;

    internal RunReceiver Receiver { get; private set; } = null!;

    internal HttpClient Http { get; private set; } = null!;

    internal RunEngine Engine => Get<RunEngine>();

    internal int MqttPort => Get<EmbeddedBroker>().EndPoint!.Port;

    /// <summary>Everything logged, of every level.</summary>
    internal IReadOnlyCollection<string> Logged => log;

    internal static async Task<WorkflowServer> StartAsync(params (string Key, string Value)[] settings)
    {
        var server = new WorkflowServer(settings);
        await server.InitializeAsync();
        return server;
    }

    /// <summary>A server on a clock that stands still until the test moves it.</summary>
    internal static async Task<WorkflowServer> StartAsync(ManualTime time, params (string Key, string Value)[] settings)
    {
        var server = new WorkflowServer(settings) { time = time };
        await server.InitializeAsync();
        return server;
    }

    public async ValueTask InitializeAsync()
    {
        Receiver = await RunReceiver.StartAsync();
        Directory.CreateDirectory(Path.Combine(Data, "secrets"));
        Database = TestDatabase.Create(Data);
        await StartAsync();
    }

    internal T Get<T>()
        where T : notnull => app!.Services.GetRequiredService<T>();

    internal void SetSecret(string name, string value) => File.WriteAllText(Path.Combine(Data, "secrets", name), value);

    /// <summary>Writes files into the workflows folder; <c>RECEIVER</c> in them becomes the receiver's address.</summary>
    internal void Write(params (string Name, string Text)[] files)
    {
        foreach (var (name, text) in files)
        {
            var path = Path.Combine(Folder, "workflows", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text.Replace("RECEIVER", Receiver.Url, StringComparison.Ordinal));
        }
    }

    /// <summary>Makes a workflow active at once and returns its id.</summary>
    internal async Task<string> AddAsync(string json, params (string Name, string Text)[] scripts)
    {
        var id = $"w{Interlocked.Increment(ref lastId)}";
        await ChangeAsync(id, json, scripts);
        return id;
    }

    /// <summary>Makes a new version of a workflow active at once.</summary>
    internal async Task ChangeAsync(string id, string json, params (string Name, string Text)[] scripts)
    {
        Write([.. scripts, (id + ".json", json)]);
        await Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        var state = Get<WorkflowCatalog>().Current.Workflows[id];
        Assert.True(state.Problems.Count == 0, string.Join('\n', state.Problems));
    }

    /// <summary>Removes a workflow's file.</summary>
    internal async Task RemoveAsync(string id)
    {
        File.Delete(Path.Combine(Folder, "workflows", id + ".json"));
        await Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
    }

    /// <summary>Runs a workflow by hand, waits for its end and returns it as the API shows it.</summary>
    internal async Task<Run> RunAsync(string json, string data = "{}") => await RunByIdAsync(await AddAsync(json), data);

    internal async Task<Run> RunByIdAsync(string id, string data = "{}")
    {
        var answer = await PostAsync($"/api/workflows/{id}/run?wait=60s", data, 200);
        return await GetRunAsync(answer["runId"]!.GetValue<string>());
    }

    /// <summary>Posts to a hook whose workflow starts one run, waits for the run's end and returns it.</summary>
    internal async Task<Run> HookAsync(string id, string target, HttpContent content, params (string Name, string Value)[] headers)
    {
        using var ends = Get<RunFeed>().Subscribe(id)!;
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = content };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return await EndAsync(ends);
    }

    /// <summary>Starts a run by hand and returns once all that is left of it waits.</summary>
    internal async Task<string> RunUntilItWaitsAsync(string workflow, string data = "{}")
    {
        using var changes = Get<RunFeed>().Subscribe(workflow)!;
        var id = (await PostAsync($"/api/workflows/{workflow}/run", data, 202))["runId"]!.GetValue<string>();
        await NextAsync(changes, "waiting");
        return id;
    }

    /// <summary>Returns at a run's next change to a state.</summary>
    internal static async Task NextAsync(RunSubscription changes, string state)
    {
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var change in changes.Unread.ReadAllAsync(patience.Token))
        {
            if (change.State == state) return;
        }
    }

    /// <summary>The next run that ends.</summary>
    internal async Task<Run> EndAsync(RunSubscription ends)
    {
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var change in ends.Unread.ReadAllAsync(patience.Token))
        {
            if (change.State is not ("running" or "waiting")) return await GetRunAsync(PublicId.Format(PublicId.Run, change.RunId));
        }

        throw new TimeoutException("No run ended.");
    }

    internal async Task<Run> GetRunAsync(string runId) => new(await GetAsync($"/api/runs/{runId}"));

    internal async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    internal async Task<JsonNode> PostAsync(string path, string body, int status)
    {
        using var answer = await Http.PostAsync(new Uri(path, UriKind.Relative), Json(body));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    internal static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    /// <summary>The number that a query of the journal's file gives.</summary>
    internal long Count(string sql) => Convert.ToInt64(Database.Scalar(sql), null);

    /// <summary>A key's state as it is stored.</summary>
    internal string GetState(string workflow, string key) => (string)Database.Scalar($"SELECT state FROM keys WHERE workflow_id = '{workflow}' AND key = '{key}'")!;

    /// <summary>For what gives no signal to wait on.</summary>
    internal static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!holds()) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
    }

    /// <summary>Stops the server as Ctrl-C does.</summary>
    internal async Task StopAsync()
    {
        await app!.StopAsync();
        await EndAsync();
    }

    /// <summary>Ends the server with no time to finish anything.</summary>
    internal Task CrashAsync() => EndAsync();

    /// <summary>Starts the server again on the same folders.</summary>
    internal async Task StartAsync()
    {
        var all = new Dictionary<string, string?>
        {
            [ServerOptions.Urls] = "http://127.0.0.1:0",
            [ServerOptions.MqttPort] = "0",
            [ServerOptions.Data] = Data,
            [ServerOptions.Database] = Database.Address,
            [ServerOptions.Workflows] = Path.Combine(Folder, "workflows"),
            [ServerOptions.Sandbox] = SandboxInstallation.Folder,
            [ServerOptions.AllowPrivate] = "loopback",
            ["Sandbox:WallTime"] = "00:00:15",
            ["Deliveries:Schedule"] = "0s 50ms 200ms 800ms 5s 20s 1m 5m",
            [AdminToken.Variable] = Token,
        };
        foreach (var (key, value) in settings) all[key] = value;
        var builder = ServerBuilder.Create(all);
        builder.Logging.ClearProviders().AddProvider(new LogLines(log)).SetMinimumLevel(LogLevel.Debug);
        if (time is not null) builder.Services.AddSingleton<TimeProvider>(time);
        app = builder.BuildServer();
        await app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = Patience };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await EndAsync();
        await Receiver.DisposeAsync();
        Database.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task EndAsync()
    {
        Http.Dispose();
        await app!.DisposeAsync();
        app = null;
    }

    private sealed class LogLines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel} {eventId.Id}: {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}

/// <summary>A run as the API shows it.</summary>
internal sealed record Run(JsonNode Node)
{
    public string Id => Node["id"]!.GetValue<string>();

    public string State => Node["state"]!.GetValue<string>();

    public string? FailedStep => Node["failedStep"]?.GetValue<string>();

    public string? ErrorCode => Node["error"]?["code"]?.GetValue<string>();

    public string Version => Node["version"]!.GetValue<string>();

    public IReadOnlyList<JsonNode> Steps => [.. Node["steps"]!.AsArray().Select(s => s!)];

    /// <summary>Ids of the steps in the order in which they ended.</summary>
    public string Path => string.Join(' ', Steps.Select(s => s["step"]!.GetValue<string>()));

    /// <summary>The only execution of a step.</summary>
    public JsonNode this[string step] => Assert.Single(Steps, s => s["step"]!.GetValue<string>() == step);

    public string Output(string step) => this[step]["output"]?.ToJsonString(JsonFormat.Wire) ?? "null";

    public string Outcome(string step) => this[step]["outcome"]!.GetValue<string>();

    public IReadOnlyList<string> Log(string step) => [.. this[step]["log"]!.AsArray().Select(l => $"{l!["level"]} {l["text"]}")];
}

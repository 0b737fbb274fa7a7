using System.Collections.Frozen;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Server.Access;
using Automation.Server.Api;
using Automation.Server.Endpoints;
using Automation.Server.Hosting;
using Automation.Server.Runs;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Tests.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Api;

/// <summary>The API on Kestrel with a journal in a file; what other features do is played by a few lines.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    public const string Token = "a-token-for-these-tests";

    private WebApplication app = null!;
    private TestDatabase database = null!;

    internal ManualTime Time { get; } = new();

    internal IdSource Ids { get; private set; } = null!;

    internal Journal Journal { get; private set; } = null!;

    internal RunFeed Feed { get; } = new();

    internal List<string> Logged { get; } = [];

    internal string? ReadyProblem { get; set; }

    internal WorkflowSet Workflows { get; set; } = WorkflowSet.Empty;

    /// <summary>What intake says of an event; the default stores it and its run, and ends the run when somebody waits.</summary>
    internal AcceptEvents Accept { get; set; } = null!;

    internal IReadOnlyList<MqttConnectionView> MqttConnections { get; set; } = [];

    internal IReadOnlyList<Automation.Server.Deliveries.DestinationState> Destinations { get; set; } = [];

    internal int Woken { get; private set; }

    /// <summary>Set before the start.</summary>
    internal Dictionary<string, string?> Settings { get; } = [];

    internal TestDatabase Database => database;

    internal List<SecretUse> SecretUses { get; } = [];

    internal T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public string Folder { get; } = Directory.CreateTempSubdirectory("automation-").FullName;

    /// <summary>Sends the token.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>Sends nothing, and follows no redirect.</summary>
    public HttpClient Stranger { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        database = TestDatabase.Create(Folder);
        Ids = new IdSource(Time);
        Accept = StoreAsync;
        Journal = new Journal(database.Database.Open(Time), Time, NullLogger<Journal>.Instance);
        var builder = WebApplication.CreateSlimBuilder();
        ((IConfigurationBuilder)builder.Configuration).Sources.Clear(); // the shipped settings keep log lines away that tests look at
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create(AdminToken.Variable, (string?)Token), .. Settings]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(new Recorder(Logged)).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton<TimeProvider>(Time).AddSingleton(Ids).AddSingleton(Journal).AddSingleton(Feed);
        builder.Services.AddSingleton(new HealthCheck("workflows", () => ReadyProblem)).AddSingleton(new HealthCheck("journal", () => Journal.Failure));
        builder.Services.AddSingleton(database.Database).AddManagement().AddSecrets(builder.Configuration, _ => Folder).AddAccess(builder.Configuration, _ => Folder).AddApi(_ => Sources());
        builder.Services.AddSingleton(_ => new TrustedProxies(builder.Configuration.GetSection(ServerOptions.TrustedProxies).Get<string[]>() ?? []));
        builder.Services.AddSingleton<SecretUses>(() => SecretUses);
        builder.Services.AddSingleton(services => new ServerUrl("", services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()));
        // Known, so that the routes can be described; EndpointTests asks them of a whole server.
        builder.Services.AddSingleton<EndpointSecrets>().AddSingleton<EndpointTargets>().AddSingleton<Handshake>().AddSingleton<SandboxPool>().AddSingleton<EndpointFileReader>().AddSingleton(new Automation.Server.Deliveries.DeliveryOptions());
        builder.Services.AddSingleton(new FanOut(Journal, null!, new EventTriggers(Journal, null!, null!, null!, Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<EventTriggers>.Instance), null!, null!, Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<FanOut>.Instance)); // woken, never run
        builder.Services.PostConfigure<SecretsOptions>(options => options.DefaultFolder = Path.Combine(Folder, "secrets"));
        app = builder.Build();
        app.LoadSecrets();
        app.LoadAccess();
        app.UseProxySignIn();
        app.UseTrustedProxies();
        app.UseSecurityHeaders();
        app.UseApi();
        app.UseAccess();
        app.MapAccess();
        app.MapApi();
        app.MapGet("/api/broken", () => { throw new InvalidOperationException("the inner text"); }).ExcludeFromDescription();
        app.MapGet("/api/undeclared", () => "open").ExcludeFromDescription();
        await app.StartAsync();
        Client = NewClient();
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Stranger = NewClient();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Stranger.Dispose();
        await app.DisposeAsync();
        await Journal.DisposeAsync();
        database.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    public void Stop() => app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

    internal async Task CommitAsync(params Change[] changes) => await Journal.CommitAsync(changes);

    internal async Task<JsonNode> GetAsync(string path, int status = 200) => await ReadAsync(await Client.GetAsync(new Uri(path, UriKind.Relative)), status);

    internal async Task<JsonNode> PostAsync(string path, int status, string body = "") =>
        await ReadAsync(await Client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json")), status);

    internal static async Task<JsonNode> ReadAsync(HttpResponseMessage response, int status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}: {text}");
        if (status >= 400) Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(text)!;
    }

    /// <summary>Makes the workflow known, with one webhook trigger unless others are named (id and type).</summary>
    internal void AddWorkflow(string id, bool enabled = true, Problem[]? problems = null, bool loaded = true, params (string Id, string Type)[] triggers)
    {
        var version = new WorkflowVersion
        {
            WorkflowId = id,
            Hash = "0123456789abcdef",
            Name = "The " + id,
            Description = "What it is for.",
            Source = new VersionSource(Json.Parse("""{"steps":{"a":{"type":"script","code":"1 < 2"}}}"""), new Dictionary<string, string> { ["a.ts"] = "export default 1" }),
            Triggers = (triggers.Length == 0 ? [("hook", "webhook")] : triggers).Select(t => new TriggerDefinition(t.Item1, t.Item2, new object(), "a")).ToFrozenDictionary(t => t.Id),
            Steps = FrozenDictionary<string, StepDefinition>.Empty,
            Start = "a",
            Program = new SandboxProgram("p", []),
        };
        Workflows = new WorkflowSet(Workflows.Workflows.Values.Append(new WorkflowState(id, loaded ? version : null, enabled, problems ?? [])).ToFrozenDictionary(w => w.WorkflowId));
    }

    internal HttpClient NewClient() => new(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(app.Urls.First()) };

    private ApiSources Sources() => new()
    {
        Workflows = () => Workflows,
        SetEnabled = (id, enabled) =>
        {
            Workflows = new WorkflowSet(Workflows.Workflows.Values.Select(w => w.WorkflowId == id ? w with { Enabled = enabled } : w).ToFrozenDictionary(w => w.WorkflowId));
            return Task.CompletedTask;
        },
        RollBack = (_, _, _) => throw new NotSupportedException("No catalogue here."),
        LiftPin = (_, _) => throw new NotSupportedException("No catalogue here."),
        FindVersion = (_, _) => throw new NotSupportedException("No catalogue here."),
        MoveRun = (_, _, _) => throw new NotSupportedException("No run engine here."),
        Accept = (offers, answer) => Accept(offers, answer),
        ReplayWebhook = new(_ => throw new NotSupportedException("No webhooks here."), _ => throw new NotSupportedException("No webhooks here.")),
        CapturePath = (_, _) => throw new NotSupportedException("No webhooks here."),
        WakeDeliveries = () => Woken++,
        Destinations = () => Destinations,
        CancelRun = _ => throw new NotSupportedException("No run engine here."),
        RetryRun = (_, _) => throw new NotSupportedException("No run engine here."),
        ReplaceRun = (_, _) => throw new NotSupportedException("No run engine here."),
        TakeUpEnded = _ => { },
        TakeUpNextRun = _ => { },
        ForgetBlockedRuns = _ => { },
        MaxStateBytes = 1000,
        MqttConnections = () => MqttConnections,
        StepTypes = () => [new StepTypeView("webhook.send", "Send webhook", "Queues one webhook.", "Actions", "send", ["done"], false, Json.Parse("""{"type":"object"}"""))],
        TriggerTypes = () => [new TriggerTypeView("webhook", "Webhook", null, "webhook", Json.Parse("""{"type":"object"}"""))],
        WorkflowSchema = () => Json.Parse("""{"$schema":"https://json-schema.org/draft/2020-12/schema"}"""),
    };

    private async ValueTask<IntakeResult> StoreAsync(IReadOnlyList<Offer> offers, TaskCompletionSource<RunAnswer>? answer)
    {
        var (accepted, targets) = Assert.Single(offers);
        var run = Ids.Next();
        await CommitAsync(new EventAccepted(accepted, 1), new RunAccepted(run, accepted.Id, targets[0].Version.WorkflowId, targets[0].Version.Hash, targets[0].Trigger.Id, accepted.AcceptedAt, Held: true));
        answer?.SetResult(new RunAnswer(run, null, Json.Parse("""{"sum":3}"""), null, null));
        return new IntakeResult(IntakeOutcome.Accepted, [run]);
    }

    private sealed class Recorder(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines) lines.Add($"{logLevel}: {formatter(state, exception)}{exception}");
        }

        public void Dispose()
        {
        }
    }
}

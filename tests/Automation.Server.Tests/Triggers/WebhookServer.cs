using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Tests.Storage;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Triggers.Webhooks.Requests;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Triggers;

/// <summary>A real server on a free port with the webhook endpoint and an intake that only remembers.</summary>
internal sealed class WebhookServer : IAsyncDisposable, ILoggerProvider, ILogger
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string folder = Directory.CreateTempSubdirectory("automation-hooks-").FullName;
    private readonly TestDatabase database;
    private readonly Journal journal;
    private readonly WebApplication app;
    private readonly TaskCompletionSource offered = new(TaskCreationOptions.RunContinuationsAsynchronously), logged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private WebhookServer(WebApplicationBuilder builder, long bodyBytes)
    {
        database = TestDatabase.Create(folder);
        ((IConfigurationBuilder)builder.Configuration).Sources.Clear(); // the shipped settings keep log lines away that tests look at
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("Webhooks:MaxBodyBytesInFlight", (string?)$"{bodyBytes}")]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(this).SetMinimumLevel(LogLevel.Debug);
        journal = new Journal(database.Database.Open(Time), Time, NullLogger<Journal>.Instance);
        builder.Services.AddSingleton<TimeProvider>(Time).AddSingleton(new IdSource(Time)).AddSingleton(journal).AddSingleton(database.Database).AddManagement();
        builder.Services.AddSingleton<SecretLookup>(name => Secrets.GetValueOrDefault(name));
        builder.Services.AddSingleton<AcceptEvents>(async (offers, answer) =>
        {
            Units++;
            foreach (var offer in offers) Offered.Enqueue(offer);
            offered.TrySetResult();
            return new IntakeResult(await Accept(offers[0].Event, answer), [.. offers.SelectMany(offer => offer.Targets).Select((_, at) => RunId + at)]);
        });
        builder.Services.AddSingleton(new OutboundHttp(new OutboundOptions { AllowPrivate = "loopback" }, Time));
        builder.Services.AddWebhooks(builder.Configuration);
        app = builder.Build();
        app.MapWebhooks();
    }

    /// <summary>Id of the first run that an event starts.</summary>
    public const long RunId = 42;

    public ManualTime Time { get; } = new();

    public Dictionary<string, string> Secrets { get; } = new(StringComparer.Ordinal) { ["KEY"] = "It's a Secret to Everybody" };

    /// <summary>How often intake was asked.</summary>
    public int Units { get; private set; }

    public ConcurrentQueue<Offer> Offered { get; } = new();

    public Func<Event, TaskCompletionSource<RunAnswer>?, ValueTask<IntakeOutcome>> Accept { get; set; } = (_, _) => ValueTask.FromResult(IntakeOutcome.Accepted);

    public ConcurrentQueue<string> Lines { get; } = new();

    public HttpClient Http { get; private set; } = null!;

    /// <summary>Completes when the first event was offered.</summary>
    public Task WhenOfferedAsync() => offered.Task.WaitAsync(Patience);

    /// <summary>Completes when the first line was logged.</summary>
    public Task WhenLoggedAsync() => logged.Task.WaitAsync(Patience);

    public Event Single => Assert.Single(Offered).Event;

    /// <param name="triggers">Config of one webhook trigger each, of workflows <c>w0</c>, <c>w1</c> and so on.</param>
    public static Task<WebhookServer> StartAsync(params string[] triggers) => StartAsync(64 << 20, triggers);

    /// <param name="bodyBytes">For all bodies in flight.</param>
    /// <param name="triggers">As above.</param>
    public static async Task<WebhookServer> StartAsync(long bodyBytes, params string[] triggers)
    {
        var server = new WebhookServer(WebApplication.CreateSlimBuilder(), bodyBytes);
        server.app.Services.GetRequiredService<WebhookRoutes>().Use(Workflows(triggers));
        await server.app.StartAsync();
        var address = server.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        server.Http = new HttpClient { BaseAddress = new Uri(address) };
        return server;
    }

    public static WorkflowSet Workflows(params string[] triggers) => new(triggers
        .Select((config, at) => Version("w" + at, config))
        .ToFrozenDictionary(version => version.WorkflowId, version => new WorkflowState(version.WorkflowId, version, true, [])));

    public static WebhookConfig Config(string json) => JsonSerializer.Deserialize<WebhookConfig>(json, JsonFormat.Wire)!;

    /// <summary>Sends bytes as they are and reads the answer until the server closes.</summary>
    public async Task<string> SendRawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", Http.BaseAddress!.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    /// <summary>A request line and the headers that every raw request needs.</summary>
    public Task<string> SendRawAsync(string method, string target) =>
        SendRawAsync($"{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");

    /// <summary>Completes when all refused requests are stored.</summary>
    public async Task<List<RequestRow>> KeptAsync()
    {
        await app.Services.GetRequiredService<RequestLog>().WhenStoredAsync().WaitAsync(Patience);
        await using var scope = app.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ManagementDb>().Requests.OrderBy(row => row.Id).ToListAsync();
    }

    /// <summary>Bytes of the bodies in flight.</summary>
    public long BodyBytes => app.Services.GetRequiredService<BodyBudget>().Taken;

    public void StopApplication() => app.Lifetime.StopApplication();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
        await journal.DisposeAsync();
        database.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    ILogger ILoggerProvider.CreateLogger(string categoryName) => this;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id is >= 2000 and < 2100)
        {
            Lines.Enqueue(formatter(state, exception));
            logged.TrySetResult();
        }
    }

    void IDisposable.Dispose()
    {
    }

    private static WorkflowVersion Version(string id, string config) => new()
    {
        WorkflowId = id,
        Hash = "0123456789abcdef",
        Name = id,
        Source = new VersionSource(Json.Null, new Dictionary<string, string>()),
        Triggers = new Dictionary<string, TriggerDefinition> { ["hook"] = new("hook", "webhook", Config(config), "first") }.ToFrozenDictionary(),
        Steps = FrozenDictionary<string, StepDefinition>.Empty,
        Start = "first",
        Program = new SandboxProgram(id, []),
    };
}

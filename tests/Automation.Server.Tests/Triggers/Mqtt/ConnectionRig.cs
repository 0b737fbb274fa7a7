using System.Text.Json.Nodes;
using Automation.Server.Runs;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Mqtt.Connections;

namespace Automation.Server.Tests.Triggers.Mqtt;

/// <summary>A mosquitto, and servers with a connection named <c>plant</c> to it.</summary>
public abstract class ConnectionRig : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> owned = [];

    internal MosquittoServer Broker { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Broker = await OwnAsync(MosquittoServer.StartAsync());

    public async ValueTask DisposeAsync()
    {
        owned.Reverse();
        foreach (var one in owned) await one.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal async Task<T> OwnAsync<T>(Task<T> making)
        where T : IAsyncDisposable
    {
        var made = await making;
        owned.Add(made);
        return made;
    }

    /// <summary>A server whose connection is there.</summary>
    internal async Task<WorkflowServer> ServerAsync(params (string Key, string Value)[] settings)
    {
        var server = await DisconnectedServerAsync(settings);
        await ConnectedAsync(server);
        return server;
    }

    internal async Task<WorkflowServer> DisconnectedServerAsync(params (string Key, string Value)[] settings) => await OwnAsync(WorkflowServer.StartAsync(
        [("Mqtt:Connections:plant:Server", Broker.Address), ("Mqtt:Connections:plant:MaxReconnectDelay", "00:00:01"), .. settings.Select(s => ("Mqtt:Connections:plant:" + s.Key, s.Value))]));

    internal static MqttConnection Connection(WorkflowServer server) => server.Get<MqttConnections>().Find("plant")!;

    internal static Task ConnectedAsync(WorkflowServer server) => WorkflowServer.UntilAsync(() => Connection(server).Status.Server is not null);

    /// <summary>The connection as the API shows it.</summary>
    internal static Task<JsonNode> ShownAsync(WorkflowServer server) => server.GetAsync("/api/mqtt/connections/plant");

    /// <summary>A workflow with one trigger on the connection, that sends the expression's value to <c>/got</c>.</summary>
    internal static string Listening(string topic, string value = "event.data", string trigger = "") => $$"""
        { "triggers": { "m": { "type": "mqtt", "connection": "plant", "topic": "{{topic}}"{{trigger}} } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/got", "body": "${ {{value}} }" } } }
        """;

    /// <summary>Makes a workflow active and waits until the broker has answered each of its subscriptions.</summary>
    internal static async Task<string> ListenAsync(WorkflowServer server, string workflow)
    {
        var id = await server.AddAsync(workflow);
        await SubscribedAsync(server);
        return id;
    }

    internal static Task SubscribedAsync(WorkflowServer server) =>
        WorkflowServer.UntilAsync(() => Connection(server).Subscriptions is { Count: > 0 } all && all.All(s => s.Answer is not null));

    internal Task PublishAsync(string topic, string payload, params string[] more) => Mosquitto.PublishAsync(Broker.Port, topic, payload, more.Contains("-q") ? more : ["-q", "1", .. more]);

    internal async Task<Run> RunOfAsync(WorkflowServer server, string workflow, string topic, string payload, params string[] more)
    {
        var id = await ListenAsync(server, workflow);
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        await PublishAsync(topic, payload, more);
        return await server.EndAsync(ends);
    }

    /// <summary>The journal cannot write until it is disposed.</summary>
    internal static IDisposable Locked(WorkflowServer server) => server.Database.Lock();

    internal static void Execute(WorkflowServer server, string sql) => server.Database.Execute(sql);

    internal static async Task<IReadOnlyList<string>> GotAsync(WorkflowServer server, int count) => [.. (await server.Receiver.NextAsync("/got", count)).Select(a => a.Body)];
}

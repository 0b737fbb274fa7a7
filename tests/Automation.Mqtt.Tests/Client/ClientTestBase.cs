using System.Collections.Concurrent;
using System.Text;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Client;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

/// <summary>Starts clients, servers and networks, and ends them after the test.</summary>
public abstract class ClientTestBase : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _ours = [];

    private protected ManualTimeProvider Time { get; } = new();

    private protected string Folder { get; } = Directory.CreateTempSubdirectory("mqtt-client-").FullName;

    private protected List<string> Errors { get; } = [];

    /// <summary>What servers did against the rules, as the clients see it.</summary>
    private protected ConcurrentQueue<string> Complaints { get; } = new();

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        // Servers before clients: a client on manual time waits for its server to close.
        foreach (var ours in _ours)
            await ours.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected T Own<T>(T ours)
        where T : IAsyncDisposable
    {
        _ours.Add(ours);
        return ours;
    }

    private protected FakeServer Server() => Own(new FakeServer());

    private protected async Task<MosquittoBroker> MosquittoAsync(Func<int, string>? configure = null) =>
        Own(await MosquittoBroker.StartAsync(Folder, configure));

    private protected async Task<MqttBroker> BrokerAsync(Action<MqttBrokerOptions>? configure = null)
    {
        var options = new MqttBrokerOptions { EndPoint = new(System.Net.IPAddress.Loopback, 0) };
        configure?.Invoke(options);
        var broker = Own(new MqttBroker(options));
        await broker.StartAsync();
        return broker;
    }

    private protected static Uri AddressOf(MqttBroker broker) => new($"mqtt://127.0.0.1:{broker.EndPoint.Port}");

    /// <summary>A client that comes back quickly. It is not started.</summary>
    private protected MqttClient Client(Uri server, Action<MqttClientOptions>? configure = null)
    {
        var options = new MqttClientOptions
        {
            Server = server,
            ReconnectDelay = TimeSpan.FromMilliseconds(10),
            MaxReconnectDelay = TimeSpan.FromMilliseconds(50),
            OnError = (what, exception) =>
            {
                lock (Errors)
                    Errors.Add($"{what}: {exception}");
            },
        };
        configure?.Invoke(options);
        options.OnStatus ??= status =>
        {
            if (status is { State: MqttClientState.Waiting, Reason: { Origin: MqttDisconnectOrigin.Client } reason })
                Complaints.Enqueue($"{status.Since:O} {reason.Text}");
        };
        return Own(new MqttClient(options));
    }

    private protected async Task<MqttClient> ConnectAsync(Uri server, Action<MqttClientOptions>? configure = null)
    {
        var client = Client(server, configure);
        await client.ConnectAsync().WaitAsync(TestClient.Patience);
        return client;
    }

    private protected static async Task<MqttClientStatus> WaitForAsync(MqttClient client, Func<MqttClientStatus, bool> condition)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        await foreach (var status in client.WatchAsync(timeout.Token))
        {
            if (condition(status))
                return status;
        }

        throw new InvalidOperationException("The watch ended.");
    }

    private protected static Task<MqttClientStatus> WaitForAsync(MqttClient client, MqttClientState state) => WaitForAsync(client, status => status.State == state);

    private protected static MqttApplicationMessage Message(string topic, string payload = "x", int qos = 0) =>
        new() { Topic = topic, Payload = Encoding.UTF8.GetBytes(payload), QualityOfService = (MqttQualityOfService)qos };

    private protected static string PayloadOf(PublishPacket packet) => Encoding.UTF8.GetString(packet.Payload.Span);

    private protected static string Text(MqttReceivedMessage message) => Encoding.UTF8.GetString(message.Message.Payload.Span);

    private protected static async Task<List<MqttReceivedMessage>> TakeAsync(MqttClient client, int count)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        List<MqttReceivedMessage> taken = [];
        await foreach (var message in client.ReceiveAsync(timeout.Token))
        {
            taken.Add(message);
            if (taken.Count == count)
                break;
        }

        return taken;
    }
}

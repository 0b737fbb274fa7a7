using System.Net.Sockets;
using System.Text;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Storage;

/// <summary>
/// A client that keeps its state over any number of connections and brokers, as the standard asks, and is slack by intent: it leaves some
/// messages unacknowledged, and after three of them the connection.
/// </summary>
internal sealed class ModelSubscriber(string clientId, MqttProtocolVersion version, string filter, MqttQualityOfService qos, Random random, double slackness)
{
    private readonly Dictionary<ushort, string> _incoming = [];
    private readonly Lock _lock = new();
    private TestClient? _client;
    private bool _isSubscribed;
    private int _neglected;

    /// <summary>What was received, in order; a repeated QoS 2 message once.</summary>
    public List<PublishPacket> Received { get; } = [];

    public bool IsSubscribed => Volatile.Read(ref _isSubscribed);

    public static async Task<TestClient> ConnectAsync(MqttBroker broker, string clientId, MqttProtocolVersion version)
    {
        var client = await TestClient.OpenAsync(broker, version);
        try
        {
            await client.SendAsync(new ConnectPacket
            {
                Version = version,
                ClientId = clientId,
                CleanStart = false,
                KeepAlive = 60,
                Properties = version == MqttProtocolVersion.V5 ? new PacketProperties { SessionExpiryInterval = 3600 } : null,
            });
            await client.ReceiveConnackAsync();
            return client;
        }
        catch
        {
            client.Drop();
            throw;
        }
    }

    public static string TextOf(PublishPacket packet) => Encoding.UTF8.GetString(packet.Payload.Span);

    public void Drop() => _client?.Drop();

    public bool Has(string payload)
    {
        lock (_lock)
            return Received.Exists(packet => TextOf(packet) == payload);
    }

    /// <summary>Receives until the end, with a new connection after each one that is gone.</summary>
    public async Task RunAsync(MqttBroker broker, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                await using var client = _client = await ConnectAsync(broker, clientId, version);
                Assert.True(client.Connack.SessionPresent || !IsSubscribed, $"{clientId} lost its session.");
                if (!IsSubscribed)
                    await client.SendAsync(new SubscribePacket { PacketId = 1000, Subscriptions = [new SubscriptionRequest(filter, qos)] });
                _neglected = 0;
                while (_neglected < 3 && await client.ReceiveAsync() is { } packet && !end.IsCancellationRequested)
                    await HandleAsync(client, packet);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or IOException)
            {
                // cut
            }
        }
    }

    private async Task HandleAsync(TestClient client, MqttPacket packet)
    {
        switch (packet)
        {
            case SubackPacket:
                Volatile.Write(ref _isSubscribed, true);
                return;
            case PublishPacket publish:
                Receive(publish);
                await AcknowledgeAsync(client, publish.QualityOfService == MqttQualityOfService.AtLeastOnce ? PacketType.Puback : PacketType.Pubrec, publish.PacketId);
                return;
            case AckPacket { Type: PacketType.Pubrel } release:
                _incoming.Remove(release.PacketId);
                await AcknowledgeAsync(client, PacketType.Pubcomp, release.PacketId);
                return;
        }
    }

    private async Task AcknowledgeAsync(TestClient client, PacketType type, ushort packetId)
    {
        if (random.NextDouble() < slackness)
            _neglected++;
        else
            await client.SendAsync(new AckPacket(type) { PacketId = packetId });
    }

    private void Receive(PublishPacket publish)
    {
        if (publish.QualityOfService == MqttQualityOfService.ExactlyOnce && !_incoming.TryAdd(publish.PacketId, TextOf(publish)))
        {
            Assert.Equal(_incoming[publish.PacketId], TextOf(publish)); // the identifier is in use for another message
            Assert.True(publish.Duplicate, "A repetition is no duplicate.");
            return;
        }

        lock (_lock)
            Received.Add(publish);
    }
}

using System.Net.Sockets;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Storage;

/// <summary>A client that publishes each message until it is acknowledged, over any number of connections and brokers, as the standard asks — MQTT 5 §4.4.</summary>
internal sealed class ModelPublisher(string clientId, MqttProtocolVersion version, Queue<PublishPacket> toSend, int window)
{
    private readonly List<Unfinished> _unfinished = [];
    private TestClient? _client;
    private bool _wasConnected;
    private ushort _lastId;

    /// <summary>Payloads that the broker has acknowledged to the end.</summary>
    public List<string> Acknowledged { get; } = [];

    public bool IsDone => toSend.Count == 0 && _unfinished.Count == 0;

    public void Drop() => _client?.Drop();

    /// <summary>Returns when everything is acknowledged, or the connection is gone. What comes after the end is not seen: the broker is dead.</summary>
    public async Task RunAsync(MqttBroker broker, CancellationToken end)
    {
        try
        {
            await using var client = _client = await ModelSubscriber.ConnectAsync(broker, clientId, version);
            Assert.True(client.Connack.SessionPresent || !_wasConnected, $"{clientId} lost its session.");
            _wasConnected = true;
            foreach (var old in _unfinished)
                await client.SendAsync(old.IsReceived ? new AckPacket(PacketType.Pubrel) { PacketId = old.Id } : old.ToPacket(duplicate: true));
            while (!IsDone)
            {
                await SendMoreAsync(client);
                if (await client.ReceiveAsync() is not AckPacket ack || end.IsCancellationRequested)
                    return;
                await HandleAsync(client, ack);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or IOException)
        {
            // cut
        }
    }

    private async Task SendMoreAsync(TestClient client)
    {
        while (_unfinished.Count < window && toSend.TryDequeue(out var message))
        {
            do
                _lastId = (ushort)((_lastId % (window + 1)) + 1); // few identifiers, so that they are used again soon
            while (_unfinished.Exists(other => other.Id == _lastId));
            var unfinished = new Unfinished(_lastId, message);
            _unfinished.Add(unfinished);
            await client.SendAsync(unfinished.ToPacket(duplicate: false));
        }
    }

    private async Task HandleAsync(TestClient client, AckPacket ack)
    {
        // 0x92 "is not an error during recovery" — §3.7.2.1
        var isRecovered = ack is { Type: PacketType.Pubcomp, ReasonCode: MqttReasonCode.PacketIdentifierNotFound };
        Assert.True(ack.ReasonCode < MqttReasonCode.UnspecifiedError || isRecovered, $"{ack.Type} {ack.ReasonCode}");
        if (_unfinished.Find(other => other.Id == ack.PacketId) is not { } message)
        {
            Assert.Fail($"{ack.Type} for {ack.PacketId}, which is not in use.");
            return;
        }

        if (ack.Type == PacketType.Pubrec)
        {
            message.IsReceived = true;
            await client.SendAsync(new AckPacket(PacketType.Pubrel) { PacketId = ack.PacketId });
            return;
        }

        _unfinished.Remove(message);
        Acknowledged.Add(ModelSubscriber.TextOf(message.Packet));
    }

    private sealed class Unfinished(ushort id, PublishPacket packet)
    {
        public ushort Id => id;

        public PublishPacket Packet => packet;

        public bool IsReceived { get; set; }

        public PublishPacket ToPacket(bool duplicate) => new()
        {
            PacketId = id,
            Duplicate = duplicate,
            Topic = packet.Topic,
            Payload = packet.Payload,
            QualityOfService = packet.QualityOfService,
            Retain = packet.Retain,
        };
    }
}

using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>What each packet of the server means. A packet that may not come is a <see cref="MqttProtocolException"/>.</summary>
internal sealed class PacketHandler(ClientSession session, ServerConnection connection, MqttClientOptions options)
{
    private readonly string?[] _aliases = new string?[options.TopicAliasMaximum + 1];

    public void Handle(MqttPacket packet)
    {
        switch (packet)
        {
            case PublishPacket publish:
                Receive(publish);
                break;
            case AckPacket ack:
                Answer(ack);
                connection.WakeWriter();
                break;
            case SubackPacket suback:
                lock (session.Lock)
                    session.Subscriptions.Answer(suback, connection.IsV5);
                break;
            case PingPacket { Type: PacketType.Pingresp }:
                break;
            case ReasonPacket { Type: PacketType.Disconnect } disconnect when connection.IsV5:
                connection.Close(ConnectionEnd.ServerSays(disconnect));
                break;
            default:
                throw MqttProtocolException.ProtocolError($"A server may not send {packet.Type} here.");
        }
    }

    private void Receive(PublishPacket packet)
    {
        var message = new MqttReceivedMessage(
            session,
            MessageMapper.ToMessage(ResolveTopic(packet), packet.Payload, packet.QualityOfService, packet.Retain, packet.Properties),
            packet.PacketId, packet.Duplicate, packet.Properties?.SubscriptionIdentifiers ?? [], session.Incoming.Generation);
        lock (session.Lock)
        {
            if (packet.QualityOfService == MqttQualityOfService.AtMostOnce)
            {
                if (!session.Responses.TryComplete(message))
                    session.Incoming.AddAtMostOnce(message, connection.IsV5);
            }
            else if (packet.QualityOfService == MqttQualityOfService.AtLeastOnce && session.Responses.TryComplete(message))
            {
                connection.Answers.Enqueue(new AckPacket(PacketType.Puback) { PacketId = packet.PacketId });
            }
            else
            {
                session.Incoming.AddAcknowledged(message, connection.IsV5, connection.Answers);
            }
        }

        session.WakeReceiver();
        if (packet.QualityOfService != MqttQualityOfService.AtMostOnce)
            connection.WakeWriter();
    }

    private void Answer(AckPacket packet)
    {
        var result = new MqttPublishResult(packet.ReasonCode, packet.Properties?.ReasonString, packet.Properties?.UserProperties ?? []);
        lock (session.Lock)
        {
            var isExpected = packet.Type switch
            {
                PacketType.Puback => session.Outgoing.TryAcknowledge(packet.PacketId, result),
                PacketType.Pubrec => Received(packet.PacketId, result),
                PacketType.Pubcomp => session.Outgoing.TryComplete(packet.PacketId, result),
                _ => Released(packet.PacketId),
            };
            if (!isExpected)
                throw MqttProtocolException.ProtocolError($"A {packet.Type} answers packet identifier {packet.PacketId}, which waits for none.");
        }
    }

    // PUBREC for what we do not know: a session that the server kept longer than we did. PUBREL lets it forget — MQTT 5 §3.6.2.1.
    private bool Received(ushort id, MqttPublishResult result)
    {
        var isKnown = session.Outgoing.TryReceive(id, result);
        if (isKnown != false && result.IsSuccess)
        {
            connection.Answers.Enqueue(new AckPacket(PacketType.Pubrel)
            {
                PacketId = id,
                ReasonCode = isKnown is null ? MqttReasonCode.PacketIdentifierNotFound : MqttReasonCode.Success,
            });
        }

        return isKnown != false;
    }

    private bool Released(ushort id)
    {
        session.Incoming.Release(id, connection.Answers);
        return true;
    }

    // Topic alias — MQTT 5 §3.3.2.3.4.
    private string ResolveTopic(PublishPacket packet)
    {
        if (packet.Properties?.TopicAlias is not { } alias)
            return packet.Topic;
        if (alias >= _aliases.Length)
            throw new MqttProtocolException(MqttReasonCode.TopicAliasInvalid, $"Topic alias {alias} is over the maximum.");
        if (packet.Topic.Length > 0)
            _aliases[alias] = packet.Topic;
        return _aliases[alias] ?? throw MqttProtocolException.ProtocolError($"Topic alias {alias} was not set.");
    }
}

using Automation.Mqtt.Packets;
using Automation.Mqtt.Storage;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>PUBLISH from a client, and the acknowledgements in both directions — MQTT 5 §3.3 to §3.7, §4.3.</summary>
internal sealed class PublishHandler(BrokerContext broker, ClientConnection connection, PublishPipeline pipeline, CommitLine commits)
{
    private string?[]? _aliases;
    private readonly bool _isV5 = connection.Version == MqttProtocolVersion.V5;

    public ValueTask PublishAsync(PublishPacket packet)
    {
        broker.Metrics.Received();
        if (packet.Properties?.SubscriptionIdentifiers is not null)
            throw MqttProtocolException.ProtocolError("A client sent a subscription identifier in a PUBLISH."); // MQTT-3.3.4-6
        var topic = ResolveTopic(packet);
        var qos = packet.QualityOfService;
        if (qos == MqttQualityOfService.ExactlyOnce && IsRepeated(packet.PacketId))
            return default;
        if (qos != MqttQualityOfService.AtMostOnce && _isV5 && pipeline.Unacknowledged >= broker.Options.ReceiveMaximum)
            throw new MqttProtocolException(MqttReasonCode.ReceiveMaximumExceeded, "More publishes are unacknowledged than the Receive Maximum.");

        var message = MessageMapper.ToMessage(topic, packet.Payload, qos, packet.Retain, packet.Properties);
        return MustWait(qos) || broker.Options.AuthorizePublish is not null ? AcceptSlowlyAsync(packet, message) : Accept(packet, message);
    }

    public void Acknowledge(AckPacket packet)
    {
        var session = connection.Session;
        switch (packet.Type)
        {
            case PacketType.Pubrel:
                Release(packet.PacketId);
                return;
            case PacketType.Pubrec when packet.ReasonCode < MqttReasonCode.UnspecifiedError && session.Record is { } record:
                StoreReceived(session, record, packet.PacketId);
                return;
            case PacketType.Pubrec when packet.ReasonCode < MqttReasonCode.UnspecifiedError:
                bool known;
                lock (session.Lock)
                {
                    RequireExpected(packet, session.Outgoing.Find(packet.PacketId));
                    known = session.Outgoing.MarkReceived(packet.PacketId);
                }

                // 3.1.1 has no "not found"; releasing an unknown identifier lets the client forget it too.
                connection.SendAck(PacketType.Pubrel, packet.PacketId, known ? MqttReasonCode.Success : MqttReasonCode.PacketIdentifierNotFound);
                return;
            default:
                lock (session.Lock)
                {
                    RequireExpected(packet, session.Outgoing.Find(packet.PacketId));
                    session.Outgoing.Finish(packet.PacketId);
                }

                connection.WakeWriter();
                return;
        }
    }

    // Each QoS has its own answers: PUBACK, or PUBREC and only then PUBCOMP — §4.3. Unknown identifiers are none of this.
    private static void RequireExpected(AckPacket packet, InFlight? entry)
    {
        var isExpected = entry is null || packet.Type switch
        {
            PacketType.Puback => entry.Delivery.QualityOfService == MqttQualityOfService.AtLeastOnce,
            PacketType.Pubcomp => entry.IsReceived,
            _ => entry.Delivery.QualityOfService == MqttQualityOfService.ExactlyOnce,
        };
        if (!isExpected)
            throw MqttProtocolException.ProtocolError($"{packet.Type} is no answer to what was sent with this packet identifier.");
    }

    private ValueTask Accept(PublishPacket packet, MqttApplicationMessage message, MqttReasonCode answer = MqttReasonCode.Success)
    {
        if (packet.QualityOfService != MqttQualityOfService.AtMostOnce)
            Begin(packet);
        // Whoever cannot be told is not refused: the message goes to the subscribers and is not retained.
        var canBeTold = _isV5 && message.QualityOfService != MqttQualityOfService.AtMostOnce;
        if (answer < MqttReasonCode.UnspecifiedError && canBeTold && message is { Retain: true, Payload.IsEmpty: false } && !broker.Retained.HasRoomFor(message))
            answer = MqttReasonCode.QuotaExceeded;

        if (SystemTopics.Owns(message.Topic))
            answer = MqttReasonCode.NotAuthorized;
        else if (TopicLevels.AreMoreThan(broker.Options.MaxTopicLevels, message.Topic))
            answer = MqttReasonCode.TopicNameInvalid;

        if (answer >= MqttReasonCode.UnspecifiedError)
        {
            pipeline.Add(message, packet.PacketId, new ValueTask<MqttReasonCode>(answer), unit: null);
            return default;
        }

        var unit = Begin(packet, message);
        if (broker.Options.OnPublish is null)
            pipeline.Add(message, packet.PacketId, new ValueTask<MqttReasonCode>(MqttReasonCode.Success), unit);
        else
            pipeline.Add(message, packet.PacketId, broker.AskAsync(broker.Options.OnPublish, Context(packet, message, unit), "OnPublish"), unit);
        return default;
    }

    private RoutingUnit? Begin(PublishPacket packet, MqttApplicationMessage message)
    {
        if (broker.Log is null)
            return null;
        var isExactlyOnce = packet.QualityOfService == MqttQualityOfService.ExactlyOnce;
        return broker.Begin(new RoutedMessage(message, broker.Options.TimeProvider), connection.Session, isExactlyOnce ? packet.PacketId : (ushort)0);
    }

    // PUBREC for a session that is stored: PUBREL leaves when it is sure that the message is never sent again.
    private void StoreReceived(Session session, SessionRecord record, ushort packetId)
    {
        ValueTask stored = default;
        InFlight? entry;
        lock (session.Lock)
        {
            entry = session.Outgoing.FindExactlyOnce(packetId);
            if (entry is { IsReceived: false })
                stored = record.AppendAsync(new MqttMessageReceived(record.Id, entry.Delivery.Sequence));
        }

        commits.AddOrClose(stored, () =>
        {
            lock (session.Lock)
                entry?.IsReceived = true;
            connection.SendAck(PacketType.Pubrel, packetId, entry is null ? MqttReasonCode.PacketIdentifierNotFound : MqttReasonCode.Success);
        });
    }

    private async ValueTask AcceptSlowlyAsync(PublishPacket packet, MqttApplicationMessage message)
    {
        if (MustWait(packet.QualityOfService))
            await connection.HoldBackAsync(_ => MustWait(packet.QualityOfService));
        if (connection.IsClosing)
            return;
        var answer = await broker.AskAsync(broker.Options.AuthorizePublish, Context(packet, message), "AuthorizePublish");
        await Accept(packet, message, answer);
    }

    // MQTT 5 clients know the limit for QoS 1 and 2; the others are kept waiting.
    private bool MustWait(MqttQualityOfService qos) =>
        (qos == MqttQualityOfService.AtMostOnce || !_isV5) && pipeline.Count >= broker.Options.ReceiveMaximum;

    private MqttPublishContext Context(PublishPacket packet, MqttApplicationMessage message, RoutingUnit? unit = null) =>
        new() { Client = connection.Client, Message = message, IsDuplicate = packet.Duplicate, Unit = unit };

    private void Begin(PublishPacket packet)
    {
        pipeline.CountUnacknowledged(1);
        if (packet.QualityOfService != MqttQualityOfService.ExactlyOnce)
            return;
        lock (connection.Session.Lock)
            connection.Session.IncomingQoS2[packet.PacketId] = false;
    }

    // QoS 2 sent again: PUBREC again, however often; nothing while the first is still with the hook — its PUBREC comes.
    private bool IsRepeated(ushort packetId)
    {
        bool isAccepted;
        lock (connection.Session.Lock)
        {
            if (!connection.Session.IncomingQoS2.TryGetValue(packetId, out isAccepted))
                return false;
        }

        if (isAccepted)
            connection.SendAck(PacketType.Pubrec, packetId, MqttReasonCode.Success);
        return true;
    }

    // PUBREL — §3.6: the identifier is free again, PUBCOMP says so.
    private void Release(ushort packetId)
    {
        bool known;
        lock (connection.Session.Lock)
        {
            known = connection.Session.Record is null
                ? connection.Session.IncomingQoS2.Remove(packetId)
                : connection.Session.IncomingQoS2.TryGetValue(packetId, out var isAccepted) && isAccepted;
        }

        if (known && connection.Session.Record is { } record)
        {
            StoreReleased(connection.Session, record, packetId);
            return;
        }

        if (known)
            pipeline.CountUnacknowledged(-1);
        connection.SendAck(PacketType.Pubcomp, packetId, known ? MqttReasonCode.Success : MqttReasonCode.PacketIdentifierNotFound);
    }

    // PUBREL for a session that is stored: with PUBCOMP the client may use the identifier for another message.
    private void StoreReleased(Session session, SessionRecord record, ushort packetId) =>
        commits.AddOrClose(record.AppendAsync(new MqttIncomingEnded(record.Id, packetId)), () =>
        {
            bool isLast;
            ClientConnection? current;
            lock (session.Lock)
            {
                isLast = session.IncomingQoS2.Remove(packetId);
                current = session.Connection;
            }

            if (isLast)
                (current ?? connection).CountUnacknowledged(-1);
            connection.SendAck(PacketType.Pubcomp, packetId, MqttReasonCode.Success);
        });

    // Topic alias — §3.3.2.3.4.
    private string ResolveTopic(PublishPacket packet)
    {
        if (packet.Properties?.TopicAlias is not { } alias)
            return packet.Topic;
        if (alias > broker.Options.TopicAliasMaximum)
            throw new MqttProtocolException(MqttReasonCode.TopicAliasInvalid, $"Topic alias {alias} is over the maximum.");
        _aliases ??= new string?[broker.Options.TopicAliasMaximum + 1];
        if (packet.Topic.Length > 0)
            _aliases[alias] = packet.Topic;
        return _aliases[alias] ?? throw MqttProtocolException.ProtocolError($"Topic alias {alias} was not set."); // §3.3.2.3.4
    }
}

using Automation.Mqtt.Packets;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Client;

/// <summary>Turns what the session has to send into packets, within what the server takes. Called under the session's lock but for <see cref="Flushed"/>.</summary>
internal sealed class PublishSender(ClientSession session, MqttClientOptions options, MqttServerInfo server, FrameBuffer output)
{
    private const int BytesPerFlush = 64 * 1024;

    private readonly SentTopicAliases _aliases = new(Math.Min(server.TopicAliasMaximum, options.MaxSentTopicAliases));
    private readonly List<OutgoingPublish> _unflushed = [];

    /// <summary>Whether the buffer is to be sent before more is written.</summary>
    public bool IsEnough => output.Length >= BytesPerFlush;

    /// <summary>Writes until there is nothing to send, or enough.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Fill()
    {
        while (!IsEnough)
        {
            if (!WriteNext())
                return false;
        }

        return true;
    }

    /// <summary>What was written is with the network: QoS 0 messages are done.</summary>
    public void Flushed()
    {
        foreach (var publish in _unflushed)
            publish.Completion.TrySetResult(MqttPublishResult.Done);
        _unflushed.Clear();
    }

    private bool WriteNext()
    {
        if (session.Subscriptions.TryTake(out var operation))
            Write(operation);
        else if (session.Outgoing.TryTakeResend(out var old))
            WriteAgain(old);
        else if (session.Outgoing.TryPeek(out var publish))
            Write(publish);
        else
            return false;
        return true;
    }

    private void Write(SubscribeOperation operation)
    {
        var refusal = operation.IsUnsubscribe ? null : Refusal(operation);
        var start = output.Length;
        if (refusal is null)
            PacketWriter.Write(output, server.ProtocolVersion, Packet(operation));
        if (output.Length - start > server.MaximumPacketSize)
            refusal = MqttReasonCode.PacketTooLarge;
        if (refusal is null)
            return;
        output.Truncate(start);
        session.Subscriptions.Refuse(operation, refusal.Value);
    }

    private static MqttPacket Packet(SubscribeOperation operation)
    {
        if (operation.IsUnsubscribe)
            return new UnsubscribePacket { PacketId = operation.PacketId, Filters = [.. operation.Subscriptions.Select(static subscription => subscription.Filter)] };
        return new SubscribePacket
        {
            PacketId = operation.PacketId,
            Subscriptions = [.. operation.Subscriptions.Select(static subscription => subscription.ToRequest())],
            Properties = operation.Subscriptions[0].Identifier is { } identifier ? new PacketProperties { SubscriptionIdentifiers = [identifier] } : null,
        };
    }

    // What the server said it does not support would end the connection — MQTT 5 §3.2.2.3.11 to §3.2.2.3.13.
    private MqttReasonCode? Refusal(SubscribeOperation operation)
    {
        foreach (var subscription in operation.Subscriptions)
        {
            if (!TopicFilter.TryParse(subscription.Filter, out var filter))
                return MqttReasonCode.TopicFilterInvalid;
            if (filter.HasWildcards && !server.WildcardSubscriptionAvailable)
                return MqttReasonCode.WildcardSubscriptionsNotSupported;
            if (filter.ShareName is not null && !server.SharedSubscriptionAvailable)
                return MqttReasonCode.SharedSubscriptionsNotSupported;
            if (subscription.Identifier is not null && server.ProtocolVersion == MqttProtocolVersion.V5 && !server.SubscriptionIdentifierAvailable)
                return MqttReasonCode.SubscriptionIdentifiersNotSupported;
        }

        return null;
    }

    private void WriteAgain(OutgoingPublish publish)
    {
        if (publish.Stage == PublishStage.Released)
            PacketWriter.WriteAck(output, server.ProtocolVersion, PacketType.Pubrel, publish.PacketId, MqttReasonCode.Success);
        else if (!TryWrite(publish, isDuplicate: true))
            session.Outgoing.Fail(publish, TooLarge());
    }

    private void Write(OutgoingPublish publish)
    {
        if (Refusal(publish) is { } refusal)
        {
            session.Outgoing.Fail(publish, refusal);
            return;
        }

        if (!TryWrite(publish, isDuplicate: false))
        {
            session.Outgoing.Fail(publish, TooLarge());
            return;
        }

        session.Outgoing.MarkSent(publish);
        if (publish.Message.QualityOfService == MqttQualityOfService.AtMostOnce)
            _unflushed.Add(publish);
    }

    // MQTT 5 §3.2.2.3.4, §3.2.2.3.5
    private MqttClientException? Refusal(OutgoingPublish publish)
    {
        if (publish.RemainingSeconds <= 0)
            return new MqttClientException(MqttReasonCode.UnspecifiedError, "The message expired before it could be sent.");
        if (publish.Message.QualityOfService > server.MaximumQoS)
            return new MqttClientException(MqttReasonCode.QoSNotSupported, $"The server takes QoS {(int)server.MaximumQoS} at most.");
        return publish.Message.Retain && !server.RetainAvailable
            ? new MqttClientException(MqttReasonCode.RetainNotSupported, "The server keeps no retained messages.")
            : null;
    }

    private MqttClientException TooLarge() =>
        new(MqttReasonCode.PacketTooLarge, $"The message is larger than the {server.MaximumPacketSize} bytes that the server takes.");

    private bool TryWrite(OutgoingPublish publish, bool isDuplicate)
    {
        var topic = publish.Message.Topic;
        if (!_aliases.IsAvailable)
            return TryWrite(publish, isDuplicate, topic, alias: null);
        if (_aliases.TryUse(topic, out var alias))
            return TryWrite(publish, isDuplicate, "", alias);
        if (TryWrite(publish, isDuplicate, topic, _aliases.Next))
        {
            _aliases.Give(topic);
            return true;
        }

        return TryWrite(publish, isDuplicate, topic, alias: null);
    }

    private bool TryWrite(OutgoingPublish publish, bool isDuplicate, string topic, ushort? alias)
    {
        var message = publish.Message;
        var properties = server.ProtocolVersion == MqttProtocolVersion.V5 ? PublishWriter.PropertiesOf(message, null) : null;
        if (alias is not null)
            (properties ??= new PacketProperties()).TopicAlias = alias;
        if (properties is not null && publish.RemainingSeconds is { } seconds)
            properties.MessageExpiryInterval = (uint)Math.Max(seconds, 1); // one in flight does not expire any more
        var start = output.Length;
        PacketWriter.Write(output, server.ProtocolVersion, new PublishPacket
        {
            Duplicate = isDuplicate,
            QualityOfService = message.QualityOfService,
            Retain = message.Retain,
            Topic = topic,
            PacketId = publish.PacketId,
            Payload = message.Payload,
            Properties = properties,
        });
        if (output.Length - start <= server.MaximumPacketSize)
            return true;
        output.Truncate(start);
        return false;
    }
}

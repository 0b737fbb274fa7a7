using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Broker;

/// <summary>What each packet of a connected client does.</summary>
internal sealed class PacketHandler(BrokerContext broker, ClientConnection connection, PublishPipeline pipeline, CommitLine commits, uint askedExpiry)
{
    private readonly PublishHandler _publishes = new(broker, connection, pipeline, commits);
    private readonly SubscribeHandler _subscribes = new(broker, connection, commits);

    public ValueTask HandleAsync(MqttPacket packet)
    {
        switch (packet)
        {
            case PublishPacket publish:
                return _publishes.PublishAsync(publish);
            case AckPacket ack:
                _publishes.Acknowledge(ack);
                return default;
            case SubscribePacket subscribe:
                return _subscribes.SubscribeAsync(subscribe);
            case UnsubscribePacket unsubscribe:
                _subscribes.Unsubscribe(unsubscribe);
                return default;
            case PingPacket { Type: PacketType.Pingreq }:
                connection.Send(PingPacket.Response);
                return default;
            case ReasonPacket { Type: PacketType.Disconnect } disconnect:
                Disconnect(disconnect);
                return default;
            default:
                throw MqttProtocolException.ProtocolError($"{packet.Type} is not allowed here.");
        }
    }

    // DISCONNECT — MQTT 5 §3.14.4. In 3.1.1 it is always a normal one.
    private void Disconnect(ReasonPacket packet)
    {
        if (packet.Properties?.ServerReference is not null)
            throw MqttProtocolException.ProtocolError("Only a server names another server."); // §3.14.2.2.5
        if (IsServersOnly(packet.ReasonCode))
            throw MqttProtocolException.ProtocolError($"Only a server disconnects with 0x{(byte)packet.ReasonCode:X2}."); // §3.14.2.1
        if (packet.Properties?.SessionExpiryInterval is { } expiry)
        {
            if (askedExpiry == 0 && expiry != 0)
                throw MqttProtocolException.ProtocolError("The session expiry interval was 0 and cannot be set now."); // §3.14.2.2.2
            lock (connection.Session.Lock)
                connection.Session.ExpirySeconds = (uint)Math.Min(expiry, broker.Options.MaxSessionExpiry.TotalSeconds);
        }

        connection.Close(packet.ReasonCode == MqttReasonCode.Success ? Ending.ClientLeft : Ending.ClientSays(packet.ReasonCode));
    }

    private static bool IsServersOnly(MqttReasonCode code) =>
        (byte)code is 0x87 or 0x89 or 0x8B or >= 0x8D and <= 0x8F or >= 0x9A; // table of §3.14.2.1
}

namespace Automation.Mqtt.Packets;

/// <summary>Parses SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK — MQTT 5 §3.8 to §3.11.</summary>
internal static class SubscribeReader
{
    /// <summary>Most topic filters of one SUBSCRIBE or UNSUBSCRIBE: a packet of the greatest size could hold hundreds of thousands.</summary>
    public const int MaximumFilters = 1000;

    // SUBSCRIBE: packet identifier, [properties], then topic filter and options, once or more.
    public static SubscribePacket ReadSubscribe(bool isV5, ref BodyReader body)
    {
        var id = BodyParser.ReadPacketId(ref body);
        var properties = isV5 ? PropertyReader.Read(ref body, PropertyPlaces.Subscribe) : null;
        var requests = new List<SubscriptionRequest>(1);
        var excess = 0;
        while (body.Remaining > 0)
        {
            var request = ReadRequest(isV5, ref body);
            if (requests.Count < MaximumFilters)
                requests.Add(request);
            else
                excess++;
        }

        if (requests.Count == 0)
            throw MqttProtocolException.ProtocolError("A SUBSCRIBE holds no topic filter.");
        return new SubscribePacket { PacketId = id, Subscriptions = requests, Excess = excess, Properties = properties };
    }

    // Options: reserved (2), retain handling (2), retain as published, no local, QoS (2) — §3.8.3.1. 3.1.1 has the QoS only.
    private static SubscriptionRequest ReadRequest(bool isV5, ref BodyReader body)
    {
        var filter = body.ReadString();
        var options = body.ReadByte();
        if ((options & (isV5 ? 0xC0 : 0xFC)) != 0)
            throw MqttProtocolException.Malformed("A reserved subscription option is set.");
        if ((options & 0x03) == 3)
            throw isV5 ? MqttProtocolException.ProtocolError("The subscription's QoS is 3.") : MqttProtocolException.Malformed("The subscription's QoS is 3.");
        var handling = (byte)((options >> 4) & 0x03);
        if (handling == 3)
            throw MqttProtocolException.ProtocolError("Retain Handling is 3.");
        var noLocal = (options & 0x04) != 0;
        if (noLocal && filter.StartsWith("$share/", StringComparison.Ordinal))
            throw MqttProtocolException.ProtocolError("No Local is set on a shared subscription.");
        return new SubscriptionRequest(filter, (MqttQualityOfService)(options & 0x03), noLocal, (options & 0x08) != 0, handling);
    }

    // SUBACK, UNSUBACK: packet identifier, [properties], a reason code for each filter. A 3.1.1 UNSUBACK is the identifier only.
    public static SubackPacket ReadSuback(PacketType type, bool isV5, ref BodyReader body)
    {
        var id = BodyParser.ReadPacketId(ref body);
        var properties = isV5 ? PropertyReader.Read(ref body, (PropertyPlaces)(1 << (int)type)) : null;
        var codes = new List<MqttReasonCode>(1);
        while (body.Remaining > 0 && (isV5 || type == PacketType.Suback))
            codes.Add(isV5 ? body.ReadReasonCode(type) : ReadReturnCode(ref body));
        if (codes.Count == 0 && (isV5 || type == PacketType.Suback))
            throw MqttProtocolException.ProtocolError($"A {type} holds no reason code.");
        return new SubackPacket(type) { PacketId = id, ReasonCodes = codes, Properties = properties };
    }

    // UNSUBSCRIBE: packet identifier, [properties], topic filters, one or more.
    public static UnsubscribePacket ReadUnsubscribe(bool isV5, ref BodyReader body)
    {
        var id = BodyParser.ReadPacketId(ref body);
        var properties = isV5 ? PropertyReader.Read(ref body, PropertyPlaces.Unsubscribe) : null;
        var filters = new List<string>(1);
        while (body.Remaining > 0)
        {
            // An UNSUBACK has no code for "too many" (§3.11.3), and none at all in 3.1.1.
            if (filters.Count == MaximumFilters)
                throw new MqttProtocolException(MqttReasonCode.QuotaExceeded, $"An UNSUBSCRIBE holds more than {MaximumFilters} topic filters.");
            filters.Add(body.ReadString());
        }

        if (filters.Count == 0)
            throw MqttProtocolException.ProtocolError("An UNSUBSCRIBE holds no topic filter.");
        return new UnsubscribePacket { PacketId = id, Filters = filters, Properties = properties };
    }

    private static MqttReasonCode ReadReturnCode(ref BodyReader body)
    {
        var code = body.ReadByte();
        return code is <= 2 or 0x80 ? (MqttReasonCode)code : throw MqttProtocolException.ProtocolError($"Return code 0x{code:X2} is reserved.");
    }
}

namespace Automation.Mqtt.Packets;

/// <summary>Reads a property block: length, then identifier and value each — MQTT 5 §2.2.2.</summary>
internal static class PropertyReader
{
    /// <returns>The properties, or null when the block is empty.</returns>
    public static PacketProperties? Read(ref BodyReader body, PropertyPlaces place)
    {
        var length = body.ReadVariableInteger();
        if (length == 0)
            return null;

        var block = body.Slice(length);
        var properties = new PacketProperties();
        List<uint>? identifiers = null;
        List<MqttUserProperty>? userProperties = null;
        ulong seen = 0;
        while (block.Remaining > 0)
        {
            var number = block.ReadVariableInteger();
            var allowed = PropertyTable.PlacesOf(number);
            if ((allowed & place) == 0)
                throw MqttProtocolException.Malformed($"Property 0x{number:X2} is not allowed in {place}.");
            var id = (PropertyId)number;
            if ((seen & (1UL << (int)id)) != 0 && !PropertyTable.MayRepeat(id, place))
                throw MqttProtocolException.ProtocolError($"Property {id} stands twice in {place}.");
            seen |= 1UL << (int)id;

            if (id == PropertyId.UserProperty)
                (userProperties ??= []).Add(new MqttUserProperty(block.ReadString(), block.ReadString()));
            else if (id == PropertyId.SubscriptionIdentifier)
                (identifiers ??= []).Add(NotZero(block.ReadVariableInteger(), id));
            else
                ReadSingle(ref block, id, properties);
        }

        properties.SubscriptionIdentifiers = identifiers;
        properties.UserProperties = userProperties;
        if (properties is { AuthenticationData: not null, AuthenticationMethod: null })
            throw MqttProtocolException.ProtocolError("Authentication Data stands without an Authentication Method.");
        return properties;
    }

    private static void ReadSingle(ref BodyReader block, PropertyId id, PacketProperties to)
    {
        switch (id)
        {
            case PropertyId.PayloadFormatIndicator: to.PayloadFormatIndicator = Flag(ref block, id); break;
            case PropertyId.MessageExpiryInterval: to.MessageExpiryInterval = block.ReadUInt32(); break;
            case PropertyId.ContentType: to.ContentType = block.ReadString(); break;
            case PropertyId.ResponseTopic: to.ResponseTopic = block.ReadString(); break;
            case PropertyId.CorrelationData: to.CorrelationData = block.ReadBinary(); break;
            case PropertyId.SessionExpiryInterval: to.SessionExpiryInterval = block.ReadUInt32(); break;
            case PropertyId.AssignedClientIdentifier: to.AssignedClientIdentifier = block.ReadString(); break;
            case PropertyId.ServerKeepAlive: to.ServerKeepAlive = block.ReadUInt16(); break;
            case PropertyId.AuthenticationMethod: to.AuthenticationMethod = block.ReadString(); break;
            case PropertyId.AuthenticationData: to.AuthenticationData = block.ReadBinary(); break;
            case PropertyId.RequestProblemInformation: to.RequestProblemInformation = Flag(ref block, id); break;
            case PropertyId.WillDelayInterval: to.WillDelayInterval = block.ReadUInt32(); break;
            case PropertyId.RequestResponseInformation: to.RequestResponseInformation = Flag(ref block, id); break;
            case PropertyId.ResponseInformation: to.ResponseInformation = block.ReadString(); break;
            case PropertyId.ServerReference: to.ServerReference = block.ReadString(); break;
            case PropertyId.ReasonString: to.ReasonString = block.ReadString(); break;
            case PropertyId.ReceiveMaximum: to.ReceiveMaximum = (ushort)NotZero(block.ReadUInt16(), id); break;
            case PropertyId.TopicAliasMaximum: to.TopicAliasMaximum = block.ReadUInt16(); break;
            case PropertyId.TopicAlias: to.TopicAlias = Alias(block.ReadUInt16()); break;
            case PropertyId.MaximumQoS: to.MaximumQoS = Flag(ref block, id); break;
            case PropertyId.RetainAvailable: to.RetainAvailable = Flag(ref block, id); break;
            case PropertyId.MaximumPacketSize: to.MaximumPacketSize = NotZero(block.ReadUInt32(), id); break;
            case PropertyId.WildcardSubscriptionAvailable: to.WildcardSubscriptionAvailable = Flag(ref block, id); break;
            case PropertyId.SubscriptionIdentifierAvailable: to.SubscriptionIdentifierAvailable = Flag(ref block, id); break;
            case PropertyId.SharedSubscriptionAvailable: to.SharedSubscriptionAvailable = Flag(ref block, id); break;
            default: throw MqttProtocolException.Malformed($"Property {id} is not single.");
        }
    }

    private static byte Flag(ref BodyReader block, PropertyId id)
    {
        var value = block.ReadByte();
        return value <= 1 ? value : throw MqttProtocolException.ProtocolError($"Property {id} is neither 0 nor 1.");
    }

    private static uint NotZero(uint value, PropertyId id) =>
        value != 0 ? value : throw MqttProtocolException.ProtocolError($"Property {id} is 0.");

    private static ushort Alias(ushort value) =>
        value != 0 ? value : throw new MqttProtocolException(MqttReasonCode.TopicAliasInvalid, "The topic alias is 0.");
}

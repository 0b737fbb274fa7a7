namespace Automation.Mqtt.Packets;

/// <summary>Writes a property block in the order of the identifiers — MQTT 5 §2.2.2.</summary>
internal static class PropertyWriter
{
    public static void Write(ref BodyWriter body, PacketProperties? properties)
    {
        if (properties is null)
        {
            body.WriteByte(0);
            return;
        }

        var block = new BodyWriter(256);
        try
        {
            WriteMessageProperties(ref block, properties);
            WriteConnectionProperties(ref block, properties);
            WriteUserProperties(ref block, properties.UserProperties);
            body.WriteVariableInteger((uint)block.Written.Length);
            body.WriteBytes(block.Written);
        }
        finally
        {
            block.Dispose();
        }
    }

    private static void WriteMessageProperties(ref BodyWriter block, PacketProperties p)
    {
        Byte(ref block, PropertyId.PayloadFormatIndicator, p.PayloadFormatIndicator);
        // Early in the block: a shared PUBLISH is patched at this place before it is sent.
        Four(ref block, PropertyId.MessageExpiryInterval, p.MessageExpiryInterval);
        Text(ref block, PropertyId.ContentType, p.ContentType);
        Text(ref block, PropertyId.ResponseTopic, p.ResponseTopic);
        Binary(ref block, PropertyId.CorrelationData, p.CorrelationData);
        Two(ref block, PropertyId.TopicAlias, p.TopicAlias);
        Four(ref block, PropertyId.WillDelayInterval, p.WillDelayInterval);
        if (p.SubscriptionIdentifiers is not { } identifiers)
            return;
        foreach (var identifier in identifiers)
        {
            block.WriteByte((byte)PropertyId.SubscriptionIdentifier);
            block.WriteVariableInteger(identifier);
        }
    }

    private static void WriteConnectionProperties(ref BodyWriter block, PacketProperties p)
    {
        Four(ref block, PropertyId.SessionExpiryInterval, p.SessionExpiryInterval);
        Text(ref block, PropertyId.AssignedClientIdentifier, p.AssignedClientIdentifier);
        Two(ref block, PropertyId.ServerKeepAlive, p.ServerKeepAlive);
        Text(ref block, PropertyId.AuthenticationMethod, p.AuthenticationMethod);
        Binary(ref block, PropertyId.AuthenticationData, p.AuthenticationData);
        Byte(ref block, PropertyId.RequestProblemInformation, p.RequestProblemInformation);
        Byte(ref block, PropertyId.RequestResponseInformation, p.RequestResponseInformation);
        Text(ref block, PropertyId.ResponseInformation, p.ResponseInformation);
        Text(ref block, PropertyId.ServerReference, p.ServerReference);
        Text(ref block, PropertyId.ReasonString, p.ReasonString);
        Two(ref block, PropertyId.ReceiveMaximum, p.ReceiveMaximum);
        Two(ref block, PropertyId.TopicAliasMaximum, p.TopicAliasMaximum);
        Byte(ref block, PropertyId.MaximumQoS, p.MaximumQoS);
        Byte(ref block, PropertyId.RetainAvailable, p.RetainAvailable);
        Four(ref block, PropertyId.MaximumPacketSize, p.MaximumPacketSize);
        Byte(ref block, PropertyId.WildcardSubscriptionAvailable, p.WildcardSubscriptionAvailable);
        Byte(ref block, PropertyId.SubscriptionIdentifierAvailable, p.SubscriptionIdentifierAvailable);
        Byte(ref block, PropertyId.SharedSubscriptionAvailable, p.SharedSubscriptionAvailable);
    }

    private static void WriteUserProperties(ref BodyWriter block, IReadOnlyList<MqttUserProperty>? properties)
    {
        if (properties is null)
            return;
        foreach (var property in properties)
        {
            block.WriteByte((byte)PropertyId.UserProperty);
            block.WriteString(property.Name);
            block.WriteString(property.Value);
        }
    }

    private static void Byte(ref BodyWriter block, PropertyId id, byte? value)
    {
        if (value is not { } present)
            return;
        block.WriteByte((byte)id);
        block.WriteByte(present);
    }

    private static void Two(ref BodyWriter block, PropertyId id, ushort? value)
    {
        if (value is not { } present)
            return;
        block.WriteByte((byte)id);
        block.WriteUInt16(present);
    }

    private static void Four(ref BodyWriter block, PropertyId id, uint? value)
    {
        if (value is not { } present)
            return;
        block.WriteByte((byte)id);
        block.WriteUInt32(present);
    }

    private static void Text(ref BodyWriter block, PropertyId id, string? value)
    {
        if (value is null)
            return;
        block.WriteByte((byte)id);
        block.WriteString(value);
    }

    private static void Binary(ref BodyWriter block, PropertyId id, byte[]? value)
    {
        if (value is null)
            return;
        block.WriteByte((byte)id);
        block.WriteBinary(value);
    }
}

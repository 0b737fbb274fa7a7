using Automation.Mqtt.Packets;
using FsCheck;
using FsCheck.Fluent;

namespace Automation.Mqtt.Tests.Packets;

/// <summary>Random packets that the standard allows.</summary>
internal static class PacketGenerators
{
    private static readonly Gen<string> Text = Gen.Elements("", "a", "room/1", "grün €", "𝄞 clef", new string('x', 300)).Or(
        Gen.Choose(0, 40).SelectMany(size => Gen.ArrayOf(Gen.Choose(0x20, 0x24F), size)).Select(codes => new string([.. codes.Select(code => (char)code)])));

    private static readonly Gen<string> Topic = Gen.Elements("a", "/", "plants/1/rooms/2/temperature", "$SYS/x", "é/ü", new string('t', 200));
    private static readonly Gen<byte[]> Bytes = Gen.Choose(0, 200).SelectMany(size => Gen.ArrayOf(Gen.Choose(0, 255), size)).Select(all => all.Select(one => (byte)one).ToArray());
    private static readonly Gen<ushort> PacketId = Gen.Choose(1, ushort.MaxValue).Select(id => (ushort)id);
    private static readonly Gen<ushort> Short = Gen.Choose(0, ushort.MaxValue).Select(value => (ushort)value);
    private static readonly Gen<uint> Number = Gen.Elements(0u, 1u, 59u, uint.MaxValue);
    private static readonly Gen<bool> Coin = Gen.Elements(true, false);
    private static readonly Gen<MqttQualityOfService> QoS = Gen.Elements(Enum.GetValues<MqttQualityOfService>());

    public static Gen<(MqttProtocolVersion Version, MqttPacket Packet)> Any { get; } =
        from version in Gen.Elements(MqttProtocolVersion.V311, MqttProtocolVersion.V5)
        from type in Gen.Elements(Enum.GetValues<PacketType>().Where(type => version == MqttProtocolVersion.V5 || type != PacketType.Auth).ToArray())
        from packet in OfType(type, version)
        select (version, packet);

    public static Gen<MqttPacket> OfType(PacketType type, MqttProtocolVersion version)
    {
        var isV5 = version == MqttProtocolVersion.V5;
        return type switch
        {
            PacketType.Connect => Connect(version),
            PacketType.Connack => Connack(isV5),
            PacketType.Publish => Publish(isV5),
            PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp => Ack(type, isV5),
            PacketType.Subscribe => Subscribe(isV5),
            PacketType.Suback or PacketType.Unsuback => Suback(type, isV5),
            PacketType.Unsubscribe => Unsubscribe(isV5),
            PacketType.Pingreq => Gen.Constant<MqttPacket>(PingPacket.Request),
            PacketType.Pingresp => Gen.Constant<MqttPacket>(PingPacket.Response),
            _ => Reason(type, isV5),
        };
    }

    private static Gen<PacketProperties?> Properties(PropertyPlaces place, bool isV5)
    {
        if (!isV5)
            return Gen.Constant<PacketProperties?>(null);
        var ids = Enum.GetValues<PropertyId>().Where(id => (PropertyTable.PlacesOf((uint)id) & place) != 0).ToArray();
        return from chosen in Gen.SubListOf(ids)
               from text in Text
               from topic in Topic
               from bytes in Bytes
               from number in Number
               from small in PacketId
               from flag in Gen.Elements((byte)0, (byte)1)
               from identifiers in Gen.NonEmptyListOf(Gen.Elements(1u, 127u, 128u, VariableInteger.Maximum))
               from users in Gen.NonEmptyListOf(Text.Two().Select(pair => new MqttUserProperty(pair.Item1, pair.Item2)))
               select Build(chosen, place, text, topic, bytes, number, small, flag, identifiers, users);
    }

    private static PacketProperties? Build(
        List<PropertyId> chosen, PropertyPlaces place, string text, string topic, byte[] bytes, uint number, ushort small, byte flag,
        IList<uint> identifiers, IList<MqttUserProperty> users)
    {
        if (chosen.Count == 0)
            return null;
        var has = chosen.ToHashSet();
        return new PacketProperties
        {
            PayloadFormatIndicator = has.Contains(PropertyId.PayloadFormatIndicator) ? flag : null,
            MessageExpiryInterval = has.Contains(PropertyId.MessageExpiryInterval) ? number : null,
            ContentType = has.Contains(PropertyId.ContentType) ? text : null,
            ResponseTopic = has.Contains(PropertyId.ResponseTopic) ? topic : null,
            CorrelationData = has.Contains(PropertyId.CorrelationData) ? bytes : null,
            SubscriptionIdentifiers = has.Contains(PropertyId.SubscriptionIdentifier) ? [.. identifiers.Take(place == PropertyPlaces.Publish ? 9 : 1)] : null,
            SessionExpiryInterval = has.Contains(PropertyId.SessionExpiryInterval) ? number : null,
            AssignedClientIdentifier = has.Contains(PropertyId.AssignedClientIdentifier) ? text : null,
            ServerKeepAlive = has.Contains(PropertyId.ServerKeepAlive) ? small : null,
            AuthenticationMethod = has.Contains(PropertyId.AuthenticationMethod) || has.Contains(PropertyId.AuthenticationData) ? text : null,
            AuthenticationData = has.Contains(PropertyId.AuthenticationData) ? bytes : null,
            RequestProblemInformation = has.Contains(PropertyId.RequestProblemInformation) ? flag : null,
            WillDelayInterval = has.Contains(PropertyId.WillDelayInterval) ? number : null,
            RequestResponseInformation = has.Contains(PropertyId.RequestResponseInformation) ? flag : null,
            ResponseInformation = has.Contains(PropertyId.ResponseInformation) ? text : null,
            ServerReference = has.Contains(PropertyId.ServerReference) ? text : null,
            ReasonString = has.Contains(PropertyId.ReasonString) ? text : null,
            ReceiveMaximum = has.Contains(PropertyId.ReceiveMaximum) ? small : null,
            TopicAliasMaximum = has.Contains(PropertyId.TopicAliasMaximum) ? small : null,
            TopicAlias = has.Contains(PropertyId.TopicAlias) ? small : null,
            MaximumQoS = has.Contains(PropertyId.MaximumQoS) ? flag : null,
            RetainAvailable = has.Contains(PropertyId.RetainAvailable) ? flag : null,
            UserProperties = has.Contains(PropertyId.UserProperty) ? [.. users] : null,
            MaximumPacketSize = has.Contains(PropertyId.MaximumPacketSize) ? Math.Max(1, number) : null,
            WildcardSubscriptionAvailable = has.Contains(PropertyId.WildcardSubscriptionAvailable) ? flag : null,
            SubscriptionIdentifierAvailable = has.Contains(PropertyId.SubscriptionIdentifierAvailable) ? flag : null,
            SharedSubscriptionAvailable = has.Contains(PropertyId.SharedSubscriptionAvailable) ? flag : null,
        };
    }

    private static Gen<MqttReasonCode> ReasonCode(PacketType type) =>
        Gen.Elements(Enumerable.Range(0, 256).Where(code => ReasonCodeTable.IsAllowed(type, (byte)code)).Select(code => (MqttReasonCode)code).ToArray());

    private static Gen<MqttPacket> Connect(MqttProtocolVersion version) =>
        from clean in Coin
        from keepAlive in Short
        from clientId in Text
        from hasWill in Coin
        from will in Will(version == MqttProtocolVersion.V5)
        from userName in Gen.OneOf(Text.Select(text => (string?)text), Gen.Constant<string?>(null))
        from password in Gen.OneOf(Bytes.Select(bytes => (byte[]?)bytes), Gen.Constant<byte[]?>(null))
        from properties in Properties(PropertyPlaces.Connect, version == MqttProtocolVersion.V5)
        select (MqttPacket)new ConnectPacket
        {
            Version = version,
            CleanStart = clean,
            KeepAlive = keepAlive,
            ClientId = clientId,
            Will = hasWill ? will : null,
            UserName = userName,
            Password = version == MqttProtocolVersion.V311 && userName is null ? null : password,
            Properties = properties,
        };

    private static Gen<WillFields> Will(bool isV5) =>
        from topic in Topic
        from payload in Bytes
        from qos in QoS
        from retain in Coin
        from properties in Properties(PropertyPlaces.Will, isV5)
        select new WillFields { Topic = topic, Payload = payload, QualityOfService = qos, Retain = retain, Properties = properties };

    private static Gen<MqttPacket> Connack(bool isV5) =>
        from present in Coin
        from code in isV5 ? ReasonCode(PacketType.Connack).Select(code => (byte)code) : Gen.Choose(0, 5).Select(code => (byte)code)
        from properties in Properties(PropertyPlaces.Connack, isV5)
        select (MqttPacket)new ConnackPacket { SessionPresent = present && code == 0, ReturnCode = code, Properties = properties };

    private static Gen<MqttPacket> Publish(bool isV5) =>
        from duplicate in Coin
        from qos in QoS
        from retain in Coin
        from topic in Topic
        from id in PacketId
        from payload in Bytes
        from properties in Properties(PropertyPlaces.Publish, isV5)
        select (MqttPacket)new PublishPacket
        {
            Duplicate = duplicate && qos != MqttQualityOfService.AtMostOnce,
            QualityOfService = qos,
            Retain = retain,
            Topic = properties?.TopicAlias is not null && retain ? "" : topic,
            PacketId = qos == MqttQualityOfService.AtMostOnce ? (ushort)0 : id,
            Payload = payload,
            Properties = properties,
        };

    private static Gen<MqttPacket> Ack(PacketType type, bool isV5) =>
        from id in PacketId
        from code in isV5 ? ReasonCode(type) : Gen.Constant(MqttReasonCode.Success)
        from properties in Properties((PropertyPlaces)(1 << (int)type), isV5)
        select (MqttPacket)new AckPacket(type) { PacketId = id, ReasonCode = code, Properties = properties };

    private static Gen<MqttPacket> Subscribe(bool isV5) =>
        from id in PacketId
        from requests in Gen.NonEmptyListOf(Request(isV5))
        from properties in Properties(PropertyPlaces.Subscribe, isV5)
        select (MqttPacket)new SubscribePacket { PacketId = id, Subscriptions = [.. requests], Properties = properties };

    private static Gen<SubscriptionRequest> Request(bool isV5) =>
        from filter in Gen.Elements("#", "a/+", "$share/g/a/#", "é")
        from qos in QoS
        from noLocal in Coin
        from asPublished in Coin
        from handling in Gen.Choose(0, 2)
        select isV5
            ? new SubscriptionRequest(filter, qos, noLocal && !filter.StartsWith('$'), asPublished, (byte)handling)
            : new SubscriptionRequest(filter, qos);

    private static Gen<MqttPacket> Suback(PacketType type, bool isV5) =>
        from id in PacketId
        from codes in Gen.NonEmptyListOf(isV5
            ? ReasonCode(type)
            : Gen.Elements(MqttReasonCode.Success, MqttReasonCode.GrantedQoS1, MqttReasonCode.GrantedQoS2, MqttReasonCode.UnspecifiedError))
        from properties in Properties((PropertyPlaces)(1 << (int)type), isV5)
        select (MqttPacket)new SubackPacket(type) { PacketId = id, ReasonCodes = !isV5 && type == PacketType.Unsuback ? [] : [.. codes], Properties = properties };

    private static Gen<MqttPacket> Unsubscribe(bool isV5) =>
        from id in PacketId
        from filters in Gen.NonEmptyListOf(Topic)
        from properties in Properties(PropertyPlaces.Unsubscribe, isV5)
        select (MqttPacket)new UnsubscribePacket { PacketId = id, Filters = [.. filters], Properties = properties };

    private static Gen<MqttPacket> Reason(PacketType type, bool isV5) =>
        from code in isV5 ? ReasonCode(type) : Gen.Constant(MqttReasonCode.Success)
        from properties in Properties((PropertyPlaces)(1 << (int)type), isV5)
        select (MqttPacket)new ReasonPacket(type) { ReasonCode = code, Properties = properties };
}

namespace Automation.Mqtt.Packets;

/// <summary>Property identifiers — MQTT 5 §2.2.2.2.</summary>
internal enum PropertyId : byte
{
    PayloadFormatIndicator = 0x01,
    MessageExpiryInterval = 0x02,
    ContentType = 0x03,
    ResponseTopic = 0x08,
    CorrelationData = 0x09,
    SubscriptionIdentifier = 0x0B,
    SessionExpiryInterval = 0x11,
    AssignedClientIdentifier = 0x12,
    ServerKeepAlive = 0x13,
    AuthenticationMethod = 0x15,
    AuthenticationData = 0x16,
    RequestProblemInformation = 0x17,
    WillDelayInterval = 0x18,
    RequestResponseInformation = 0x19,
    ResponseInformation = 0x1A,
    ServerReference = 0x1C,
    ReasonString = 0x1F,
    ReceiveMaximum = 0x21,
    TopicAliasMaximum = 0x22,
    TopicAlias = 0x23,
    MaximumQoS = 0x24,
    RetainAvailable = 0x25,
    UserProperty = 0x26,
    MaximumPacketSize = 0x27,
    WildcardSubscriptionAvailable = 0x28,
    SubscriptionIdentifierAvailable = 0x29,
    SharedSubscriptionAvailable = 0x2A,
}

/// <summary>The places that hold properties: a bit for each packet type, and bit 0 for the will of a CONNECT.</summary>
[Flags]
internal enum PropertyPlaces : ushort
{
    None = 0,
    Will = 1 << 0,
    Connect = 1 << PacketType.Connect,
    Connack = 1 << PacketType.Connack,
    Publish = 1 << PacketType.Publish,
    Puback = 1 << PacketType.Puback,
    Pubrec = 1 << PacketType.Pubrec,
    Pubrel = 1 << PacketType.Pubrel,
    Pubcomp = 1 << PacketType.Pubcomp,
    Subscribe = 1 << PacketType.Subscribe,
    Suback = 1 << PacketType.Suback,
    Unsubscribe = 1 << PacketType.Unsubscribe,
    Unsuback = 1 << PacketType.Unsuback,
    Disconnect = 1 << PacketType.Disconnect,
    Auth = 1 << PacketType.Auth,
    Acks = Puback | Pubrec | Pubrel | Pubcomp | Suback | Unsuback,
    All = Will | Connect | Connack | Publish | Acks | Subscribe | Unsubscribe | Disconnect | Auth,
}

/// <summary>Which property may stand where — the table of MQTT 5 §2.2.2.2.</summary>
internal static class PropertyTable
{
    private static readonly PropertyPlaces[] Places = Build();

    /// <summary>Where the property may stand; <see cref="PropertyPlaces.None"/> for an unknown identifier.</summary>
    public static PropertyPlaces PlacesOf(uint id) => id < (uint)Places.Length ? Places[id] : PropertyPlaces.None;

    /// <summary>User properties may repeat everywhere, subscription identifiers only in a PUBLISH (§3.3.2.3.8).</summary>
    public static bool MayRepeat(PropertyId id, PropertyPlaces place) =>
        id == PropertyId.UserProperty || (id == PropertyId.SubscriptionIdentifier && place == PropertyPlaces.Publish);

    private static PropertyPlaces[] Build()
    {
        var places = new PropertyPlaces[(int)PropertyId.SharedSubscriptionAvailable + 1];
        Set(PropertyPlaces.Publish | PropertyPlaces.Will,
            PropertyId.PayloadFormatIndicator, PropertyId.MessageExpiryInterval, PropertyId.ContentType, PropertyId.ResponseTopic, PropertyId.CorrelationData);
        Set(PropertyPlaces.Publish | PropertyPlaces.Subscribe, PropertyId.SubscriptionIdentifier);
        Set(PropertyPlaces.Connect | PropertyPlaces.Connack | PropertyPlaces.Disconnect, PropertyId.SessionExpiryInterval);
        Set(PropertyPlaces.Connect | PropertyPlaces.Connack | PropertyPlaces.Auth, PropertyId.AuthenticationMethod, PropertyId.AuthenticationData);
        Set(PropertyPlaces.Connect, PropertyId.RequestProblemInformation, PropertyId.RequestResponseInformation);
        Set(PropertyPlaces.Will, PropertyId.WillDelayInterval);
        Set(PropertyPlaces.Connect | PropertyPlaces.Connack, PropertyId.ReceiveMaximum, PropertyId.TopicAliasMaximum, PropertyId.MaximumPacketSize);
        Set(PropertyPlaces.Connack,
            PropertyId.AssignedClientIdentifier, PropertyId.ServerKeepAlive, PropertyId.ResponseInformation, PropertyId.MaximumQoS, PropertyId.RetainAvailable,
            PropertyId.WildcardSubscriptionAvailable, PropertyId.SubscriptionIdentifierAvailable, PropertyId.SharedSubscriptionAvailable);
        Set(PropertyPlaces.Connack | PropertyPlaces.Disconnect, PropertyId.ServerReference);
        Set(PropertyPlaces.Connack | PropertyPlaces.Acks | PropertyPlaces.Disconnect | PropertyPlaces.Auth, PropertyId.ReasonString);
        Set(PropertyPlaces.Publish, PropertyId.TopicAlias);
        Set(PropertyPlaces.All, PropertyId.UserProperty);
        return places;

        void Set(PropertyPlaces where, params ReadOnlySpan<PropertyId> ids)
        {
            foreach (var id in ids)
                places[(int)id] = where;
        }
    }
}

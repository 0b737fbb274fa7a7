namespace Automation.Mqtt;

/// <summary>Outcome of an operation, as MQTT 5 §2.4 numbers them. Values of 0x80 and above are failures.</summary>
public enum MqttReasonCode : byte
{
    /// <summary>Success; also "normal disconnection" and "granted QoS 0".</summary>
    Success = 0x00,

    /// <summary>The subscription was accepted with QoS 1 at most.</summary>
    GrantedQoS1 = 0x01,

    /// <summary>The subscription was accepted with QoS 2 at most.</summary>
    GrantedQoS2 = 0x02,

    /// <summary>The client disconnects and wants its will published.</summary>
    DisconnectWithWillMessage = 0x04,

    /// <summary>The message was accepted, but nobody wanted it.</summary>
    NoMatchingSubscribers = 0x10,

    /// <summary>There was no such subscription to remove.</summary>
    NoSubscriptionExisted = 0x11,

    /// <summary>Authentication goes on with another step.</summary>
    ContinueAuthentication = 0x18,

    /// <summary>The client starts to authenticate again.</summary>
    ReAuthenticate = 0x19,

    /// <summary>Failure without a more telling code.</summary>
    UnspecifiedError = 0x80,

    /// <summary>The bytes could not be parsed as the standard demands.</summary>
    MalformedPacket = 0x81,

    /// <summary>The packet parses but is not allowed here.</summary>
    ProtocolError = 0x82,

    /// <summary>Valid, but this implementation does not accept it.</summary>
    ImplementationSpecificError = 0x83,

    /// <summary>The protocol level of the CONNECT is not supported.</summary>
    UnsupportedProtocolVersion = 0x84,

    /// <summary>The client identifier is valid, but not allowed.</summary>
    ClientIdentifierNotValid = 0x85,

    /// <summary>The user name or password is wrong.</summary>
    BadUserNameOrPassword = 0x86,

    /// <summary>The client may not do this.</summary>
    NotAuthorized = 0x87,

    /// <summary>The server is not available.</summary>
    ServerUnavailable = 0x88,

    /// <summary>The server is busy; try again later.</summary>
    ServerBusy = 0x89,

    /// <summary>The client is barred.</summary>
    Banned = 0x8A,

    /// <summary>The server is shutting down.</summary>
    ServerShuttingDown = 0x8B,

    /// <summary>The authentication method is not supported, or is not the one in use.</summary>
    BadAuthenticationMethod = 0x8C,

    /// <summary>No packet came for one and a half times the keep alive.</summary>
    KeepAliveTimeout = 0x8D,

    /// <summary>Another connection uses the same client identifier.</summary>
    SessionTakenOver = 0x8E,

    /// <summary>The topic filter is well formed text, but not acceptable.</summary>
    TopicFilterInvalid = 0x8F,

    /// <summary>The topic name is well formed text, but not acceptable.</summary>
    TopicNameInvalid = 0x90,

    /// <summary>The packet identifier is in use already.</summary>
    PacketIdentifierInUse = 0x91,

    /// <summary>The packet identifier is not known.</summary>
    PacketIdentifierNotFound = 0x92,

    /// <summary>More unacknowledged messages than the Receive Maximum allows.</summary>
    ReceiveMaximumExceeded = 0x93,

    /// <summary>The topic alias is zero, too great or unknown.</summary>
    TopicAliasInvalid = 0x94,

    /// <summary>The packet is larger than the Maximum Packet Size.</summary>
    PacketTooLarge = 0x95,

    /// <summary>Too many messages in too short a time.</summary>
    MessageRateTooHigh = 0x96,

    /// <summary>A limit of the implementation or of its administrator has been reached.</summary>
    QuotaExceeded = 0x97,

    /// <summary>An administrator closed the connection.</summary>
    AdministrativeAction = 0x98,

    /// <summary>The payload is not in the format its indicator says.</summary>
    PayloadFormatInvalid = 0x99,

    /// <summary>Retained messages are not supported.</summary>
    RetainNotSupported = 0x9A,

    /// <summary>The QoS is higher than the server supports.</summary>
    QoSNotSupported = 0x9B,

    /// <summary>Use another server for now.</summary>
    UseAnotherServer = 0x9C,

    /// <summary>Use another server from now on.</summary>
    ServerMoved = 0x9D,

    /// <summary>Shared subscriptions are not supported.</summary>
    SharedSubscriptionsNotSupported = 0x9E,

    /// <summary>Too many connections in too short a time.</summary>
    ConnectionRateExceeded = 0x9F,

    /// <summary>The longest time for a connection has passed.</summary>
    MaximumConnectTime = 0xA0,

    /// <summary>Subscription identifiers are not supported.</summary>
    SubscriptionIdentifiersNotSupported = 0xA1,

    /// <summary>Filters with wildcards are not supported.</summary>
    WildcardSubscriptionsNotSupported = 0xA2,
}

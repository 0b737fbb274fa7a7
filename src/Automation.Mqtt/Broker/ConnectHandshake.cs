using System.Net;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Topics;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>Decides about a CONNECT: identifier, hook, limits, what the CONNACK says — MQTT 5 §3.1 and §3.2.</summary>
internal static class ConnectHandshake
{
    private const string ClientIdPlace = "{clientid}";

    /// <summary>The CONNACK for bytes that are no acceptable CONNECT, and the version to write it in; null to close without a word.</summary>
    public static ConnackPacket? Refusal(MqttProtocolException exception, out MqttProtocolVersion version)
    {
        version = exception.ConnectProtocolLevel >= (byte)MqttProtocolVersion.V5 ? MqttProtocolVersion.V5 : MqttProtocolVersion.V311;
        if (exception.ConnectProtocolLevel is null)
            return null;
        // 3.1.1 knows one answer to a broken CONNECT: unacceptable protocol version (§3.1.2.2). All else is closed.
        if (version == MqttProtocolVersion.V311 && exception.ReasonCode != MqttReasonCode.UnsupportedProtocolVersion)
            return null;
        return Refusal(version, exception.ReasonCode, exception.Message);
    }

    public static ConnackPacket Refusal(MqttProtocolVersion version, MqttReasonCode reason, string? text = null)
    {
        if (version == MqttProtocolVersion.V311)
            return new ConnackPacket { ReturnCode = ReturnCodeOf(reason) };
        var allowed = ReasonCodeTable.IsAllowed(PacketType.Connack, (byte)reason) ? reason : MqttReasonCode.UnspecifiedError;
        return new ConnackPacket { ReturnCode = (byte)allowed, Properties = text is null ? null : new PacketProperties { ReasonString = text } };
    }

    /// <summary>Checks that need no session.</summary>
    /// <returns>The answer, the client under the name that the hook gave it, and whether it is still welcome; null for always.</returns>
    public static async ValueTask<(MqttReasonCode Reason, MqttClientInfo Client, Func<bool>? IsStillWelcome)> DecideAsync(
        BrokerContext broker, ConnectPacket connect, MqttClientInfo client, Connection transport)
    {
        if (connect.Properties?.AuthenticationMethod is not null)
            return (MqttReasonCode.BadAuthenticationMethod, client, null);
        if (connect is { ClientId: "", Version: MqttProtocolVersion.V311, CleanStart: false })
            return (MqttReasonCode.ClientIdentifierNotValid, client, null); // 3.1.1 §3.1.3.1

        if (broker.Options.OnConnect is null && !IPAddress.IsLoopback(client.RemoteEndPoint.Address))
            return (MqttReasonCode.NotAuthorized, client, null);
        var context = new MqttConnectContext
        {
            ClientId = client.ClientId,
            UserName = connect.UserName,
            Password = connect.Password is { } password ? new ReadOnlyMemory<byte>(password) : default(ReadOnlyMemory<byte>?),
            RemoteEndPoint = client.RemoteEndPoint,
            Transport = transport.Transport,
            ClientCertificate = transport.PeerCertificate,
            Version = connect.Version,
            UserProperties = connect.Properties?.UserProperties ?? [],
        };
        // What must be told has to fit; 0x95 does in five bytes — §3.1.2.11.4.
        if (Acceptance(broker.Options, connect, client, isPresent: false, ExpirySeconds(broker.Options, connect)) is null)
            return (MqttReasonCode.PacketTooLarge, client, null);
        var answer = await broker.AskAsync(broker.Options.OnConnect, context, "OnConnect");
        if (context.UserName != client.UserName)
            client = client with { UserName = context.UserName };
        if (answer >= MqttReasonCode.UnspecifiedError || WillOf(connect, client) is not { } will)
            return (answer, client, context.IsStillWelcome);
        if (SystemTopics.Owns(will.Message.Topic))
            return (MqttReasonCode.NotAuthorized, client, context.IsStillWelcome);
        if (TopicLevels.AreMoreThan(broker.Options.MaxTopicLevels, will.Message.Topic))
            return (MqttReasonCode.TopicNameInvalid, client, context.IsStillWelcome);
        if (will.Message is { Retain: true, Payload.IsEmpty: false } && !broker.Retained.HasRoomFor(will.Message))
            return (MqttReasonCode.QuotaExceeded, client, context.IsStillWelcome);
        answer = await broker.AskAsync(
            broker.Options.AuthorizePublish, new MqttPublishContext { Client = client, Message = will.Message, IsWill = true }, "AuthorizePublish");
        return (answer, client, context.IsStillWelcome);
    }

    /// <summary>The CONNACK for a client that is let in, no larger than it takes; null when that cannot be.</summary>
    public static ConnackPacket? Acceptance(MqttBrokerOptions options, ConnectPacket connect, MqttClientInfo client, bool isPresent, uint expirySeconds)
    {
        if (connect.Version == MqttProtocolVersion.V311)
            return new ConnackPacket { SessionPresent = isPresent };
        var keepAlive = KeepAlive(options, connect);
        var properties = new PacketProperties
        {
            AssignedClientIdentifier = connect.ClientId.Length == 0 ? client.ClientId : null,
            SessionExpiryInterval = expirySeconds != (connect.Properties?.SessionExpiryInterval ?? 0) ? expirySeconds : null,
            ServerKeepAlive = keepAlive != connect.KeepAlive ? keepAlive : null,
            ReceiveMaximum = options.ReceiveMaximum,
            MaximumPacketSize = (uint)options.MaxPacketBytes,
            TopicAliasMaximum = options.TopicAliasMaximum,
            ResponseInformation = connect.Properties?.RequestResponseInformation == 1 ? ResponseInformation(options, client.ClientId) : null,
            // What is absent is there by the standard: QoS 2, retained messages, wildcards, subscription identifiers.
            SharedSubscriptionAvailable = 1,
        };
        var packet = new ConnackPacket { SessionPresent = isPresent, Properties = properties };
        if (connect.Properties?.MaximumPacketSize is not { } maximum || PacketWriter.SizeOf(connect.Version, packet) <= maximum)
            return packet;

        // Left out: what the client need not know, and what it can hardly break if its own packets are as small as those it takes.
        (properties.SharedSubscriptionAvailable, properties.ResponseInformation) = (null, null);
        (properties.TopicAliasMaximum, properties.MaximumPacketSize) = (null, null);
        return PacketWriter.SizeOf(connect.Version, packet) <= maximum ? packet : null;
    }

    /// <summary>Keep alive in seconds, 0 for none. Only MQTT 5 clients can be told another than they asked for.</summary>
    public static ushort KeepAlive(MqttBrokerOptions options, ConnectPacket connect) =>
        connect.Version == MqttProtocolVersion.V5 && (connect.KeepAlive == 0 || connect.KeepAlive > options.MaxKeepAliveSeconds)
            ? options.MaxKeepAliveSeconds
            : connect.KeepAlive;

    /// <summary>Session expiry interval in seconds. 3.1.1 without clean session asks for a session without end.</summary>
    public static uint ExpirySeconds(MqttBrokerOptions options, ConnectPacket connect)
    {
        var asked = connect.Version == MqttProtocolVersion.V5
            ? connect.Properties?.SessionExpiryInterval ?? 0
            : connect.CleanStart ? 0 : uint.MaxValue;
        return (uint)Math.Min(asked, options.MaxSessionExpiry.TotalSeconds);
    }

    public static Will? WillOf(ConnectPacket connect, MqttClientInfo client)
    {
        if (connect.Will is not { } will)
            return null;
        var message = MessageMapper.ToMessage(will.Topic, will.Payload, will.QualityOfService, will.Retain, will.Properties);
        return new Will(client, message, will.Properties?.WillDelayInterval ?? 0);
    }

    // A client identifier that cannot stand in a topic has no topics of its own.
    private static string? ResponseInformation(MqttBrokerOptions options, string clientId)
    {
        if (options.ResponseInformation is not { } text || !text.Contains(ClientIdPlace, StringComparison.Ordinal))
            return options.ResponseInformation;
        return clientId.AsSpan().ContainsAny('/', '+', '#') ? null : text.Replace(ClientIdPlace, clientId, StringComparison.Ordinal);
    }

    // 3.1.1 §3.2.2.3.
    private static byte ReturnCodeOf(MqttReasonCode reason) => reason switch
    {
        MqttReasonCode.UnsupportedProtocolVersion => 1,
        MqttReasonCode.ClientIdentifierNotValid => 2,
        MqttReasonCode.BadUserNameOrPassword => 4,
        MqttReasonCode.NotAuthorized or MqttReasonCode.Banned or MqttReasonCode.BadAuthenticationMethod => 5,
        _ => 3,
    };
}

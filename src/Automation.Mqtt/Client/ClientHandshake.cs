using System.Security.Cryptography;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>How a CONNECT was answered. Either <see cref="Server"/> or <see cref="Refusal"/> is set.</summary>
internal readonly record struct HandshakeResult(MqttServerInfo? Server, MqttDisconnectReason? Refusal, bool TriesOlderVersion);

/// <summary>Sends the CONNECT and reads its answer — MQTT 5 §3.1, §3.2.</summary>
internal static class ClientHandshake
{
    private const int ConnackType = (int)PacketType.Connack << 4;

    public static async Task<HandshakeResult> ConnectAsync(
        ClientTransport transport, MqttClientOptions options, ConnectPacket connect, CancellationToken cancellationToken)
    {
        var output = new FrameBuffer();
        PacketWriter.Write(output, connect.Version, connect);
        await using var cut = cancellationToken.UnsafeRegister(static transport => ((ClientTransport)transport!).Abort(), transport);
        await transport.SendAsync(output.Written);
        while (true)
        {
            var read = await transport.Input.ReadAsync(CancellationToken.None);
            if (connect.Version == MqttProtocolVersion.V5 && IsOlderAnswer(read.Buffer.FirstSpan))
                return Refused(MqttReasonCode.UnsupportedProtocolVersion, "The server answers as MQTT 3.1.1 does.", null, triesOlder: true);
            if (PacketReader.TryRead(read.Buffer, connect.Version, (uint)options.MaxPacketBytes, out var packet, out var consumed))
            {
                transport.Input.AdvanceTo(consumed);
                return Judge(packet, connect);
            }

            transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                var closed = new MqttDisconnectReason(MqttDisconnectOrigin.Network, null, "The server closed the connection instead of answering the CONNECT.");
                return new HandshakeResult(null, closed, TriesOlderVersion: read.Buffer.IsEmpty);
            }
        }
    }

    /// <param name="options">The settings.</param>
    /// <param name="version">The version to ask for.</param>
    /// <param name="clientId">The client identifier; empty if there is none yet.</param>
    /// <param name="cleanStart">Whether the session begins anew.</param>
    public static ConnectPacket Packet(MqttClientOptions options, MqttProtocolVersion version, string clientId, bool cleanStart)
    {
        var isV5 = version == MqttProtocolVersion.V5;
        var given = options.PasswordSource is { } source ? source() : options.Password;
        var (userName, password) = options.UserName is null && given is null
            ? ServerAddress.Credentials(options.Server)
            : (options.UserName, given?.ToArray());
        return new ConnectPacket
        {
            Version = version,
            ClientId = clientId.Length > 0 || isV5 ? clientId : "auto" + RandomNumberGenerator.GetHexString(16, lowercase: true),
            CleanStart = cleanStart || (!isV5 && options.SessionExpiry == TimeSpan.Zero),
            KeepAlive = options.KeepAliveSeconds,
            Will = options.Will?.ToFields(isV5),
            // 3.1.1 allows a password only with a user name (§3.1.2.9).
            UserName = userName ?? (password is not null && !isV5 ? "" : null),
            Password = password,
            Properties = isV5 ? Properties(options) : null,
        };
    }

    private static PacketProperties Properties(MqttClientOptions options) => new()
    {
        SessionExpiryInterval = options.SessionExpiry.TotalSeconds >= uint.MaxValue ? uint.MaxValue : (uint)options.SessionExpiry.TotalSeconds,
        ReceiveMaximum = options.ReceiveMaximum,
        MaximumPacketSize = (uint)options.MaxPacketBytes,
        TopicAliasMaximum = options.TopicAliasMaximum == 0 ? null : options.TopicAliasMaximum,
        RequestResponseInformation = 1,
        UserProperties = options.UserProperties.Count == 0 ? null : options.UserProperties,
    };

    private static HandshakeResult Judge(MqttPacket packet, ConnectPacket connect)
    {
        var isV5 = connect.Version == MqttProtocolVersion.V5;
        switch (packet)
        {
            case ConnackPacket { ReturnCode: 0 } connack:
                if (connack.SessionPresent && connect.CleanStart)
                    throw MqttProtocolException.ProtocolError("The server has a session although a clean start was asked for."); // MQTT-3.2.2-2
                if (isV5 && connect.ClientId.Length == 0 && connack.Properties?.AssignedClientIdentifier is not { Length: > 0 })
                    throw MqttProtocolException.ProtocolError("The server assigned no client identifier."); // MQTT-3.2.2-16
                return new HandshakeResult(MqttServerInfo.Of(connack, connect), null, false);
            case ConnackPacket connack:
                var code = isV5 ? (MqttReasonCode)connack.ReturnCode : OfReturnCode(connack.ReturnCode);
                return Refused(code, connack.Properties?.ReasonString, connack.Properties?.ServerReference, code == MqttReasonCode.UnsupportedProtocolVersion);
            case ReasonPacket { Type: PacketType.Disconnect } disconnect when isV5:
                return Refused(
                    disconnect.ReasonCode, disconnect.Properties?.ReasonString, disconnect.Properties?.ServerReference,
                    disconnect.ReasonCode == MqttReasonCode.UnsupportedProtocolVersion);
            default:
                throw MqttProtocolException.ProtocolError($"The server answered the CONNECT with {packet.Type}.");
        }
    }

    private static HandshakeResult Refused(MqttReasonCode code, string? text, string? reference, bool triesOlder) =>
        new(null, new MqttDisconnectReason(MqttDisconnectOrigin.Server, code, text ?? $"The server refused the connection with {code}.", reference), triesOlder);

    // A CONNACK of 3.1.1 has two bytes after its header; one of 5.0 has three at least.
    private static bool IsOlderAnswer(ReadOnlySpan<byte> bytes) => bytes.Length >= 2 && bytes[0] == ConnackType && bytes[1] == 2;

    // MQTT 3.1.1 §3.2.2.3
    private static MqttReasonCode OfReturnCode(byte code) => code switch
    {
        1 => MqttReasonCode.UnsupportedProtocolVersion,
        2 => MqttReasonCode.ClientIdentifierNotValid,
        3 => MqttReasonCode.ServerUnavailable,
        4 => MqttReasonCode.BadUserNameOrPassword,
        _ => MqttReasonCode.NotAuthorized,
    };
}

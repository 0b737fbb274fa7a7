using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Broker;

/// <summary>Why a connection ends, and what follows.</summary>
/// <param name="Tell">The reason to send in a DISCONNECT to an MQTT 5 client, or null to send none.</param>
/// <param name="Text">The Reason String, or null.</param>
/// <param name="PublishesWill">Whether the will is published.</param>
/// <param name="Drains">Whether publishes that are with the hook are finished and acknowledged first.</param>
/// <param name="Said">The reason of the client's own DISCONNECT, or null.</param>
internal sealed record Ending(MqttReasonCode? Tell, string? Text, bool PublishesWill, bool Drains = false, MqttReasonCode? Said = null)
{
    /// <summary>The peer is gone, or is to be left without a word.</summary>
    public static readonly Ending Lost = new(null, null, PublishesWill: true);

    /// <summary>DISCONNECT with reason 0x00.</summary>
    public static readonly Ending ClientLeft = new(null, null, PublishesWill: false, Said: MqttReasonCode.Success);

    /// <summary>Wills are not published when the server stops: it "MAY defer" them, and a restart is no death of the clients — §3.1.2.5.</summary>
    public static readonly Ending ShuttingDown = new(MqttReasonCode.ServerShuttingDown, null, PublishesWill: false, Drains: true);

    /// <summary>What one side said or was to say; null when the connection was lost.</summary>
    public MqttReasonCode? Reason => Tell ?? Said;

    /// <summary>DISCONNECT with another reason than 0x00.</summary>
    public static Ending ClientSays(MqttReasonCode reason) => new(null, null, PublishesWill: true, Said: reason);

    public static Ending ServerSays(MqttReasonCode reason, string? text) => new(reason, text, PublishesWill: true);

    /// <summary>The DISCONNECT that tells the client, if it is to be told and can be: 3.1.1 has none from the server.</summary>
    /// <param name="version">The connection's version.</param>
    /// <param name="maximumPacketSize">What the client takes, in bytes.</param>
    /// <param name="withText">Whether the client wants more than the code: its Request Problem Information.</param>
    public ReasonPacket? ToPacket(MqttProtocolVersion version, uint maximumPacketSize, bool withText)
    {
        const uint WithoutText = 3; // type, length, code
        if (Tell is not { } reason || version != MqttProtocolVersion.V5 || maximumPacketSize < WithoutText)
            return null;
        var allowed = ReasonCodeTable.IsAllowed(PacketType.Disconnect, (byte)reason) ? reason : MqttReasonCode.UnspecifiedError;
        // A client that takes only tiny packets gets the code alone.
        var properties = Text is null || !withText || maximumPacketSize < 512 ? null : new PacketProperties { ReasonString = Text };
        return new ReasonPacket(PacketType.Disconnect) { ReasonCode = allowed, Properties = properties };
    }
}

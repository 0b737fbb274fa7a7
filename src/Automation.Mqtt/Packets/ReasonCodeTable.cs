namespace Automation.Mqtt.Packets;

/// <summary>Which reason code may stand in which packet — the table of MQTT 5 §2.4.</summary>
internal static class ReasonCodeTable
{
    /// <summary>Reads the reason code; one that the packet may not hold is a protocol error.</summary>
    public static MqttReasonCode ReadReasonCode(this ref BodyReader body, PacketType type)
    {
        var code = body.ReadByte();
        return IsAllowed(type, code)
            ? (MqttReasonCode)code
            : throw MqttProtocolException.ProtocolError($"Reason code 0x{code:X2} is not one of {type}.");
    }

    public static bool IsAllowed(PacketType type, byte code) => type switch
    {
        PacketType.Connack => code is 0x00 or (>= 0x80 and <= 0x8A) or 0x8C or 0x90 or 0x95 or 0x97 or (>= 0x99 and <= 0x9D) or 0x9F,
        PacketType.Puback or PacketType.Pubrec => code is 0x00 or 0x10 or 0x80 or 0x83 or 0x87 or 0x90 or 0x91 or 0x97 or 0x99,
        PacketType.Pubrel or PacketType.Pubcomp => code is 0x00 or 0x92,
        PacketType.Suback => code is <= 0x02 or 0x80 or 0x83 or 0x87 or 0x8F or 0x91 or 0x97 or 0x9E or 0xA1 or 0xA2,
        PacketType.Unsuback => code is 0x00 or 0x11 or 0x80 or 0x83 or 0x87 or 0x8F or 0x91,
        PacketType.Disconnect => code is 0x00 or 0x04 or (>= 0x80 and <= 0x83) or 0x87 or 0x89 or (>= 0x8B and <= 0x90) or (>= 0x93 and <= 0xA2),
        PacketType.Auth => code is 0x00 or 0x18 or 0x19,
        _ => false,
    };
}

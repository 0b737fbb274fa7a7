using System.Buffers;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Packets;

public sealed class MalformedPacketTests
{
    [Theory]
    // fixed header
    [InlineData(5, "00 00", 0x81, "reserved packet type 0")]
    [InlineData(4, "F0 00", 0x81, "AUTH in 3.1.1")]
    [InlineData(5, "C1 00", 0x81, "PINGREQ with flags")]
    [InlineData(5, "C0 01 00", 0x81, "PINGREQ with a body")]
    [InlineData(5, "80 08 0001 00 0001 61 00", 0x81, "SUBSCRIBE without its flag bit")]
    [InlineData(5, "60 02 0001", 0x81, "PUBREL without its flag bit")]
    [InlineData(5, "42 02 0001", 0x81, "PUBACK with flags")]
    [InlineData(5, "C0 80 00", 0x81, "remaining length not minimal")]
    [InlineData(5, "30 FF FF FF FF 01", 0x81, "remaining length of five bytes")]
    // CONNECT
    [InlineData(5, "10 0C 0004 4D515858 04 02 003C 0000", 0x81, "wrong protocol name")]
    [InlineData(5, "10 0C 0004 4D515454 06 02 003C 0000", 0x84, "level 6")]
    [InlineData(4, "10 0E 0006 4D5149736470 03 02 003C 0000", 0x84, "MQTT 3.1")]
    [InlineData(4, "10 0C 0004 4D515454 04 03 003C 0000", 0x81, "reserved connect flag")]
    [InlineData(4, "10 0C 0004 4D515454 04 0A 003C 0000", 0x81, "will QoS without will")]
    [InlineData(4, "10 0C 0004 4D515454 04 22 003C 0000", 0x81, "will retain without will")]
    [InlineData(4, "10 11 0004 4D515454 04 1E 003C 0000 0001 61 0000", 0x81, "will QoS 3")]
    [InlineData(4, "10 0E 0004 4D515454 04 42 003C 0000 0000", 0x81, "3.1.1 password without user name")]
    [InlineData(4, "10 0D 0004 4D515454 04 02 003C 0000 00", 0x81, "bytes left over")]
    [InlineData(4, "10 11 0004 4D515454 04 06 003C 0000 0001 23 0000", 0x90, "will topic with a wildcard")]
    [InlineData(5, "10 8D 00 0004 4D515454 05 02 003C 00 0000", 0x81, "CONNECT 5 with a long remaining length")]
    // properties
    [InlineData(5, "10 10 0004 4D515454 05 02 003C 03 21 0000 0000", 0x82, "receive maximum 0")]
    [InlineData(5, "10 12 0004 4D515454 05 02 003C 05 27 00000000 0000", 0x82, "maximum packet size 0")]
    [InlineData(5, "10 0F 0004 4D515454 05 02 003C 02 17 02 0000", 0x82, "request problem information 2")]
    [InlineData(5, "10 11 0004 4D515454 05 02 003C 04 17 01 17 01 0000", 0x82, "property twice")]
    [InlineData(5, "10 10 0004 4D515454 05 02 003C 03 13 0001 0000", 0x81, "property of CONNACK in CONNECT")]
    [InlineData(5, "10 0F 0004 4D515454 05 02 003C 02 7F 01 0000", 0x81, "unknown property")]
    [InlineData(5, "10 11 0004 4D515454 05 02 003C 04 16 0001 61 0000", 0x82, "authentication data without method")]
    [InlineData(5, "30 06 0001 61 82 00 00", 0x81, "property length not minimal or cut")]
    [InlineData(5, "30 05 0001 61 02 01", 0x81, "property block longer than the packet")]
    [InlineData(5, "30 06 0001 61 02 01 02", 0x82, "payload format indicator 2")]
    [InlineData(5, "30 07 0001 61 03 23 0000", 0x94, "topic alias 0")]
    [InlineData(5, "30 06 0001 61 02 0B 00", 0x82, "subscription identifier 0")]
    [InlineData(5, "30 08 0001 61 04 08 0001 2B", 0x82, "response topic with a wildcard")]
    [InlineData(5, "82 0B 0001 04 0B 01 0B 02 0001 61 00", 0x82, "two subscription identifiers in SUBSCRIBE")]
    // PUBLISH
    [InlineData(5, "36 06 0001 61 0001 00", 0x81, "QoS 3")]
    [InlineData(5, "38 04 0001 61 00", 0x81, "DUP with QoS 0")]
    [InlineData(5, "32 06 0001 61 0000 00", 0x82, "packet identifier 0")]
    [InlineData(5, "30 04 0001 23 00", 0x90, "wildcard in the topic name")]
    [InlineData(5, "30 03 0000 00", 0x82, "no topic and no alias")]
    [InlineData(4, "30 02 0000", 0x90, "no topic in 3.1.1")]
    [InlineData(4, "30 04 0002 C328", 0x81, "not UTF-8")]
    [InlineData(4, "30 05 0003 EDA080", 0x81, "surrogate")]
    [InlineData(4, "30 04 0002 C080", 0x81, "overlong U+0000")]
    [InlineData(4, "30 04 0002 6100", 0x81, "U+0000")]
    [InlineData(4, "30 03 0009 61", 0x81, "string longer than the packet")]
    [InlineData(4, "30 01 00", 0x81, "half a length")]
    // acknowledgements
    [InlineData(5, "40 02 0000", 0x82, "packet identifier 0")]
    [InlineData(5, "40 03 0001 01", 0x82, "reason code that PUBACK may not hold")]
    [InlineData(5, "40 05 0001 00 00 00", 0x81, "bytes left over")]
    [InlineData(4, "40 03 0001 00", 0x81, "3.1.1 PUBACK with a reason code")]
    [InlineData(4, "40 01 00", 0x81, "too short")]
    [InlineData(5, "62 03 0001 10", 0x82, "reason code that PUBREL may not hold")]
    // SUBSCRIBE and UNSUBSCRIBE
    [InlineData(5, "82 03 0001 00", 0x82, "no filter")]
    [InlineData(4, "82 02 0001", 0x82, "no filter in 3.1.1")]
    [InlineData(5, "82 07 0001 00 0001 61 40", 0x81, "reserved option")]
    [InlineData(4, "82 06 0001 0001 61 04", 0x81, "option of MQTT 5 in 3.1.1")]
    [InlineData(5, "82 07 0001 00 0001 61 03", 0x82, "QoS 3")]
    [InlineData(4, "82 06 0001 0001 61 03", 0x81, "QoS 3 in 3.1.1")]
    [InlineData(5, "82 07 0001 00 0001 61 30", 0x82, "retain handling 3")]
    [InlineData(5, "82 10 0001 00 000A 24736861 72652F67 2F61 04", 0x82, "no local on a shared subscription")]
    [InlineData(5, "A2 03 0001 00", 0x82, "no filter to unsubscribe")]
    [InlineData(5, "82 06 0001 00 0001 61", 0x81, "no options")]
    // server packets
    [InlineData(5, "20 03 02 00 00", 0x81, "reserved acknowledge flag")]
    [InlineData(5, "20 03 01 87 00", 0x82, "session present in a refusal")]
    [InlineData(4, "20 02 00 06", 0x82, "return code 6")]
    [InlineData(5, "90 03 0001 00", 0x82, "SUBACK without a code")]
    [InlineData(4, "90 03 0001 03", 0x82, "return code 3")]
    // DISCONNECT and AUTH
    [InlineData(5, "E0 01 01", 0x82, "reason code that DISCONNECT may not hold")]
    [InlineData(4, "E0 01 00", 0x81, "3.1.1 DISCONNECT with a reason code")]
    [InlineData(5, "F0 01 01", 0x82, "reason code that AUTH may not hold")]
    public void Read_RefusesWithTheReasonCode(byte level, string hex, byte reason, string because)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        var exception = Assert.Throws<MqttProtocolException>(() =>
            PacketReader.TryRead(new ReadOnlySequence<byte>(bytes), (MqttProtocolVersion)level, Wire.NoLimit, out _, out _));

        Assert.True(reason == (byte)exception.ReasonCode, $"{because}: 0x{(byte)exception.ReasonCode:X2} {exception.Message}");
    }

    [Fact]
    public void Read_RefusesTooLargeAPacket_OnItsFirstBytes()
    {
        byte[] start = [0x30, 0x80, 0x80, 0x01];

        var exception = Assert.Throws<MqttProtocolException>(() =>
            PacketReader.TryRead(new ReadOnlySequence<byte>(start), MqttProtocolVersion.V5, 1000, out _, out _));

        Assert.Equal(MqttReasonCode.PacketTooLarge, exception.ReasonCode);
    }

    [Fact]
    public void Read_TakesAPacketOfExactlyTheLimit()
    {
        var bytes = Wire.Encode(MqttProtocolVersion.V5, new PublishPacket { Topic = "a", Payload = new byte[95] });

        Assert.True(PacketReader.TryRead(new ReadOnlySequence<byte>(bytes), MqttProtocolVersion.V5, (uint)bytes.Length, out _, out _));
    }

    [Fact]
    public void Read_TakesALongRemainingLength_In311()
    {
        byte[] bytes = [0xC0, 0x80, 0x00];

        Assert.True(PacketReader.TryRead(new ReadOnlySequence<byte>(bytes), MqttProtocolVersion.V311, Wire.NoLimit, out var packet, out _));
        Assert.Equal(PacketType.Pingreq, packet.Type);
    }
}

using System.Buffers;
using Automation.Mqtt.Packets;
using FsCheck;
using FsCheck.Fluent;

namespace Automation.Mqtt.Tests.Packets;

public sealed class PacketRoundTripTests
{
    private static readonly Config Quick = Config.QuickThrowOnFailure;

    public static TheoryData<byte, byte> TypesAndVersions()
    {
        var data = new TheoryData<byte, byte>();
        foreach (var type in Enum.GetValues<PacketType>())
        {
            data.Add((byte)type, 5);
            if (type != PacketType.Auth)
                data.Add((byte)type, 4);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(TypesAndVersions))]
    public void Read_GivesBackWhatWasWritten(byte type, byte level)
    {
        var version = (MqttProtocolVersion)level;
        Prop.ForAll(PacketGenerators.OfType((PacketType)type, version).ToArbitrary(), packet =>
            Wire.Describe(Wire.Decode(version, Wire.Encode(version, packet))) == Wire.Describe(packet)).Check(Quick.WithMaxTest(300));
    }

    [Fact]
    public void Read_ConsumesNothing_OfAnyIncompletePrefix() =>
        Prop.ForAll(PacketGenerators.Any.ToArbitrary(), sample =>
        {
            var bytes = Wire.Encode(sample.Version, sample.Packet);
            for (var length = 0; length < bytes.Length; length++)
            {
                var buffer = new ReadOnlySequence<byte>(bytes, 0, length);
                Assert.False(PacketReader.TryRead(buffer, sample.Version, Wire.NoLimit, out _, out var consumed));
                Assert.Equal(length, buffer.Slice(consumed).Length);
            }
        }).Check(Quick);

    [Fact]
    public void Read_GivesTheSamePacket_WhereverTheBufferIsSplit() =>
        Prop.ForAll(PacketGenerators.Any.ToArbitrary(), sample =>
        {
            var bytes = Wire.Encode(sample.Version, sample.Packet);
            var expected = Wire.Describe(sample.Packet);
            for (var at = 0; at <= bytes.Length; at++)
                Assert.Equal(expected, Wire.Describe(Wire.Decode(sample.Version, Wire.Split(bytes, at))));
        }).Check(Quick.WithMaxTest(50));

    [Fact]
    public void Read_YieldsAPacketOrAProtocolException_ForEverySingleByteChange() =>
        Prop.ForAll(PacketGenerators.Any.ToArbitrary(), Gen.Choose(1, 255).ToArbitrary(), (sample, change) =>
        {
            var bytes = Wire.Encode(sample.Version, sample.Packet);
            for (var at = 0; at < bytes.Length; at++)
            {
                bytes[at] ^= (byte)change;
                try
                {
                    PacketReader.TryRead(new ReadOnlySequence<byte>(bytes), sample.Version, Wire.NoLimit, out _, out _);
                }
                catch (MqttProtocolException exception)
                {
                    Assert.True((byte)exception.ReasonCode >= 0x80);
                }

                bytes[at] ^= (byte)change;
            }
        }).Check(Quick.WithMaxTest(300));

    [Fact]
    public void Read_YieldsNothingOrAProtocolException_ForEveryTruncatedBody() =>
        Prop.ForAll(PacketGenerators.Any.ToArbitrary(), sample =>
        {
            var bytes = Wire.Encode(sample.Version, sample.Packet);
            var headerSize = 1 + VariableInteger.SizeOf((uint)bytes.Length - 2);
            for (var length = 0; length < Math.Min(128, bytes.Length - headerSize); length++)
            {
                byte[] shorter = [bytes[0], (byte)length, .. bytes.AsSpan(bytes.Length - BodyLength(bytes), length)];
                try
                {
                    PacketReader.TryRead(new ReadOnlySequence<byte>(shorter), sample.Version, Wire.NoLimit, out _, out _);
                }
                catch (MqttProtocolException)
                {
                    // the documented outcome
                }
            }
        }).Check(Quick);

    [Fact]
    public void Read_TakesOnePacketAtATime()
    {
        byte[] two = [0xC0, 0x00, 0xD0, 0x00];
        var buffer = new ReadOnlySequence<byte>(two);

        Assert.True(PacketReader.TryRead(buffer, MqttProtocolVersion.V5, Wire.NoLimit, out var first, out var consumed));
        Assert.Equal(PacketType.Pingreq, first.Type);
        Assert.Equal(2, buffer.Slice(consumed).Length);
    }

    private static int BodyLength(byte[] packet)
    {
        var header = 1;
        while ((packet[header] & 0x80) != 0)
            header++;
        return packet.Length - header - 1;
    }
}

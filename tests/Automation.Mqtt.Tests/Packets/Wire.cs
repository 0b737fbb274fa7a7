using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Packets;

/// <summary>Bytes to packets and back, for tests.</summary>
internal static class Wire
{
    public const uint NoLimit = uint.MaxValue;

    public static byte[] Encode(MqttProtocolVersion version, MqttPacket packet)
    {
        var output = new ArrayBufferWriter<byte>();
        PacketWriter.Write(output, version, packet);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads exactly one packet that fills the buffer.</summary>
    public static MqttPacket Decode(MqttProtocolVersion version, ReadOnlySequence<byte> bytes)
    {
        Assert.True(PacketReader.TryRead(bytes, version, NoLimit, out var packet, out var consumed));
        Assert.Equal(0, bytes.Slice(consumed).Length);
        return packet;
    }

    public static MqttPacket Decode(MqttProtocolVersion version, byte[] bytes) => Decode(version, new ReadOnlySequence<byte>(bytes));

    /// <summary>The next packet, or null when the other side closed.</summary>
    public static async Task<MqttPacket?> ReceiveAsync(PipeReader input, MqttProtocolVersion version, TimeSpan patience)
    {
        using var timeout = new CancellationTokenSource(patience);
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync(timeout.Token);
            }
            catch (IOException)
            {
                return null;
            }

            if (PacketReader.TryRead(result.Buffer, version, NoLimit, out var packet, out var consumed))
            {
                input.AdvanceTo(consumed);
                return packet;
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
                return null;
        }
    }

    /// <summary>The buffer in two segments.</summary>
    public static ReadOnlySequence<byte> Split(byte[] bytes, int at)
    {
        var first = new Segment(bytes.AsMemory(0, at), null);
        var last = new Segment(bytes.AsMemory(at), first);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <summary>Everything a packet holds, as text that can be compared.</summary>
    public static string Describe(MqttPacket packet) => packet is PublishPacket publish
        ? JsonSerializer.Serialize(new { publish.Duplicate, publish.QualityOfService, publish.Retain, publish.Topic, publish.PacketId, publish.Properties, Payload = publish.Payload.ToArray() })
        : JsonSerializer.Serialize(packet, packet.GetType());

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null)
                return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}

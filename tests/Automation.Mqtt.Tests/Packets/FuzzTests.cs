using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Automation.Mqtt.Packets;
using FsCheck.Fluent;

namespace Automation.Mqtt.Tests.Packets;

/// <summary>
/// Valid packets with random damage: the reader yields a packet, asks for more, or raises its one exception, and never anything else.
/// The long form: <c>AUTOMATION_FUZZ_MINUTES=60 ./test Mqtt</c>. A failure prints the bytes.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int ShortForm = 100_000;
    private const int CorpusSize = 500;

    private readonly List<(MqttProtocolVersion Version, byte[] Bytes)> _corpus = [];

    [Fact]
    public void Read_YieldsAPacketOrAProtocolException_ForRandomDamage()
    {
        var minutes = Environment.GetEnvironmentVariable("AUTOMATION_FUZZ_MINUTES") is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : 0;
        var seed = Environment.ProcessId;
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        long inputs = 0, packets = 0, errors = 0;
        do
        {
            if (inputs % ShortForm == 0)
                RefillCorpus();
            var (version, bytes) = _corpus[random.Next(_corpus.Count)];
            var damaged = Damage(bytes, random);
            inputs++;
            switch (TryRead(version, damaged, random))
            {
                case true: packets++; break;
                case null: errors++; break;
            }
        }
        while (inputs < ShortForm || clock.Elapsed.TotalMinutes < minutes);

        output.WriteLine($"seed {seed}: {inputs} inputs in {clock.Elapsed.TotalMinutes:0.0} minutes; {packets} were packets, {errors} protocol errors, {inputs - packets - errors} incomplete");
        Assert.True(packets > 0 && errors > 0);
    }

    private void RefillCorpus()
    {
        _corpus.Clear();
        foreach (var (version, packet) in PacketGenerators.Any.Sample(CorpusSize))
            _corpus.Add((version, Wire.Encode(version, packet)));
    }

    /// <returns>True for a packet, false for an incomplete one, null for a protocol error.</returns>
    private static bool? TryRead(MqttProtocolVersion version, byte[] bytes, Random random)
    {
        try
        {
            var buffer = random.Next(2) == 0 ? new ReadOnlySequence<byte>(bytes) : Wire.Split(bytes, random.Next(bytes.Length + 1));
            if (!PacketReader.TryRead(buffer, version, 1024 * 1024, out var packet, out var consumed))
                return false;
            Assert.True(buffer.Slice(consumed).Length < buffer.Length);
            RequireSameAfterWriting(packet is ConnectPacket connect ? connect.Version : version, packet);
            return true;
        }
        catch (MqttProtocolException exception)
        {
            Assert.True(exception.ReasonCode >= MqttReasonCode.UnspecifiedError);
            return null;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"MQTT {version}, bytes {Convert.ToHexString(bytes)}", exception);
        }
    }

    // What was read can be written, and reads the same again: nothing that the reader lets in is more than the writer knows.
    private static void RequireSameAfterWriting(MqttProtocolVersion version, MqttPacket packet)
    {
        if (packet is SubscribePacket { Excess: > 0 })
            return; // not kept, only counted
        Assert.Equal(Wire.Describe(packet), Wire.Describe(Wire.Decode(version, Wire.Encode(version, packet))));
    }

    private byte[] Damage(byte[] bytes, Random random)
    {
        var list = new List<byte>(bytes);
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var at = random.Next(list.Count + 1);
            switch (random.Next(7))
            {
                case 0 when at < list.Count: list[at] ^= (byte)(1 << random.Next(8)); break;
                case 1 when at < list.Count: list[at] = (byte)random.Next(256); break;
                case 2: list.Insert(at, (byte)random.Next(256)); break;
                case 3 when at < list.Count: list.RemoveAt(at); break;
                case 4: list.RemoveRange(at, list.Count - at); break;
                case 5 when at < list.Count: list[at] = random.Next(2) == 0 ? (byte)0 : (byte)255; break;
                default: list.InsertRange(at, _corpus[random.Next(_corpus.Count)].Bytes.Take(random.Next(40))); break;
            }
        }

        if (random.Next(2) == 0)
            CorrectLength(list);
        return [.. list];
    }

    // Half of the inputs get past the frame: their remaining length fits what is there.
    private static void CorrectLength(List<byte> packet)
    {
        if (packet.Count < 2)
            return;
        var end = 1;
        while (end < Math.Min(packet.Count, 4) && (packet[end] & 0x80) != 0)
            end++;
        var body = packet.Count - Math.Min(end + 1, packet.Count);
        packet.RemoveRange(1, packet.Count - body - 1);
        Span<byte> length = stackalloc byte[4];
        packet.InsertRange(1, length[..VariableInteger.Write(length, (uint)body)]);
    }
}

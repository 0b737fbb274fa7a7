using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>An MQTT 3.1.1 connection with a session that is kept, packet by packet: for what no real client does on demand. Independent of the library under test.</summary>
internal sealed class MqttWire : IDisposable
{
    private readonly TcpClient tcp = new() { NoDelay = true };

    private MqttWire()
    {
    }

    /// <summary>The flag in the CONNACK — MQTT 3.1.1 §3.2.2.2.</summary>
    public bool SessionPresent { get; private set; }

    public static async Task<MqttWire> ConnectAsync(int port, string clientId, bool cleanSession = false)
    {
        var wire = new MqttWire();
        await wire.tcp.ConnectAsync(IPAddress.Loopback, port);
        // CONNECT: "MQTT", level 4, flags, keep alive (2), client identifier — §3.1
        await wire.SendAsync(0x10, [.. Text("MQTT"), 4, cleanSession ? (byte)2 : (byte)0, 0, 60, .. Text(clientId)]);
        var (header, body) = await wire.ReceiveAsync();
        if (header != 0x20 || body[1] != 0) throw new IOException($"CONNACK {Convert.ToHexString(body)}");
        wire.SessionPresent = body[0] == 1;
        return wire;
    }

    /// <summary>PUBLISH — §3.3.</summary>
    public Task PublishAsync(int qos, ushort packetId, string topic, string payload, bool duplicate = false) =>
        SendAsync((byte)(0x30 | (duplicate ? 0x08 : 0) | (qos << 1)), [.. Text(topic), .. Number(packetId), .. Encoding.UTF8.GetBytes(payload)]);

    /// <summary>SUBSCRIBE to one filter; returns after the SUBACK — §3.8.</summary>
    public async Task SubscribeAsync(string filter, byte qos)
    {
        await SendAsync(0x82, [0, 1, .. Text(filter), qos]);
        Assert.Equal((0x90, qos), await ReceiveAsync() is var (header, body) ? (header, body[2]) : default);
    }

    /// <summary>PUBACK 0x40, PUBREC 0x50, PUBREL 0x62 or PUBCOMP 0x70.</summary>
    public Task AcknowledgeAsync(byte header, ushort packetId) => SendAsync(header, Number(packetId));

    /// <summary>The next packet has to be this acknowledgement.</summary>
    public async Task ExpectAsync(byte header, ushort packetId)
    {
        var (received, body) = await ReceiveAsync();
        Assert.Equal((header, packetId), (received, (ushort)((body[0] << 8) | body[1])));
    }

    /// <summary>The next packet has to be a PUBLISH with QoS 1 or 2.</summary>
    public async Task<(byte Header, ushort PacketId, string Payload)> ExpectPublishAsync()
    {
        var (header, body) = await ReceiveAsync();
        Assert.Equal(0x30, header & 0xF0);
        var id = 2 + ((body[0] << 8) | body[1]);
        return (header, (ushort)((body[id] << 8) | body[id + 1]), Encoding.UTF8.GetString(body[(id + 2)..]));
    }

    public async Task SendAsync(byte header, byte[] rest)
    {
        byte[] length = rest.Length < 128 ? [(byte)rest.Length] : [(byte)(rest.Length % 128 | 128), (byte)(rest.Length / 128)];
        await tcp.GetStream().WriteAsync((byte[])[header, .. length, .. rest]);
    }

    public async Task<(byte Header, byte[] Body)> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(Eventually.Soon);
        var start = await ReadAsync(2, limit.Token);
        var length = start[1] & 0x7F;
        if (start[1] > 127) length += (await ReadAsync(1, limit.Token))[0] * 128;
        return (start[0], await ReadAsync(length, limit.Token));
    }

    public void Dispose() => tcp.Dispose();

    private static byte[] Number(ushort number) => [(byte)(number >> 8), (byte)number];

    private static byte[] Text(string text) => [.. Number((ushort)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private async Task<byte[]> ReadAsync(int count, CancellationToken cancellation)
    {
        var bytes = new byte[count];
        await tcp.GetStream().ReadExactlyAsync(bytes, cancellation);
        return bytes;
    }
}

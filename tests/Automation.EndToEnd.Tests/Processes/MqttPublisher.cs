using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>The least of an MQTT 3.1.1 client: connects and publishes with QoS 1, one at a time. Independent of the library under test.</summary>
internal sealed class MqttPublisher : IDisposable
{
    private readonly TcpClient tcp = new() { NoDelay = true };
    private ushort packetIdentifier;

    private MqttPublisher()
    {
    }

    public static async Task<MqttPublisher> ConnectAsync(int port, string clientId, CancellationToken cancellation)
    {
        var publisher = new MqttPublisher();
        try
        {
            await publisher.tcp.ConnectAsync(IPAddress.Loopback, port, cancellation);
            // CONNECT: 0x10, length, "MQTT", level 4, flags (clean session), keep alive (2), client identifier — MQTT 3.1.1 §3.1
            await publisher.SendAsync(0x10, [.. Text("MQTT"), 4, 2, 0, 60, .. Text(clientId)], cancellation);
            var connack = await publisher.ReceiveAsync(4, cancellation);
            if (connack[0] != 0x20 || connack[3] != 0) throw new IOException($"CONNACK {Convert.ToHexString(connack)}");
            return publisher;
        }
        catch
        {
            publisher.Dispose();
            throw;
        }
    }

    /// <summary>Returns when the PUBACK came.</summary>
    /// <exception cref="IOException">The connection broke; whether the message was taken is unknown.</exception>
    public async Task PublishAsync(string topic, string payload, CancellationToken cancellation)
    {
        packetIdentifier = (ushort)(packetIdentifier % 65535 + 1);
        byte[] identifier = [(byte)(packetIdentifier >> 8), (byte)packetIdentifier];
        // PUBLISH with QoS 1: 0x32, length, topic, packet identifier (2), payload — MQTT 3.1.1 §3.3
        await SendAsync(0x32, [.. Text(topic), .. identifier, .. Encoding.UTF8.GetBytes(payload)], cancellation);
        var puback = await ReceiveAsync(4, cancellation);
        if (puback[0] != 0x40 || !puback.AsSpan(2).SequenceEqual(identifier)) throw new IOException($"PUBACK {Convert.ToHexString(puback)}");
    }

    public void Dispose() => tcp.Dispose();

    private static byte[] Text(string text) => [(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    private async Task SendAsync(byte header, byte[] rest, CancellationToken cancellation)
    {
        byte[] length = rest.Length < 128 ? [(byte)rest.Length] : [(byte)(rest.Length % 128 | 128), (byte)(rest.Length / 128)];
        await tcp.GetStream().WriteAsync((byte[])[header, .. length, .. rest], cancellation);
    }

    private async Task<byte[]> ReceiveAsync(int count, CancellationToken cancellation)
    {
        var packet = new byte[count];
        await tcp.GetStream().ReadExactlyAsync(packet, cancellation);
        return packet;
    }
}

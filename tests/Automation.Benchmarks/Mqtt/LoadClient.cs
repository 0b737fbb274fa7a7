using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Automation.Benchmarks.Mqtt;

/// <summary>The least an MQTT 3.1.1 client can be, so that the cores are left to the broker. Its payloads begin with the moment of sending.</summary>
internal sealed class LoadClient : IDisposable
{
    private const byte Publish = 3, Puback = 4;
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] acknowledgements = new byte[64 * 1024];
    private ushort nextId;

    /// <summary>Called for each PUBLISH received, with the ticks of <see cref="Stopwatch"/> at which it was sent.</summary>
    public Action<long>? Received { get; set; }

    /// <summary>Called for each PUBACK.</summary>
    public Action? Acknowledged { get; set; }

    /// <param name="port">Of the broker.</param>
    /// <param name="id">Client identifier.</param>
    /// <param name="isClean">False for a session that outlives the connection.</param>
    /// <param name="keepAlive">Seconds; 0 for none.</param>
    public static async Task<LoadClient> ConnectAsync(int port, string id, bool isClean = true, byte keepAlive = 0)
    {
        var client = new LoadClient();
        await client.socket.ConnectAsync(IPAddress.Loopback, port);
        byte[] body = [0, 4, .. "MQTT"u8, 4, (byte)(isClean ? 2 : 0), 0, keepAlive, 0, (byte)id.Length, .. Encoding.ASCII.GetBytes(id)];
        await client.SendAsync(new byte[] { 0x10, (byte)body.Length }.Concat(body).ToArray());
        await client.ExpectAsync(4, 0x20);
        return client;
    }

    public async Task SubscribeAsync(string filter, int qos)
    {
        byte[] body = [0, 1, 0, (byte)filter.Length, .. Encoding.ASCII.GetBytes(filter), (byte)qos];
        await SendAsync(new byte[] { 0x82, (byte)body.Length }.Concat(body).ToArray());
        await ExpectAsync(5, 0x90);
    }

    /// <summary>A PUBLISH to send again and again with <see cref="SendAsync(byte[], int)"/>.</summary>
    public static byte[] Message(string topic, int payloadBytes, int qos)
    {
        byte[] head = [0, (byte)topic.Length, .. Encoding.ASCII.GetBytes(topic), .. qos > 0 ? new byte[2] : []];
        var remaining = head.Length + payloadBytes;
        return [(byte)((Publish << 4) | (qos << 1)), (byte)(remaining | 0x80), (byte)(remaining >> 7), .. head, .. new byte[payloadBytes]];
    }

    /// <summary>Sends the message with the time of now, and the next packet identifier when it has one.</summary>
    public ValueTask SendAsync(byte[] message, int qos)
    {
        var payload = 3 + 2 + message[4] + (qos > 0 ? 2 : 0);
        if (qos > 0) BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(payload - 2), nextId = (ushort)(nextId == ushort.MaxValue ? 1 : nextId + 1));
        BinaryPrimitives.WriteInt64LittleEndian(message.AsSpan(payload), Stopwatch.GetTimestamp());
        return SendAsync(message);
    }

    /// <summary>Reads until the connection ends.</summary>
    public async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        var filled = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None) is > 0 and var count)
            {
                filled += count;
                var taken = Take(buffer.AsSpan(0, filled), out var answer);
                if (answer > 0) await SendAsync(acknowledgements.AsMemory(0, answer));
                buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
                filled -= taken;
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    public void Dispose() => socket.Dispose();

    private int Take(ReadOnlySpan<byte> bytes, out int answer)
    {
        var at = 0;
        answer = 0;
        while (bytes.Length - at >= 2)
        {
            var (length, header) = bytes[at + 1] < 128 ? (bytes[at + 1], 2) : bytes.Length - at < 3 ? (int.MaxValue / 2, 3) : ((bytes[at + 1] & 0x7F) | (bytes[at + 2] << 7), 3);
            if (bytes.Length - at < header + length) break;
            var body = bytes.Slice(at + header, length);
            switch (bytes[at] >> 4)
            {
                case Publish: TakePublish(bytes[at], body, ref answer); break;
                case Puback: Acknowledged?.Invoke(); break;
            }

            at += header + length;
        }

        return at;
    }

    private void TakePublish(byte flags, ReadOnlySpan<byte> body, ref int answer)
    {
        var payload = 2 + body[1];
        if ((flags & 0b110) != 0)
        {
            acknowledgements[answer++] = Puback << 4;
            acknowledgements[answer++] = 2;
            acknowledgements[answer++] = body[payload++];
            acknowledgements[answer++] = body[payload++];
        }

        Received?.Invoke(BinaryPrimitives.ReadInt64LittleEndian(body[payload..]));
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
    }

    private async Task ExpectAsync(int size, byte type)
    {
        var answer = new byte[size];
        var filled = 0;
        while (filled < size)
        {
            var count = await socket.ReceiveAsync(answer.AsMemory(filled), SocketFlags.None);
            if (count == 0) throw new InvalidOperationException("The broker closed the connection.");
            filled += count;
        }

        if (answer[0] != type || answer[^1] >= 0x80 || (type == 0x20 && answer[3] != 0)) throw new InvalidOperationException($"The broker answered {Convert.ToHexString(answer)}.");
    }
}

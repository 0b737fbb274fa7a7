using System.Buffers;
using System.Net.Sockets;

namespace Automation.Mqtt.Transport;

/// <summary>TCP or a Unix domain socket: the socket's bytes are MQTT's.</summary>
internal sealed class SocketConnection(Socket socket)
    : Connection(socket, socket.AddressFamily == AddressFamily.Unix ? MqttTransport.UnixSocket : MqttTransport.Tcp)
{
    protected override ValueTask<int> WaitForBytesAsync() => ReceiveAsync(Memory<byte>.Empty);

    protected override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => Socket.ReceiveAsync(buffer, SocketFlags.None);

    protected override async ValueTask SendAsync(ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            var left = segment;
            while (!left.IsEmpty)
                left = left[await Socket.SendAsync(left, SocketFlags.None)..];
        }
    }

    protected override ValueTask FinishAsync()
    {
        Socket.Shutdown(SocketShutdown.Send);
        return default;
    }
}

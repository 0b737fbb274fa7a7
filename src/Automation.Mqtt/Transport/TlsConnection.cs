using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;

namespace Automation.Mqtt.Transport;

/// <summary>TLS over TCP, the server's side.</summary>
internal sealed class TlsConnection(Socket socket, TlsServer server) : Connection(socket, MqttTransport.Tls)
{
    private SslStream? _stream;

    public override async ValueTask<OpenResult> OpenAsync()
    {
        _stream = await server.TryOpenAsync(Socket);
        if (_stream is null)
            return OpenResult.TlsFailed;
        PeerCertificate = TlsServer.PeerCertificate(_stream);
        return OpenResult.Opened;
    }

    protected override ValueTask<int> WaitForBytesAsync() => ReceiveAsync(Memory<byte>.Empty);

    protected override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => _stream!.ReadAsync(buffer);

    protected override async ValueTask SendAsync(ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
            await _stream!.WriteAsync(segment);
    }

    protected override async ValueTask FinishAsync()
    {
        await _stream!.ShutdownAsync(); // close_notify: the end is ours and not an attacker's — RFC 8446 §6.1
        Socket.Shutdown(SocketShutdown.Send);
    }

    protected override void Release() => _stream?.Dispose();
}

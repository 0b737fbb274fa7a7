using System.Buffers;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Automation.Mqtt.Transport;

/// <summary>
/// WebSocket over TCP or TLS, the server's side — MQTT 5 §6. Packets and frames are independent of each other on the way in; on the way out
/// what is flushed is one frame. A text frame ends the connection.
/// </summary>
internal sealed class WebSocketConnection(Socket socket, TlsServer? tls, MqttWebSocketOptions options)
    : Connection(socket, tls is null ? MqttTransport.WebSocket : MqttTransport.SecureWebSocket)
{
    private Stream? _stream;
    private WebSocket? _webSocket;
    private WebSocketCloseStatus _status = WebSocketCloseStatus.NormalClosure;

    public override async ValueTask<OpenResult> OpenAsync()
    {
        if (tls is null)
        {
            _stream = new NetworkStream(Socket, ownsSocket: false);
        }
        else
        {
            var secure = await tls.TryOpenAsync(Socket);
            if (secure is null)
                return OpenResult.TlsFailed;
            PeerCertificate = TlsServer.PeerCertificate(secure);
            _stream = secure;
        }

        try
        {
            if (!await WebSocketUpgrade.TryAcceptAsync(_stream, options, () => Socket.Shutdown(SocketShutdown.Send)))
                return OpenResult.UpgradeFailed;
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            return OpenResult.UpgradeFailed;
        }

        // MQTT has a keep alive of its own, and no extension is agreed on.
        _webSocket = WebSocket.CreateFromStream(
            _stream, new WebSocketCreationOptions { IsServer = true, SubProtocol = WebSocketUpgrade.Protocol, KeepAliveInterval = TimeSpan.Zero });
        return OpenResult.Opened;
    }

    protected override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        while (true)
        {
            var result = await _webSocket!.ReceiveAsync(buffer, CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Text)
                _status = WebSocketCloseStatus.InvalidMessageType; // MQTT-6.0.0-1
            if (result.MessageType != WebSocketMessageType.Binary)
                return 0;
            if (result.Count > 0)
                return result.Count; // an empty frame is allowed and is not the end
        }
    }

    protected override async ValueTask SendAsync(ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
        {
            await SendFrameAsync(bytes.First);
            return;
        }

        var length = checked((int)bytes.Length);
        var whole = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            bytes.CopyTo(whole);
            await SendFrameAsync(whole.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    protected override async ValueTask FinishAsync()
    {
        if (_webSocket!.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await _webSocket.CloseOutputAsync(_status, null, CancellationToken.None);
    }

    protected override void Release()
    {
        _webSocket?.Dispose();
        _stream?.Dispose();
    }

    private ValueTask SendFrameAsync(ReadOnlyMemory<byte> bytes) =>
        _webSocket!.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
}

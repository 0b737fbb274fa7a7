using System.Net;
using System.Net.Sockets;

namespace Automation.Mqtt;

/// <summary>One way in to a broker: TCP or a Unix domain socket, with TLS or not, with WebSocket or not.</summary>
public sealed class MqttListenerOptions
{
    /// <summary>
    /// An <see cref="IPEndPoint"/>, where port 0 takes a free one, or a <see cref="UnixDomainSocketEndPoint"/>. The file of a socket on which
    /// nobody listens is replaced at the start; the file is removed at the stop.
    /// </summary>
    public required EndPoint EndPoint { get; init; }

    /// <summary>TLS; null for none.</summary>
    public MqttTlsOptions? Tls { get; init; }

    /// <summary>WebSocket; null for plain MQTT.</summary>
    public MqttWebSocketOptions? WebSocket { get; init; }

    /// <summary>Who may open a Unix domain socket; the user of the process alone unless set.</summary>
    public UnixFileMode SocketFileMode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    internal void Validate()
    {
        if (EndPoint is not (IPEndPoint or UnixDomainSocketEndPoint))
            throw new ArgumentException($"{EndPoint} is neither an IP end point nor a Unix domain socket.");
        if (EndPoint is UnixDomainSocketEndPoint && (Tls is not null || WebSocket is not null))
            throw new ArgumentException("A Unix domain socket takes plain MQTT only.");
        Tls?.Validate();
        WebSocket?.Validate();
    }
}

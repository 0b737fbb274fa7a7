using System.Net;
using System.Net.Sockets;
using Automation.Mqtt;
using Automation.Server.Hosting;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>The end points that the settings ask for.</summary>
internal static class MqttWaysIn
{
    /// <summary>For plain MQTT over TCP; null when it is left out.</summary>
    /// <exception cref="StartupException"><c>Mqtt:Host</c> is no address.</exception>
    public static IPEndPoint? Plain(MqttOptions options) => EndPoint(options.Host, "Host", options.Port);

    /// <summary>All others.</summary>
    /// <exception cref="StartupException">An address or the path of the socket cannot be used.</exception>
    public static IEnumerable<MqttListenerOptions> Others(MqttOptions options)
    {
        var webSocket = new MqttWebSocketOptions { Origins = options.WebSocketOrigins };
        var tlsHost = options.TlsHost.Length > 0 ? options.TlsHost : options.Host;
        if (EndPoint(options.Host, "Host", options.WebSocketPort) is { } plainWebSocket) yield return new() { EndPoint = plainWebSocket, WebSocket = webSocket };
        if (EndPoint(tlsHost, "TlsHost", options.TlsPort) is { } tls) yield return new() { EndPoint = tls, Tls = Tls(options) };
        if (EndPoint(tlsHost, "TlsHost", options.TlsWebSocketPort) is { } tlsWebSocket) yield return new() { EndPoint = tlsWebSocket, Tls = Tls(options), WebSocket = webSocket };
        if (options.UnixSocket.Length > 0) yield return new() { EndPoint = Socket(options.UnixSocket) };
    }

    /// <summary>What clients are told to connect to.</summary>
    public static string AddressOf(MqttListenerOptions listener, EndPoint real) => listener switch
    {
        { EndPoint: UnixDomainSocketEndPoint } => $"unix:{listener.EndPoint}",
        { Tls: null, WebSocket: { } webSocket } => $"ws://{real}{webSocket.Path}",
        { WebSocket: { } webSocket } => $"wss://{real}{webSocket.Path}",
        { Tls: not null } => $"mqtts://{real}",
        _ => $"mqtt://{real}",
    };

    private static MqttTlsOptions Tls(MqttOptions options) => new()
    {
        CertificateFile = options.CertificateFile,
        KeyFile = NullIfEmpty(options.CertificateKeyFile),
        Password = NullIfEmpty(options.CertificatePassword),
        ClientAuthorityFile = NullIfEmpty(options.ClientCertificateAuthority),
        RequireClientCertificate = options.RequireClientCertificate,
    };

    private static string? NullIfEmpty(string text) => text.Length > 0 ? text : null;

    private static UnixDomainSocketEndPoint Socket(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (Exception error) when (error is ArgumentException or PlatformNotSupportedException)
        {
            throw new StartupException($"Mqtt:UnixSocket '{path}' cannot be a socket: {error.Message}", error);
        }
    }

    private static IPEndPoint? EndPoint(string host, string key, int port) => port < 0 ? null : new IPEndPoint(
        host switch
        {
            "localhost" => IPAddress.Loopback,
            "*" or "+" => IPAddress.IPv6Any,
            _ when IPAddress.TryParse(host, out var address) => address,
            _ => throw new StartupException($"Mqtt:{key} '{host}' is not an address. Give an IP address such as 127.0.0.1 or 0.0.0.0."),
        },
        port);
}

using System.Text;

namespace Automation.Mqtt.Client;

/// <summary>What the parts of a server's address mean.</summary>
internal static class ServerAddress
{
    public static void Validate(Uri server)
    {
        ArgumentNullException.ThrowIfNull(server);
        if (!server.IsAbsoluteUri || DefaultPort(server.Scheme) is null)
            throw new ArgumentException("The server's address begins with mqtt://, mqtts://, ws://, wss:// or unix:.", nameof(server));
        if (server.Scheme == "unix" ? server.AbsolutePath.Length < 2 : server.Host.Length == 0)
            throw new ArgumentException("The server's address names no host or socket.", nameof(server));
    }

    public static int Port(Uri server) => server.Port > 0 ? server.Port : DefaultPort(server.Scheme)!.Value;

    public static bool UsesTls(Uri server) => server.Scheme is "mqtts" or "wss";

    /// <summary>The address for the WebSocket's request; without a path it is /mqtt, which most servers use.</summary>
    public static Uri WebSocket(Uri server) =>
        new UriBuilder(server) { UserName = "", Password = "", Path = server.AbsolutePath is "/" or "" ? "/mqtt" : server.AbsolutePath }.Uri;

    /// <summary>User name and password of the address, without their escapes.</summary>
    public static (string? UserName, byte[]? Password) Credentials(Uri server)
    {
        if (server.UserInfo.Length == 0)
            return (null, null);
        var parts = server.UserInfo.Split(':', 2);
        return (Uri.UnescapeDataString(parts[0]), parts.Length < 2 ? null : Encoding.UTF8.GetBytes(Uri.UnescapeDataString(parts[1])));
    }

    private static int? DefaultPort(string scheme) => scheme switch
    {
        "mqtt" => 1883,
        "mqtts" => 8883,
        "ws" => 80,
        "wss" => 443,
        "unix" => 0,
        _ => null,
    };
}

namespace Automation.Mqtt;

/// <summary>WebSocket of a listener: RFC 6455, with MQTT as MQTT 5 §6 has it. The subprotocol <c>mqtt</c> is required.</summary>
public sealed class MqttWebSocketOptions
{
    /// <summary>The path that clients ask for; a query after it is ignored.</summary>
    public string Path { get; init; } = "/mqtt";

    /// <summary>
    /// Origins of web pages that may connect, such as <c>https://panel.example.org</c>; <c>*</c> stands for all. Clients that are no
    /// browsers send no origin and always may. A page that was loaded from this machine's own address may as well, when the address is
    /// a number or <c>localhost</c>. Without this rule every page that somebody looks at here could reach a broker that lets this machine in.
    /// </summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    internal void Validate()
    {
        if (!Path.StartsWith('/') || Path.AsSpan().ContainsAny(" ?#"))
            throw new ArgumentException($"\"{Path}\" is no path for WebSocket clients: it starts with / and has neither space nor ? nor #.");
    }
}

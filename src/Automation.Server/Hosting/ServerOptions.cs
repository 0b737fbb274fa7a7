namespace Automation.Server.Hosting;

/// <summary>The options of <c>serve</c>, and the configuration keys they stand for. As environment variables the keys have <c>__</c> for <c>:</c>.</summary>
internal static class ServerOptions
{
    public const string
        Urls = "Urls",
        PublicUrl = "PublicUrl",
        MqttPort = "Mqtt:Port",
        MqttHost = "Mqtt:Host",
        Data = "Data:Folder",
        Database = "Database",
        Workflows = "Workflows:Folder",
        Connectors = "Connectors:Folder",
        Sandbox = "Sandbox:Folder",
        AllowPrivate = "Outbound:AllowPrivate",
        TrustedProxies = "Server:TrustedProxies",
        ShutdownTime = "Server:ShutdownTime",
        MaxConnections = "Server:MaxConnections";
}

using Automation.Server.Workflows.Configs;

namespace Automation.Server.Connectors;

/// <summary>The JSON Schema of connector files, made from the records that the server reads.</summary>
internal static class ConnectorSchema
{
    public static byte[] ToFile() => ConfigSchema.FileOf(typeof(ConnectorFile), "Connector");
}

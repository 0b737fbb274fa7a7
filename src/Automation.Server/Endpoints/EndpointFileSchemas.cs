using Automation.Server.Workflows.Configs;

namespace Automation.Server.Endpoints;

/// <summary>The JSON Schemas of endpoints' files, made from the records that the server reads.</summary>
internal static class EndpointFileSchemas
{
    public static byte[] Endpoint() => ConfigSchema.FileOf(typeof(EndpointConfig), "Endpoint");

    public static byte[] EventTypes() => ConfigSchema.FileOf(typeof(EventTypesConfig), "Event types");
}

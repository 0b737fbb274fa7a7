using System.CommandLine;

namespace Automation.Server.Cli;

/// <summary>The commands of the program.</summary>
internal static class CommandLine
{
    public static RootCommand Create() => new("Automation runs workflows: webhooks and MQTT messages in, JavaScript between, webhooks out.")
    {
        ServeCommand.Create(),
        ValidateCommand.Create(),
        SchemaCommand.Create(),
        ListenCommand.Create(),
        VersionCommand.Create(),
    };
}

using System.CommandLine;
using System.CommandLine.Help;

namespace Automation.Server.Cli;

/// <summary>The commands of the program.</summary>
internal static class CommandLine
{
    /// <summary>Not a <see cref="RootCommand"/>: that takes its name in the help from the program file, and people type the script's.</summary>
    public static Command Create() => new("automation", "Automation runs workflows: webhooks and MQTT messages in, JavaScript between, webhooks out.")
    {
        ServeCommand.Create(),
        ValidateCommand.Create(),
        SchemaCommand.Create(),
        ListenCommand.Create(),
        VerifyCommand.Create(),
        SendCommand.Create(),
        ImportCommand.Create(),
        BackupCommand.Create(),
        BackupCommand.CreateRestore(),
        MqttPasswordCommand.Create(),
        SecretsKeyCommand.Create(),
        VersionCommand.Create(),
        new HelpOption { Recursive = true },
        new VersionOption(),
    };
}

using System.CommandLine;
using System.Reflection;

namespace Automation.Server.Cli;

/// <summary><c>version</c>: prints the program's version.</summary>
internal static class VersionCommand
{
    public static string Text { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static Command Create()
    {
        var command = new Command("version", "Print the version.");
        command.SetAction(_ => Console.WriteLine(Text));
        return command;
    }
}

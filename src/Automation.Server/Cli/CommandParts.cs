using Automation.Server.Hosting;

namespace Automation.Server.Cli;

/// <summary>Parts of the server for commands that start none. Standard output is the command's: the log goes to standard error, and says only what is wrong.</summary>
internal static class CommandParts
{
    public static ServiceProvider Of(IReadOnlyDictionary<string, string?> settings)
    {
        var quiet = new Dictionary<string, string?>(settings)
        {
            ["Logging:LogLevel:Default"] = nameof(LogLevel.Warning),
            ["Logging:Console:LogToStandardErrorThreshold"] = nameof(LogLevel.Trace),
        };
        return ServerBuilder.Create(quiet).Services.BuildServiceProvider();
    }
}

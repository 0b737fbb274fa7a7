namespace Automation.Server.Cli;

/// <summary>What somebody typed cannot be done; the message says why and what to do.</summary>
internal sealed class CommandException(string message) : Exception(message);

namespace Automation.Server.Sandbox;

/// <summary>No sandbox process can be started: a fault of the installation, not of a script. The next call tries again.</summary>
internal sealed class SandboxUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

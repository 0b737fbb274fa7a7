namespace Automation.Server.Secrets;

/// <summary>A secret cannot be stored. The message says why and what to do, and never has the value.</summary>
internal sealed class SecretException(string message) : Exception(message);

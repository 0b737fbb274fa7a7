namespace Automation.Server.Secrets;

/// <summary>This server cannot open a key of its own. The message says what does not work for that and what to do.</summary>
internal sealed class ServerKeyException(string message) : Exception(message);

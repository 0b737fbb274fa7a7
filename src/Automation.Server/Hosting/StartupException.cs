namespace Automation.Server.Hosting;

/// <summary>The server cannot start as it was asked to. The message is one sentence for the person who started it.</summary>
internal sealed class StartupException : Exception
{
    public StartupException(string message)
        : base(message)
    {
    }

    public StartupException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

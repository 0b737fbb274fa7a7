namespace Automation.Server.Deliveries;

/// <summary>A call to another server failed in an expected way.</summary>
/// <param name="code">A stable lower-case word, as <c>address_blocked</c>.</param>
/// <param name="message">One sentence for a person. May name the host that was called: mask it where the address came from a secret.</param>
/// <param name="final">True when trying again cannot help; left out, that follows from the code.</param>
internal sealed class OutboundException(string code, string message, bool? final = null) : Exception(message)
{
    public string Code { get; } = code;

    public bool IsFinal { get; } = final ?? code.StartsWith("invalid_", StringComparison.Ordinal);
}

/// <summary>Who failed, and what a person should read about it.</summary>
/// <param name="Code">A stable lower-case word, as <c>receiver_timed_out</c>.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Final">True when trying again cannot help.</param>
internal sealed record OutboundFailure(string Code, string Message, bool Final = false);

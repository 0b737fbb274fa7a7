using Automation.Server.Callbacks;
using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>Why a callback cannot be taken.</summary>
internal enum CallbackClosed
{
    /// <summary>It was taken before.</summary>
    Used,

    /// <summary>Its step waits no more: the time was up, or its branch was given up.</summary>
    TooLate,

    /// <summary>Its run has ended, or is gone.</summary>
    RunEnded,
}

/// <summary>Looks whether a callback can be taken, and which version of which workflow says how.</summary>
internal sealed record CallbackRead(CallbackAddress Address) : Change
{
    /// <summary>Null when there is no such run. Set when the change was applied, as all below.</summary>
    public string? WorkflowId { get; set; }

    public string? VersionHash { get; set; }

    /// <summary>Null when it can be taken.</summary>
    public CallbackClosed? Closed { get; set; }
}

/// <summary>Takes a callback, unless it is closed: ends the wait for it, or keeps it until its run waits for it.</summary>
/// <param name="Data">What the step is to be told: <c>{ outcome, output }</c>.</param>
internal sealed record CallbackTaken(CallbackAddress Address, Json Data, DateTimeOffset At) : Change
{
    /// <summary>Null when it was taken. Set when the change was applied.</summary>
    public CallbackClosed? Closed { get; set; }

    /// <summary>What it ended.</summary>
    public EndedWaits Ended { get; } = new();
}

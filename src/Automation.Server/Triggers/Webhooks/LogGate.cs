namespace Automation.Server.Triggers.Webhooks;

/// <summary>Lets one log line a second through, so that a flood of bad requests does not become a flood of log lines.</summary>
internal sealed class LogGate
{
    private long openAfter;
    private int kept;

    /// <param name="time">Whose monotonic clock counts.</param>
    /// <param name="silent">How many lines were kept back since the last one.</param>
    public bool TryPass(TimeProvider time, out int silent)
    {
        silent = 0;
        var now = time.GetTimestamp();
        var due = Volatile.Read(ref openAfter);
        if ((due != 0 && now < due) || Interlocked.CompareExchange(ref openAfter, now + time.TimestampFrequency, due) != due)
        {
            Interlocked.Increment(ref kept);
            return false;
        }

        silent = Interlocked.Exchange(ref kept, 0);
        return true;
    }
}

namespace Automation.Server.Values;

/// <summary>Sleeps until a time of the clock, or until something is heard of.</summary>
internal static class Alarm
{
    /// <summary>A clock that was set is noticed within this time.</summary>
    public static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan ClockSlack = TimeSpan.FromMilliseconds(10);

    /// <summary>Returns at the time, never before it; after <see cref="LongestSleep"/>; or when <paramref name="heard"/> completes: whichever is first.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="until">The time; null for none.</param>
    /// <param name="heard">Ends the sleep.</param>
    /// <param name="stopping">Ends it with an exception.</param>
    /// <exception cref="OperationCanceledException"><paramref name="stopping"/> was cancelled.</exception>
    public static async Task SleepAsync(TimeProvider time, DateTimeOffset? until, Task heard, CancellationToken stopping)
    {
        var planned = time.GetUtcNow() + LongestSleep;
        if (until < planned) planned = until.Value;
        using var awake = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task alarm;
        DateTimeOffset asked;
        do
        {
            asked = time.GetUtcNow();
            var pause = Math.Max(0, Math.Ceiling((planned - asked).TotalMilliseconds)); // a timer counts whole milliseconds, and must not be early
            alarm = Task.Delay(TimeSpan.FromMilliseconds(pause), time, awake.Token);
        }
        while (time.GetUtcNow() - asked > ClockSlack); // the clock moved on before the alarm was set, which is late then

        await Task.WhenAny(heard, alarm);
        await awake.CancelAsync();
        stopping.ThrowIfCancellationRequested();
    }
}

namespace Automation.Server.Values;

/// <summary>Makes the 64-bit ids of events, runs and deliveries: unique, and ascending in the order of the calls.</summary>
/// <remarks>
/// 41 bits of milliseconds since 2025-01-01, 10 bits of server number, 12 bits of counter (Snowflake's form). When the clock
/// steps back or 4,096 ids of one millisecond are used up, ids go on from the last one: they never repeat and never go back.
/// </remarks>
internal sealed class IdSource(TimeProvider time)
{
    private static readonly DateTimeOffset Epoch = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long serverBits;
    private long last;

    /// <summary>Ids made from now on are greater than <paramref name="id"/>; called at start with the greatest stored one.</summary>
    public void StartAfter(long id)
    {
        var tick = (id >> 22 << 12) | (id & 4095);
        if (tick > Volatile.Read(ref last)) Volatile.Write(ref last, tick);
    }

    /// <summary>Ids made from now on differ from those of servers with another number, modulo 1024.</summary>
    public void UseNumber(long server) => Volatile.Write(ref serverBits, (server & 1023) << 12);

    /// <summary>The lowest id that a server can have made at <paramref name="time"/>, to the millisecond; 0 for times before the first id.</summary>
    public static long LowestAt(DateTimeOffset time)
    {
        var milliseconds = (long)(time - Epoch).TotalMilliseconds;
        return milliseconds <= 0 ? 0 : Math.Min(milliseconds, long.MaxValue >> 22) << 22;
    }

    /// <summary>When an id was made, to the millisecond; a little later than that where ids ran ahead of the clock.</summary>
    public static DateTimeOffset TimeOf(long id) => Epoch.AddMilliseconds(id >> 22);

    public long Next()
    {
        var now = (long)(time.GetUtcNow() - Epoch).TotalMilliseconds << 12;
        while (true)
        {
            var before = Volatile.Read(ref last);
            var next = Math.Max(before + 1, now);
            if (Interlocked.CompareExchange(ref last, next, before) == before) return (next >> 12 << 22) | Volatile.Read(ref serverBits) | (next & 4095);
        }
    }
}

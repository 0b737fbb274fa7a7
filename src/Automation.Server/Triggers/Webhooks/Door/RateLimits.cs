using System.Runtime.InteropServices;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Door;

/// <summary>Counts what comes from each of many sources against one rate. Any thread.</summary>
/// <remarks>
/// The generic cell rate algorithm (ITU-T I.371): one time for each source, the moment until which it has used up its rate. All of the rate may come at once, then one by one. Sources that
/// have nothing used up are forgotten; beyond <see cref="MostSources"/> that have, the others share one account, so that many senders cost no memory.
/// </remarks>
internal sealed class RateLimits(Rate rate)
{
    public const int MostSources = 10_000;

    private readonly Lock gate = new();
    private long pruneAfter;
    private readonly Dictionary<string, long> usedUntil = new(StringComparer.Ordinal);

    /// <param name="source">Who.</param>
    /// <param name="time">Whose monotonic clock counts.</param>
    /// <param name="wait">How long until it may again, when it may not now; whole seconds, at least one.</param>
    public bool TryTake(string source, TimeProvider time, out TimeSpan wait)
    {
        var per = (long)(rate.Per.TotalSeconds * time.TimestampFrequency);
        var cost = Math.Max(1, per / rate.Count);
        lock (gate)
        {
            var now = time.GetTimestamp();
            if (usedUntil.Count >= MostSources && !usedUntil.ContainsKey(source))
            {
                if (now >= pruneAfter) Prune(now, time);
                if (usedUntil.Count >= MostSources) source = "";
            }

            ref var used = ref CollectionsMarshal.GetValueRefOrAddDefault(usedUntil, source, out _);
            var next = Math.Max(used, now) + cost;
            wait = TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling((double)(next - now - per) / time.TimestampFrequency)));
            if (next - now > per) return false;
            used = next;
            return true;
        }
    }

    // At most once a second: a look at all of them is what many new senders could cause with each request.
    private void Prune(long now, TimeProvider time)
    {
        pruneAfter = now + time.TimestampFrequency;
        foreach (var (idle, until) in usedUntil)
        {
            if (until <= now) usedUntil.Remove(idle);
        }
    }
}

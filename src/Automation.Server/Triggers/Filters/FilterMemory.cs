using Automation.Server.Steps.Types.Devices;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Filters;

/// <summary>What a trigger's filters remember of a key: of the events that got past them, and of no others. Times are milliseconds since 1970.</summary>
/// <param name="Value">The last value of <c>changed</c>.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Until">End of the interval of <c>throttle</c>.</param>
/// <param name="Marks">Values of <c>dedupe</c>, oldest first.</param>
/// <param name="Times">When each was taken.</param>
internal sealed record FilterMemory(Json Value, long? At, long? Until, IReadOnlyList<string>? Marks, IReadOnlyList<long>? Times)
{
    private static readonly FilterMemory Empty = new(Json.Null, null, null, null, null);

    /// <summary>Decides about an event, from what is remembered and when it came.</summary>
    /// <returns>The filter that drops it; or null, and what is remembered from then on.</returns>
    public static (string? DroppedBy, FilterMemory Next) Decide(TriggerFilters filters, FilterMemory? before, DateTimeOffset at)
    {
        var (memory, now) = (before ?? Empty, at.ToUnixTimeMilliseconds());
        if (filters.When is false) return ("when", memory);
        var next = memory;
        if (filters.Dedupe is { } dedupe)
        {
            var (marks, times) = (memory.Marks ?? [], memory.Times ?? []);
            var oldest = (at - dedupe.Within.Value).ToUnixTimeMilliseconds();
            var over = times.TakeWhile(time => time <= oldest).Count();
            var mark = DedupeStep.MarkOf(dedupe.By);
            if (marks.Skip(over).Contains(mark)) return ("dedupe", memory);
            over = Math.Max(over, marks.Count + 1 - dedupe.Max);
            next = next with { Marks = [.. marks.Skip(over), mark], Times = [.. times.Skip(over), now] };
        }

        if (filters.Changed is { } changed)
        {
            var isKnown = memory.At is { } then && (changed.Forget is not { } forget || now < then + (long)forget.Value.TotalMilliseconds);
            if (isKnown && !ValueChange.IsOne(memory.Value, changed.Value, changed.Deadband, changed.DeadbandPercent)) return ("changed", memory);
            next = next with { Value = changed.Value, At = now };
        }

        if (filters.Throttle is { } throttle)
        {
            if (now < memory.Until) return ("throttle", memory);
            next = next with { Until = now + (long)throttle.Per.Value.TotalMilliseconds };
        }

        return (null, next);
    }

    /// <summary>When nothing of it matters any more; null for never.</summary>
    public static DateTimeOffset? ForgetAt(TriggerFilters filters, DateTimeOffset at)
    {
        if (filters.Changed is { Forget: null }) return null;
        var longest = new[] { filters.Changed?.Forget?.Value, filters.Dedupe?.Within.Value, filters.Throttle?.Per.Value }.Max();
        return at + longest;
    }
}

using System.Globalization;

namespace Automation.Server.Triggers.Schedules;

/// <summary>One place of a cron expression: what its numbers and names may be.</summary>
/// <param name="Name">As messages call it.</param>
/// <param name="Min">Lowest number.</param>
/// <param name="Max">Highest number.</param>
/// <param name="Names">Names for the numbers from <paramref name="Min"/> on, three letters each; empty when there are none.</param>
internal sealed record CronField(string Name, int Min, int Max, params string[] Names)
{
    public static readonly CronField Second = new("second", 0, 59);
    public static readonly CronField Minute = new("minute", 0, 59);
    public static readonly CronField Hour = new("hour", 0, 23);
    public static readonly CronField DayOfMonth = new("day of month", 1, 31);
    public static readonly CronField Month = new("month", 1, 12, "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");

    /// <summary>0 is Sunday, and so is 7.</summary>
    public static readonly CronField DayOfWeek = new("day of week", 0, 6, "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    private int Span => Max - Min + 1;

    /// <summary>Reads <c>*</c>, <c>a</c>, <c>a-b</c>, each with an optional <c>/step</c>; a range that ends before it begins goes round. Sets the bit of each value.</summary>
    /// <returns>Null, or a sentence about what is wrong.</returns>
    public string? Read(ReadOnlySpan<char> part, ref ulong bits)
    {
        var step = 1;
        var slash = part.IndexOf('/');
        var body = slash < 0 ? part : part[..slash];
        if (slash >= 0 && (!TryNumber(part[(slash + 1)..], out step) || step < 1 || step >= Span)) return $"\"{part}\": a step in the field {Name} is a number from 1 to {Span - 1}.";
        int from, to;
        if (body is "*")
        {
            (from, to) = (Min, Max);
        }
        else
        {
            var dash = body.IndexOf('-');
            if (!TryValue(dash < 0 ? body : body[..dash], out from)) return Unknown(dash < 0 ? body : body[..dash]);
            to = slash < 0 ? from : Max;
            if (dash >= 0 && !TryValue(body[(dash + 1)..], out to)) return Unknown(body[(dash + 1)..]);
            if (to < from) to += Span;
        }

        for (var value = from; value <= to; value += step) bits |= 1UL << (Min + ((value - Min) % Span));
        return null;
    }

    public bool TryValue(ReadOnlySpan<char> text, out int value)
    {
        if (TryNumber(text, out value))
        {
            if (this == DayOfWeek && value == 7) value = 0;
            return value >= Min && value <= Max;
        }

        for (var at = 0; at < Names.Length; at++)
        {
            value = Min + at;
            if (text.Equals(Names[at], StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    public string Unknown(ReadOnlySpan<char> text) => text.IsEmpty
        ? $"A value is missing in the field {Name}."
        : $"\"{text}\" in the field {Name} is not a number from {Min} to {(this == DayOfWeek ? 7 : Max)}{(Names.Length == 0 ? "" : $" or a name from {Names[0]} to {Names[^1]}")}.";

    private static bool TryNumber(ReadOnlySpan<char> text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && text.Length <= 4;
}

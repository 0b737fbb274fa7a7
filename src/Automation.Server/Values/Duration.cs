using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Automation.Server.Values;

/// <summary>A length of time as workflow files and settings write it: <c>"250ms"</c>, <c>"5s"</c>, <c>"1.5h"</c>, <c>"P1D"</c>, <c>"PT5M"</c>. Never negative.</summary>
/// <remarks>
/// Short form: one number and one unit of ms, s, m, h, d. ISO 8601 form: weeks, days, hours, minutes and seconds; years and
/// months are refused, because they have no fixed length. A day is 24 hours.
/// </remarks>
[JsonConverter(typeof(Converter))]
internal readonly record struct Duration(TimeSpan Value)
{
    /// <summary>What a duration looks like, for JSON Schema; <see cref="TryParse"/> takes the same texts, short of overflow.</summary>
    public const string Pattern = @"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d)|P([0-9]+W|(?=.)([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?))$";

    public const string Expected = "a duration such as \"250ms\", \"5s\", \"5m\", \"2h\", \"1d\" or \"PT5M\"";

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    public static implicit operator TimeSpan(Duration duration) => duration.Value;

    public static bool TryParse(string? text, out Duration duration)
    {
        duration = default;
        if (string.IsNullOrEmpty(text) || text.Length > 64) return false;
        var ticks = text[0] == 'P' ? IsoTicks(text.AsSpan(1)) : ShortTicks(text);
        if (ticks is not { } known || known > TimeSpan.MaxValue.Ticks) return false;
        duration = new Duration(new TimeSpan((long)known));
        return true;
    }

    /// <exception cref="FormatException">The text is not a duration; the message says what one looks like.</exception>
    public static Duration Parse(string? text) =>
        TryParse(text, out var duration) ? duration : throw new FormatException($"\"{text}\" is not {Expected}.");

    /// <summary>The short form with the largest unit that divides it: <c>90 s</c> is <c>"90s"</c>, two hours are <c>"2h"</c>.</summary>
    public override string ToString()
    {
        var ticks = Value.Ticks;
        if (ticks == 0) return "0s";
        foreach (var (unit, name) in new[] { (TimeSpan.TicksPerDay, "d"), (TimeSpan.TicksPerHour, "h"), (TimeSpan.TicksPerMinute, "m"), (TimeSpan.TicksPerSecond, "s") })
        {
            if (ticks % unit == 0) return string.Create(CultureInfo.InvariantCulture, $"{ticks / unit}{name}");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{(decimal)ticks / TimeSpan.TicksPerMillisecond}ms");
    }

    private static decimal? ShortTicks(ReadOnlySpan<char> text) => text switch
    {
        [.. var number, 'm', 's'] => Ticks(number, TimeSpan.TicksPerMillisecond, fraction: true),
        [.. var number, 's'] => Ticks(number, TimeSpan.TicksPerSecond, fraction: true),
        [.. var number, 'm'] => Ticks(number, TimeSpan.TicksPerMinute, fraction: true),
        [.. var number, 'h'] => Ticks(number, TimeSpan.TicksPerHour, fraction: true),
        [.. var number, 'd'] => Ticks(number, TimeSpan.TicksPerDay, fraction: true),
        _ => null,
    };

    private static decimal? IsoTicks(ReadOnlySpan<char> rest)
    {
        // P [nW] | P [nD] [T [nH] [nM] [n[.n]S]] — ISO 8601-1 §5.5.2, without years and months.
        decimal total = 0;
        var units = "WD";
        var parts = 0;
        while (!rest.IsEmpty)
        {
            if (rest[0] == 'T')
            {
                if (units is not ("WD" or "") || rest.Length == 1) return null;
                units = "HMS";
                rest = rest[1..];
                continue;
            }

            var end = rest.IndexOfAnyExcept(NumberCharacters);
            if (end <= 0) return null;
            var unit = rest[end];
            var at = units.IndexOf(unit, StringComparison.Ordinal);
            if (at < 0 || Ticks(rest[..end], UnitTicks(unit), fraction: unit == 'S') is not { } ticks) return null;
            if (unit == 'W' && rest.Length > end + 1) return null;
            total += ticks;
            parts++;
            units = unit == 'S' ? "-" : units[(at + 1)..];
            rest = rest[(end + 1)..];
        }

        return parts == 0 ? null : total;
    }

    private static long UnitTicks(char unit) => unit switch
    {
        'W' => 7 * TimeSpan.TicksPerDay,
        'D' => TimeSpan.TicksPerDay,
        'H' => TimeSpan.TicksPerHour,
        'M' => TimeSpan.TicksPerMinute,
        _ => TimeSpan.TicksPerSecond,
    };

    private static decimal? Ticks(ReadOnlySpan<char> number, long unit, bool fraction)
    {
        // 18 characters keep the product below decimal's range.
        if (number.IsEmpty || number.Length > 18 || !char.IsAsciiDigit(number[0]) || !char.IsAsciiDigit(number[^1])) return null;
        var style = fraction ? NumberStyles.AllowDecimalPoint : NumberStyles.None;
        if (!decimal.TryParse(number, style, CultureInfo.InvariantCulture, out var value)) return null;
        return decimal.Round(value * unit);
    }

    private sealed class Converter : JsonConverter<Duration>
    {
        public override Duration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is not JsonTokenType.String) throw new JsonException($"Expected {Expected}.");
            var text = reader.GetString();
            return TryParse(text, out var duration) ? duration : throw new JsonException($"\"{text}\" is not {Expected}.");
        }

        public override void Write(Utf8JsonWriter writer, Duration value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}

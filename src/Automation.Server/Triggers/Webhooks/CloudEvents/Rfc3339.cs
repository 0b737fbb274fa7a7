using System.Globalization;

namespace Automation.Server.Triggers.Webhooks.CloudEvents;

/// <summary>RFC 3339 timestamps: <c>2026-01-31T12:00:00[.fraction](Z|±hh:mm)</c>, any number of fraction digits.</summary>
internal static class Rfc3339
{
    private const int FractionStart = 19;

    // .NET keeps seven digits of a second; Go and Java senders give nine.
    private const int KnownDigits = 7;

    public static bool IsTimestamp(string text)
    {
        if (text.Length < FractionStart + 1 || text.Length > 64) return false;
        var end = FractionStart;
        if (text[end] == '.')
        {
            do end++;
            while (end < text.Length && char.IsAsciiDigit(text[end]));
            if (end == FractionStart + 1) return false;
        }

        var zone = text.AsSpan(end);
        if (zone is not ['Z' or 'z'] and not ['+' or '-', _, _, ':', _, _]) return false;
        var fraction = text.AsSpan(FractionStart, Math.Min(end - FractionStart, KnownDigits + 1));
        var known = $"{text.AsSpan(0, FractionStart)}{fraction}{zone}".ToUpperInvariant();
        return DateTimeOffset.TryParseExact(known, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
    }
}

namespace Automation.Server.Triggers.Schedules;

/// <summary>Time zones by their IANA names.</summary>
internal static class ZoneNames
{
    public const string Default = "UTC";

    private const int LongestName = 64;

    /// <summary>Null when this server does not know the zone. Without a name: UTC.</summary>
    public static TimeZoneInfo? Find(string? name)
    {
        if (name is null or Default) return TimeZoneInfo.Utc;
        if (!IsName(name)) return null;
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;
    }

    /// <summary>A sentence about a name that was not found.</summary>
    public static string Mistake(string name)
    {
        var shown = name.Length <= LongestName ? name : name[..LongestName] + "…";
        return $"\"{shown}\" is not a time zone that this server knows; name one as the IANA does, such as \"Europe/Berlin\".{Workflows.Suggestion.For(name, TimeZoneInfo.GetSystemTimeZones(skipSorting: true).Select(zone => zone.Id))}";
    }

    /// <summary>The name becomes a file's: it must not lead out of the folder of time zones.</summary>
    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+');
}

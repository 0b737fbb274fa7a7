using System.Globalization;

namespace Automation.Server.Runs;

/// <summary>The texts by which what ends a wait finds it: <see cref="Steps.StepWait.Match"/>.</summary>
/// <remarks>
/// For an event <c>pattern LF path LF value</c>: the pattern says which events, the path where in them the value is. An accepted event is compared by one look-up for each
/// path that waits with its pattern have ever had, and one for the value there: waits are never looked through.
/// </remarks>
internal static class WaitMatch
{
    private const string EventPrefix = "event:", TopicPrefix = "mqtt:", CallbackPrefix = "callback:", RunPrefix = "run:";

    /// <summary>Pattern of the events of a CloudEvents type.</summary>
    public static string EventsOf(string type) => EventPrefix + type;

    /// <summary>Pattern of the messages on a topic filter, as it is written, with named levels.</summary>
    /// <param name="connection">Whose; null for the embedded broker.</param>
    /// <param name="filter">The filter.</param>
    public static string MessagesOn(string? connection, string filter) => $"{TopicPrefix}{connection}:{filter}";

    /// <summary>Reads what <see cref="MessagesOn"/> made.</summary>
    public static bool TryReadTopic(string pattern, out string? connection, out string filter)
    {
        connection = null;
        filter = "";
        if (!pattern.StartsWith(TopicPrefix, StringComparison.Ordinal)) return false;
        var end = pattern.IndexOf(':', TopicPrefix.Length);
        if (end > TopicPrefix.Length) connection = pattern[TopicPrefix.Length..end];
        filter = pattern[(end + 1)..];
        return true;
    }

    /// <param name="pattern">Which events.</param>
    /// <param name="path">Where in them the value is, as <c>event.data.order</c>; empty for any event.</param>
    /// <param name="value">What has to be there.</param>
    public static string Of(string pattern, string path, string value) => $"{pattern}\n{path}\n{value}";

    /// <summary>The match of a callback that is to come to an address.</summary>
    public static string OfCallback(string address) => CallbackPrefix + address;

    public static bool TryReadCallback(string match, out string address)
    {
        address = match.StartsWith(CallbackPrefix, StringComparison.Ordinal) ? match[CallbackPrefix.Length..] : "";
        return address.Length > 0;
    }

    /// <summary>The match of the end of a called run.</summary>
    public static string OfRun(long runId) => RunPrefix + runId.ToString(CultureInfo.InvariantCulture);

    public static bool TryReadRun(string match, out long runId)
    {
        runId = 0;
        return match.StartsWith(RunPrefix, StringComparison.Ordinal) && long.TryParse(match.AsSpan(RunPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out runId);
    }

    /// <summary>Pattern and path of an event's match; false for another.</summary>
    public static bool TryReadSource(string match, out string pattern, out string path)
    {
        var parts = match.Split('\n', 3);
        (pattern, path) = parts.Length == 3 ? (parts[0], parts[1]) : ("", "");
        return parts.Length == 3;
    }
}

using System.Text;

namespace Automation.Mqtt.Topics;

/// <summary>Rules of topic names — MQTT 5 §4.7.</summary>
public static class TopicName
{
    /// <summary>Most levels of a topic name or filter; deeper ones are refused so that matching stays cheap.</summary>
    public const int MaximumLevels = 128;

    /// <summary>Most bytes of a topic name or filter in UTF-8.</summary>
    public const int MaximumBytes = ushort.MaxValue;

    /// <summary>Whether a message can be published to the topic: not empty, no wildcard, no U+0000, at most 65,535 bytes and 128 levels.</summary>
    /// <param name="topic">The topic name.</param>
    public static bool IsValid(ReadOnlySpan<char> topic) => !topic.ContainsAny('+', '#') && IsValidText(topic);

    internal static bool IsValidText(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MaximumBytes
        && !text.Contains('\0')
        && text.Count('/') < MaximumLevels
        && (text.Length <= MaximumBytes / 3 || Encoding.UTF8.GetByteCount(text) <= MaximumBytes);
}

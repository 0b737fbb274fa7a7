namespace Automation.Mqtt.Topics;

/// <summary>Walks the levels of a topic without splitting it.</summary>
internal static class TopicLevels
{
    /// <summary>Takes the first level from <paramref name="rest"/>. Levels may be empty: "/a" has two.</summary>
    public static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest, out bool isLast)
    {
        var slash = rest.IndexOf('/');
        isLast = slash < 0;
        var level = isLast ? rest : rest[..slash];
        rest = isLast ? default : rest[(slash + 1)..];
        return level;
    }

    public static bool AreMoreThan(int maximum, ReadOnlySpan<char> topic) => topic.Count('/') >= maximum;
}

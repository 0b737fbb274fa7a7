using System.Diagnostics.CodeAnalysis;

namespace Automation.Mqtt.Topics;

/// <summary>A topic filter: a topic name in which a level may be <c>+</c> and the last may be <c>#</c> — MQTT 5 §4.7.1.</summary>
/// <remarks><c>$share/{name}/{filter}</c> is a shared subscription (§4.8.2); <see cref="Filter"/> is then the part that topics are matched against.</remarks>
public sealed class TopicFilter : IEquatable<TopicFilter>
{
    private const string ShareRoot = "$share";
    private const string SharePrefix = "$share/";

    private TopicFilter(string text, string filter, string? shareName)
    {
        Text = text;
        Filter = filter;
        ShareName = shareName;
        HasWildcards = filter.AsSpan().ContainsAny('+', '#');
    }

    /// <summary><c>#</c>: all topics but those that begin with <c>$</c>.</summary>
    public static TopicFilter Everything { get; } = new("#", "#", null);

    /// <summary>The whole filter as it was written.</summary>
    public string Text { get; }

    /// <summary>The filter that topic names are matched against: <see cref="Text"/> without the share.</summary>
    public string Filter { get; }

    /// <summary>Name of the share, or null when the subscription is not shared.</summary>
    public string? ShareName { get; }

    /// <summary>Whether the filter can match more than one topic.</summary>
    public bool HasWildcards { get; }

    /// <summary>Parses a filter.</summary>
    /// <param name="text">The filter.</param>
    /// <param name="filter">The parsed filter when true is returned.</param>
    /// <returns>False when a wildcard is not a whole level, <c>#</c> is not last, a share has no name or filter, or the text is no valid topic text.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out TopicFilter? filter)
    {
        filter = null;
        if (text is null || !TopicName.IsValidText(text))
            return false;

        var matched = text;
        string? shareName = null;
        if (text == ShareRoot)
            return false; // [MQTT-4.8.2-1]
        if (text.StartsWith(SharePrefix, StringComparison.Ordinal))
        {
            var end = text.IndexOf('/', SharePrefix.Length);
            if (end <= SharePrefix.Length || end == text.Length - 1)
                return false;
            shareName = text[SharePrefix.Length..end];
            matched = text[(end + 1)..];
            if (shareName.AsSpan().ContainsAny('+', '#'))
                return false;
        }

        if (!WildcardsAreWholeLevels(matched))
            return false;
        filter = new TopicFilter(text, matched, shareName);
        return true;
    }

    /// <summary>Whether a message on the topic belongs to this filter. Filters that start with a wildcard never match topics that start with <c>$</c>.</summary>
    /// <param name="topicName">A valid topic name.</param>
    public bool Matches(ReadOnlySpan<char> topicName)
    {
        ReadOnlySpan<char> filter = Filter;
        if (!HasWildcards)
            return filter.SequenceEqual(topicName);
        var hidden = topicName.StartsWith('$') && filter[0] is ('+' or '#'); // §4.7.2
        return !hidden && MatchesLevels(filter, topicName);
    }

    /// <summary>Whether every topic that the other filter matches is matched by this one. Share names do not count.</summary>
    /// <param name="other">The other filter.</param>
    public bool Covers(TopicFilter other)
    {
        ArgumentNullException.ThrowIfNull(other);
        ReadOnlySpan<char> mine = Filter;
        ReadOnlySpan<char> theirs = other.Filter;
        if (mine[0] is '+' or '#' && theirs[0] == '$')
            return false; // §4.7.2
        while (true)
        {
            var level = TopicLevels.Next(ref mine, out var mineEnds);
            if (level is "#")
                return true;
            var otherLevel = TopicLevels.Next(ref theirs, out var theirsEnds);
            if (otherLevel is "#" || (level is not "+" && !level.SequenceEqual(otherLevel)))
                return false;
            if (mineEnds || theirsEnds)
                return mineEnds == theirsEnds || (theirsEnds && mine is "#");
        }
    }

    /// <inheritdoc/>
    public bool Equals(TopicFilter? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TopicFilter);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The filter as it was written.</summary>
    public override string ToString() => Text;

    private static bool MatchesLevels(ReadOnlySpan<char> filter, ReadOnlySpan<char> topic)
    {
        while (true)
        {
            var filterLevel = TopicLevels.Next(ref filter, out var filterEnds);
            if (filterLevel is "#")
                return true;
            var topicLevel = TopicLevels.Next(ref topic, out var topicEnds);
            if (filterLevel is not "+" && !filterLevel.SequenceEqual(topicLevel))
                return false;
            if (filterEnds || topicEnds)
                return filterEnds == topicEnds || (topicEnds && filter is "#"); // "a/#" matches "a", §4.7.1.2
        }
    }

    private static bool WildcardsAreWholeLevels(ReadOnlySpan<char> filter)
    {
        if (!filter.ContainsAny('+', '#'))
            return true;
        var ends = false;
        while (!ends)
        {
            var level = TopicLevels.Next(ref filter, out ends);
            if (level.ContainsAny('+', '#') && (level.Length > 1 || (level is "#" && !ends)))
                return false;
        }

        return true;
    }
}

using System.Diagnostics.CodeAnalysis;
using Automation.Mqtt.Topics;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>A topic filter in which levels may have names: <c>plants/{plant}/#</c> is the filter <c>plants/+/#</c> and names level 1.</summary>
/// <param name="Filter">The filter in MQTT's own form (MQTT 5 §4.7).</param>
/// <param name="Names">Level number, from 0, and name.</param>
internal sealed record TopicPattern(TopicFilter Filter, IReadOnlyList<(int Level, string Name)> Names)
{
    public static bool TryParse(string text, [NotNullWhen(true)] out TopicPattern? pattern, [NotNullWhen(false)] out string? mistake)
    {
        pattern = null;
        mistake = null;
        var levels = text.Split('/');
        var names = new List<(int Level, string Name)>();
        for (var i = 0; i < levels.Length; i++)
        {
            var level = levels[i];
            if (!level.AsSpan().ContainsAny('{', '}')) continue;
            if (!IsName(level))
            {
                mistake = $"'{level}' is not a named level. A name takes a whole level and is made of letters, digits and _, as {{room}}.";
                return false;
            }

            if (names.Exists(n => n.Name == level[1..^1]))
            {
                mistake = $"Two levels are named {level}. Give each its own name.";
                return false;
            }

            names.Add((i, level[1..^1]));
            levels[i] = "+";
        }

        if (!TopicFilter.TryParse(string.Join('/', levels), out var filter))
        {
            mistake = $"'{text}' is not a topic filter. + and # take a whole level, # is the last one, and the filter is not empty.";
            return false;
        }

        if (filter.ShareName is not null)
        {
            mistake = "$share/ is not needed here: each message starts one run, however many servers there are. Leave out $share and the group name.";
            return false;
        }

        pattern = new TopicPattern(filter, names);
        return true;
    }

    /// <summary>The named levels of a topic name that matches.</summary>
    public IEnumerable<KeyValuePair<string, string>> Parameters(string topic)
    {
        if (Names.Count == 0) yield break;
        var levels = topic.Split('/');
        foreach (var (level, name) in Names) yield return new(name, levels[level]);
    }

    private static bool IsName(string level) => level.Length > 2 && level[0] == '{' && level[^1] == '}' && level[1..^1].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}

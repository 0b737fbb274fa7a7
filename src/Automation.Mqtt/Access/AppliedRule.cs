namespace Automation.Mqtt.Access;

/// <summary>A rule as it reads for one client: the levels of its filter, with <c>+</c> and <c>#</c> as wildcards.</summary>
internal readonly record struct AppliedRule(AccessRule Rule, string[] Levels)
{
    private enum Question
    {
        Topic,
        WholeFilter,
        PartOfFilter,
    }

    /// <summary>Whether the rule speaks of the topic.</summary>
    public bool Matches(string[] topic) => Answer(topic, Question.Topic);

    /// <summary>Whether the rule speaks of every topic that the filter matches.</summary>
    public bool Covers(string[] filter) => Answer(filter, Question.WholeFilter);

    /// <summary>Whether there may be a topic of which the rule speaks and that the filter matches.</summary>
    public bool Touches(string[] filter) => Answer(filter, Question.PartOfFilter);

    private bool Answer(string[] other, Question question)
    {
        // Wildcards in the first level do not reach topics that begin with $ — MQTT 5 §4.7.2.
        if (Levels[0] is "+" or "#" && other[0].StartsWith('$'))
            return false;
        if (question != Question.Topic && other[0] is "+" or "#" && Levels[0].StartsWith('$'))
            return false;

        for (var index = 0; ; index++)
        {
            var ruleEnds = index == Levels.Length;
            var otherEnds = index == other.Length;
            if (ruleEnds && otherEnds)
                return true;
            if (!ruleEnds && Levels[index] == "#")
                return true; // "a/#" speaks of "a" too — §4.7.1.2
            if (question != Question.Topic && !otherEnds && other[index] == "#")
                return question == Question.PartOfFilter;
            if (ruleEnds || otherEnds)
                return false;
            var fits = Levels[index] == "+" || Levels[index] == other[index] || (question == Question.PartOfFilter && other[index] == "+");
            if (!fits)
                return false;
        }
    }
}

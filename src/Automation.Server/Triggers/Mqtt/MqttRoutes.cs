using Automation.Server.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Which workflows a topic name starts. Immutable; made anew for each <see cref="WorkflowSet"/>.</summary>
/// <remarks>A tree of topic levels: the cost of a match grows with the topic's depth and its matches, not with the number of triggers.</remarks>
internal sealed class MqttRoutes
{
    private readonly Level root = new();
    private readonly List<MqttRoute> all = [];

    /// <param name="workflows">The workflows.</param>
    /// <param name="connection">Whose triggers; null for those of the embedded broker.</param>
    public MqttRoutes(WorkflowSet workflows, string? connection = null)
    {
        foreach (var (_, topic) in workflows.WaitTopics.Where(t => t.Connection == connection).OrderBy(t => t.Topic, StringComparer.Ordinal))
        {
            if (TopicPattern.TryParse(topic, out var pattern, out _)) Add(new MqttRoute(pattern, new MqttTrigger.Config(topic, Connection: connection, Retained: RetainedUse.None), default) { OnlyForWaits = WaitMatch.MessagesOn(connection, topic) });
        }

        foreach (var version in workflows.Active.OrderBy(v => v.WorkflowId, StringComparer.Ordinal))
        {
            foreach (var trigger in version.Triggers.Values)
            {
                if (trigger.Config is MqttTrigger.Config config && config.Connection == connection && TopicPattern.TryParse(config.Topic, out var pattern, out _))
                {
                    ReadSparkplug |= config.Payload is PayloadForm.Sparkplug;
                    Add(new MqttRoute(pattern, config, new TriggerTarget(version, trigger)));
                }
            }
        }
    }

    /// <summary>Whether any trigger reads Sparkplug: birth certificates are of interest then, on whatever topic it listens.</summary>
    public bool ReadSparkplug { get; }

    /// <summary>Sorted by workflow.</summary>
    public IReadOnlyList<MqttRoute> All => all;

    /// <summary>The routes a topic name matches; empty, without allocation, when there are none.</summary>
    public IReadOnlyList<MqttRoute> Match(string topic)
    {
        List<MqttRoute>? found = null;
        Match(root, topic, topic.StartsWith('$'), ref found);
        return found ?? (IReadOnlyList<MqttRoute>)[];
    }

    // The topic's first level may not be matched by a wildcard when it begins with $ (MQTT 5 §4.7.2).
    private static void Match(Level level, ReadOnlySpan<char> rest, bool hidden, ref List<MqttRoute>? found)
    {
        if (!hidden && level.Rest.Count > 0) (found ??= []).AddRange(level.Rest);
        var slash = rest.IndexOf('/');
        var name = slash < 0 ? rest : rest[..slash];
        if (level.Named.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var next)) Descend(next, rest, slash, ref found);
        if (!hidden && level.Any is { } any) Descend(any, rest, slash, ref found);
    }

    private static void Descend(Level level, ReadOnlySpan<char> rest, int slash, ref List<MqttRoute>? found)
    {
        if (slash >= 0)
        {
            Match(level, rest[(slash + 1)..], false, ref found);
            return;
        }

        if (level.Here.Count > 0) (found ??= []).AddRange(level.Here);
        if (level.Rest.Count > 0) (found ??= []).AddRange(level.Rest); // "a/#" matches "a", §4.7.1.2
    }

    private void Add(MqttRoute route)
    {
        all.Add(route);
        var level = root;
        foreach (var name in route.Pattern.Filter.Filter.Split('/'))
        {
            if (name == "#")
            {
                level.Rest.Add(route);
                return;
            }

            if (name == "+")
            {
                level = level.Any ??= new Level();
                continue;
            }

            if (!level.Named.TryGetValue(name, out var next)) level.Named.Add(name, next = new Level());
            level = next;
        }

        level.Here.Add(route);
    }

    private sealed class Level
    {
        public Dictionary<string, Level> Named { get; } = new(StringComparer.Ordinal);

        public Level? Any { get; set; }

        public List<MqttRoute> Here { get; } = [];

        public List<MqttRoute> Rest { get; } = [];
    }
}

/// <summary>One MQTT trigger of an active workflow, or messages that runs may wait for.</summary>
internal sealed record MqttRoute(TopicPattern Pattern, MqttTrigger.Config Config, TriggerTarget Target)
{
    /// <inheritdoc cref="Offer.OnlyForWaits"/>
    public string? OnlyForWaits { get; init; }

    /// <summary>Workflow and trigger, as <c>cold-room/reading</c>: the same for all versions.</summary>
    public string Name => field ??= OnlyForWaits is null ? $"{Target.Version.WorkflowId}/{Target.Trigger.Id}" : "waiting runs";
}

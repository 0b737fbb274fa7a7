using System.Text;

namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>What the last birth certificate of an edge node, or of a device, says about its metrics. Immutable.</summary>
internal sealed class SparkplugBirth
{
    private const int BytesOfAnEntry = 128; // its places in two dictionaries, the string's header
    private readonly Dictionary<ulong, BornMetric> aliases = [];
    private readonly Dictionary<string, SparkplugType> types = new(StringComparer.Ordinal);

    private SparkplugBirth(SparkplugTopic topic) => (Node, Device) = ((topic.Group, topic.EdgeNode), topic.Device ?? "");

    public (string Group, string EdgeNode) Node { get; }

    /// <summary>Empty for the edge node itself.</summary>
    public string Device { get; }

    /// <summary>Roughly what it takes in memory.</summary>
    public long Bytes { get; private set; } = BytesOfAnEntry;

    /// <summary>Null for a payload that cannot be read.</summary>
    public static SparkplugBirth? Read(SparkplugTopic topic, ReadOnlySpan<byte> payload)
    {
        var birth = new SparkplugBirth(topic);
        try
        {
            var reader = new ProtobufReader(payload);
            while (reader.Read())
            {
                if (reader.Field == SparkplugBody.Metrics) birth.Add(SparkplugMetric.Read(reader.Bytes()));
            }

            return birth;
        }
        catch (InvalidDataException)
        {
            return null; // the event of a trigger that reads it says so: payloadProblem
        }
    }

    /// <summary>The names of aliases, and the types of names, that the payload does not give itself.</summary>
    public SparkplugNames Resolve(ReadOnlySpan<byte> payload)
    {
        var named = new Dictionary<ulong, BornMetric>();
        var typed = new Dictionary<string, SparkplugType>(StringComparer.Ordinal);
        try
        {
            var reader = new ProtobufReader(payload);
            while (reader.Read())
            {
                if (reader.Field == SparkplugBody.Metrics) Resolve(SparkplugMetric.Read(reader.Bytes()), named, typed);
            }
        }
        catch (InvalidDataException)
        {
            return SparkplugNames.None;
        }

        return named.Count + typed.Count == 0 ? SparkplugNames.None : new(named, typed);
    }

    private void Resolve(in SparkplugMetric metric, Dictionary<ulong, BornMetric> named, Dictionary<string, SparkplugType> typed)
    {
        if (!metric.HasName)
        {
            if (metric.Alias is { } alias && aliases.TryGetValue(alias, out var born)) named[alias] = born;
        }
        else if (metric.Type is SparkplugType.Unknown && Encoding.UTF8.GetString(metric.Name) is var name && types.TryGetValue(name, out var type))
        {
            typed[name] = type;
        }
    }

    private void Add(in SparkplugMetric metric)
    {
        if (!metric.HasName) return;
        var name = Encoding.UTF8.GetString(metric.Name);
        types[name] = metric.Type;
        if (metric.Alias is { } alias) aliases[alias] = new(name, metric.Type);
        Bytes += BytesOfAnEntry + (sizeof(char) * name.Length);
    }
}

namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>A metric as it lies in the payload — Sparkplug 3.0 §6.4.6.</summary>
internal ref struct SparkplugMetric
{
    private const int FirstValue = 10;

    public bool HasName { get; private set; }

    public ReadOnlySpan<byte> Name { get; private set; }

    public ulong? Alias { get; private set; }

    /// <summary>Milliseconds since 1970, UTC.</summary>
    public ulong? Timestamp { get; private set; }

    public SparkplugType Type { get; private set; }

    public bool IsHistorical { get; private set; }

    public bool IsTransient { get; private set; }

    public bool IsNull { get; private set; }

    public ReadOnlySpan<byte> Metadata { get; private set; }

    public ReadOnlySpan<byte> Properties { get; private set; }

    public SparkplugValue Value;

    /// <exception cref="InvalidDataException">It is no metric.</exception>
    public static SparkplugMetric Read(ReadOnlySpan<byte> message)
    {
        var metric = default(SparkplugMetric);
        var reader = new ProtobufReader(message);
        while (reader.Read()) metric.Take(reader);
        return metric;
    }

    private void Take(in ProtobufReader reader)
    {
        switch (reader.Field)
        {
            case 1:
                Name = reader.Bytes();
                HasName = true;
                break;
            case 2: Alias = reader.Number(); break;
            case 3: Timestamp = reader.Number(); break;
            case 4: Type = SparkplugTypes.FromNumber(reader.Number()); break;
            case 5: IsHistorical = reader.Number() != 0; break;
            case 6: IsTransient = reader.Number() != 0; break;
            case 7: IsNull = reader.Number() != 0; break;
            case 8: Metadata = reader.Bytes(); break;
            case 9: Properties = reader.Bytes(); break;
            default: Value.Take(reader, FirstValue, SparkplugValue.OfMetric); break;
        }
    }
}

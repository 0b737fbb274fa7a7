namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>In which of its value fields a metric, a property, a parameter or an element of a data set has its value.</summary>
internal enum SparkplugValueKind
{
    None,
    Int,
    Long,
    Float,
    Double,
    Boolean,
    String,
    Bytes,
    DataSet,
    Template,
    PropertySet,
    PropertySetList,
}

/// <summary>A value as it lies in the payload: the last one given counts, as with any <c>oneof</c>.</summary>
internal ref struct SparkplugValue
{
    /// <summary>The value fields in their order: the first six are the same everywhere.</summary>
    public static ReadOnlySpan<SparkplugValueKind> OfMetric =>
    [
        SparkplugValueKind.Int, SparkplugValueKind.Long, SparkplugValueKind.Float, SparkplugValueKind.Double, SparkplugValueKind.Boolean, SparkplugValueKind.String,
        SparkplugValueKind.Bytes, SparkplugValueKind.DataSet, SparkplugValueKind.Template,
    ];

    /// <inheritdoc cref="OfMetric"/>
    public static ReadOnlySpan<SparkplugValueKind> OfProperty =>
    [
        SparkplugValueKind.Int, SparkplugValueKind.Long, SparkplugValueKind.Float, SparkplugValueKind.Double, SparkplugValueKind.Boolean, SparkplugValueKind.String,
        SparkplugValueKind.PropertySet, SparkplugValueKind.PropertySetList,
    ];

    /// <inheritdoc cref="OfMetric"/>
    public static ReadOnlySpan<SparkplugValueKind> Plain => OfMetric[..6];

    public SparkplugValueKind Kind { get; private set; }

    /// <summary>The bits of a number or a boolean.</summary>
    public ulong Number { get; private set; }

    /// <summary>A text, bytes or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Takes the reader's field when it is a value.</summary>
    /// <param name="reader">At a field.</param>
    /// <param name="first">Number of the first value field in this message.</param>
    /// <param name="kinds">What that field and those behind it are.</param>
    /// <exception cref="InvalidDataException">The field is not written as its kind is.</exception>
    public void Take(in ProtobufReader reader, int first, ReadOnlySpan<SparkplugValueKind> kinds)
    {
        if (reader.Field < first || reader.Field - first >= kinds.Length) return;
        Kind = kinds[reader.Field - first];
        switch (Kind)
        {
            case SparkplugValueKind.Int or SparkplugValueKind.Long or SparkplugValueKind.Boolean: Number = reader.Number(); break;
            case SparkplugValueKind.Float: Number = reader.Number(WireType.Fixed32); break;
            case SparkplugValueKind.Double: Number = reader.Number(WireType.Fixed64); break;
            default: Bytes = reader.Bytes(); break;
        }
    }
}

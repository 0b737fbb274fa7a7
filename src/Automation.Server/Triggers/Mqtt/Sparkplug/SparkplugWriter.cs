using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>Writes the parts of a payload as JSON. All methods throw <see cref="InvalidDataException"/> for what is no Sparkplug, too deep or too long.</summary>
internal sealed class SparkplugWriter(Utf8JsonWriter json, SparkplugNames names)
{
    private const long LargestExact = (1L << 53) - 1; // of JavaScript's numbers

    public Utf8JsonWriter Json => json;

    /// <param name="metric">The metric.</param>
    /// <param name="levels">How deep what it holds may go.</param>
    public void Metric(in SparkplugMetric metric, int levels)
    {
        Room();
        var born = metric is { HasName: false, Alias: { } unnamed } && names.Aliases.TryGetValue(unnamed, out var known) ? known : default;
        json.WriteStartObject();
        if (metric.HasName) Text("name"u8, metric.Name);
        else if (born.Name is not null) json.WriteString("name"u8, born.Name);
        if (metric.Alias is { } alias) Number("alias"u8, alias);
        if (metric.Timestamp is { } timestamp) Number("timestamp"u8, timestamp);
        var type = metric.Type is not SparkplugType.Unknown ? metric.Type : metric.HasName ? TypeOf(metric.Name) : born.Type;
        if (type is not SparkplugType.Unknown) json.WriteString("type"u8, type.Name());
        json.WritePropertyName("value"u8);
        if (metric.IsNull) json.WriteNullValue();
        else Value(type, metric.Value, levels);
        if (metric.IsHistorical) json.WriteBoolean("historical"u8, true);
        if (metric.IsTransient) json.WriteBoolean("transient"u8, true);
        if (!metric.Metadata.IsEmpty) SparkplugParts.Metadata(this, metric.Metadata);
        if (!metric.Properties.IsEmpty)
        {
            json.WritePropertyName("properties"u8);
            SparkplugParts.PropertySet(this, metric.Properties, levels);
        }

        json.WriteEndObject();
    }

    public void Value(SparkplugType type, in SparkplugValue value, int levels)
    {
        Room();
        if (levels == 0 && value.Kind > SparkplugValueKind.Bytes) throw new InvalidDataException($"The body's templates and property sets lie more than {SparkplugBody.MaxDepth} deep in each other.");
        switch (value.Kind)
        {
            case SparkplugValueKind.None: json.WriteNullValue(); break;
            case SparkplugValueKind.Int or SparkplugValueKind.Long: Integer(type, value); break;
            case SparkplugValueKind.Float: Real(BitConverter.UInt32BitsToSingle((uint)value.Number)); break;
            case SparkplugValueKind.Double: Real(BitConverter.UInt64BitsToDouble(value.Number)); break;
            case SparkplugValueKind.Boolean: json.WriteBooleanValue(value.Number != 0); break;
            case SparkplugValueKind.String: Text(value.Bytes); break;
            case SparkplugValueKind.Bytes: SparkplugArrays.Write(this, type, value.Bytes); break;
            case SparkplugValueKind.DataSet: SparkplugParts.DataSet(this, value.Bytes); break;
            case SparkplugValueKind.Template: SparkplugParts.Template(this, value.Bytes, levels - 1); break;
            case SparkplugValueKind.PropertySet: SparkplugParts.PropertySet(this, value.Bytes, levels - 1); break;
            default: SparkplugParts.PropertySetList(this, value.Bytes, levels - 1); break;
        }
    }

    public void Number(ReadOnlySpan<byte> name, ulong number)
    {
        Room();
        json.WritePropertyName(name);
        Unsigned(number);
    }

    /// <summary>A number; text where JavaScript's numbers would round it.</summary>
    public void Unsigned(ulong number)
    {
        if (number <= LargestExact) json.WriteNumberValue(number);
        else json.WriteStringValue(FormattableString.Invariant($"{number}"));
    }

    /// <inheritdoc cref="Unsigned"/>
    public void Signed(long number)
    {
        if (number is <= LargestExact and >= -LargestExact) json.WriteNumberValue(number);
        else json.WriteStringValue(FormattableString.Invariant($"{number}"));
    }

    /// <summary>A number; <c>"NaN"</c>, <c>"Infinity"</c> or <c>"-Infinity"</c>, which JSON has no numbers for.</summary>
    public void Real(float number)
    {
        if (float.IsFinite(number)) json.WriteNumberValue(number);
        else json.WriteStringValue(NotFinite(number));
    }

    /// <inheritdoc cref="Real(float)"/>
    public void Real(double number)
    {
        if (double.IsFinite(number)) json.WriteNumberValue(number);
        else json.WriteStringValue(NotFinite(number));
    }

    public void Text(ReadOnlySpan<byte> name, ReadOnlySpan<byte> utf8)
    {
        json.WritePropertyName(name);
        Text(utf8);
    }

    /// <summary>What is not UTF-8 is replaced.</summary>
    public void Text(ReadOnlySpan<byte> utf8)
    {
        Room();
        json.WriteStringValue(Readable(utf8));
    }

    /// <summary>UTF-8, in which what was none is replaced.</summary>
    public static ReadOnlySpan<byte> Readable(ReadOnlySpan<byte> utf8) => Utf8.IsValid(utf8) ? utf8 : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8));

    /// <summary>Stops what has become too long.</summary>
    public void Room()
    {
        if (json.BytesCommitted + json.BytesPending > SparkplugBody.MaxJsonBytes) throw new InvalidDataException($"The body is more than {SparkplugBody.MaxJsonBytes} bytes as JSON.");
    }

    private static string NotFinite(double number) => double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";

    private SparkplugType TypeOf(ReadOnlySpan<byte> name) => names.Types.Count > 0 ? names.Types.GetValueOrDefault(Encoding.UTF8.GetString(name)) : SparkplugType.Unknown;

    // Signed numbers come as the bits of an unsigned one: of their own size or of the field's (Sparkplug 3.0 §6.4.16).
    private void Integer(SparkplugType type, in SparkplugValue value)
    {
        var bits = type switch
        {
            SparkplugType.Int8 => 8,
            SparkplugType.Int16 => 16,
            SparkplugType.Int32 => 32,
            SparkplugType.Int64 => 64,
            _ => 0,
        };
        var number = value.Kind is SparkplugValueKind.Int ? (uint)value.Number : value.Number;
        if (type is SparkplugType.Boolean) json.WriteBooleanValue(number != 0);
        else if (bits == 0) Unsigned(number);
        else if (bits == 64 || number >> bits == 0) Signed((long)(number << (64 - bits)) >> (64 - bits));
        else Signed(value.Kind is SparkplugValueKind.Int ? (int)number : (long)number);
    }
}

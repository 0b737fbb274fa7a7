namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>Data types by their number — Sparkplug 3.0 §6.4.16.</summary>
internal enum SparkplugType
{
    Unknown,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float,
    Double,
    Boolean,
    String,
    DateTime,
    Text,
    UUID,
    DataSet,
    Bytes,
    File,
    Template,
    PropertySet,
    PropertySetList,
    Int8Array,
    Int16Array,
    Int32Array,
    Int64Array,
    UInt8Array,
    UInt16Array,
    UInt32Array,
    UInt64Array,
    FloatArray,
    DoubleArray,
    BooleanArray,
    StringArray,
    DateTimeArray,
}

/// <summary>Numbers and names of data types.</summary>
internal static class SparkplugTypes
{
    private static readonly string[] Names = Enum.GetNames<SparkplugType>();

    /// <summary><see cref="SparkplugType.Unknown"/> for a number that the specification does not know.</summary>
    public static SparkplugType FromNumber(ulong number) => number < (ulong)Names.Length ? (SparkplugType)number : SparkplugType.Unknown;

    public static SparkplugType FromName(string? name) => (SparkplugType)Math.Max(0, Array.IndexOf(Names, name));

    public static string Name(this SparkplugType type) => Names[(int)type];
}

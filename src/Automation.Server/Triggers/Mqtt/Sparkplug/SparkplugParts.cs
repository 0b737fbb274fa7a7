namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>The messages that a metric may hold, as JSON objects. Throws as <see cref="SparkplugWriter"/> does.</summary>
internal static class SparkplugParts
{
    /// <summary><c>{ "multiPart", "contentType", "size", "seq", "fileName", "fileType", "md5", "description" }</c> — Sparkplug 3.0 §6.4.7.</summary>
    public static void Metadata(SparkplugWriter writer, ReadOnlySpan<byte> message)
    {
        writer.Json.WriteStartObject("metadata"u8);
        for (var reader = new ProtobufReader(message); reader.Read();)
        {
            switch (reader.Field)
            {
                case 1: writer.Json.WriteBoolean("multiPart"u8, reader.Number() != 0); break;
                case 2: writer.Text("contentType"u8, reader.Bytes()); break;
                case 3: writer.Number("size"u8, reader.Number()); break;
                case 4: writer.Number("seq"u8, reader.Number()); break;
                case 5: writer.Text("fileName"u8, reader.Bytes()); break;
                case 6: writer.Text("fileType"u8, reader.Bytes()); break;
                case 7: writer.Text("md5"u8, reader.Bytes()); break;
                case 8: writer.Text("description"u8, reader.Bytes()); break;
            }
        }

        writer.Json.WriteEndObject();
    }

    /// <summary><c>{ key: value }</c>: the n-th key has the n-th value — Sparkplug 3.0 §6.4.8.</summary>
    public static void PropertySet(SparkplugWriter writer, ReadOnlySpan<byte> message, int levels)
    {
        const int Keys = 1, Values = 2;
        var values = new ProtobufReader(message);
        writer.Json.WriteStartObject();
        for (var keys = new ProtobufReader(message); keys.Read();)
        {
            if (keys.Field != Keys) continue;
            if (!Next(ref values, Values)) throw new InvalidDataException("The body is not a Sparkplug B payload: a property has no value.");
            writer.Room();
            writer.Json.WritePropertyName(SparkplugWriter.Readable(keys.Bytes()));
            var value = default(SparkplugValue);
            var (type, isNull) = (SparkplugType.Unknown, false);
            for (var reader = new ProtobufReader(values.Bytes()); reader.Read();)
            {
                if (reader.Field == 1) type = SparkplugTypes.FromNumber(reader.Number());
                else if (reader.Field == 2) isNull = reader.Number() != 0;
                else value.Take(reader, 3, SparkplugValue.OfProperty);
            }

            if (isNull) writer.Json.WriteNullValue();
            else writer.Value(type, value, levels);
        }

        writer.Json.WriteEndObject();
    }

    public static void PropertySetList(SparkplugWriter writer, ReadOnlySpan<byte> message, int levels)
    {
        writer.Json.WriteStartArray();
        for (var sets = new ProtobufReader(message); Next(ref sets, 1);) PropertySet(writer, sets.Bytes(), levels);
        writer.Json.WriteEndArray();
    }

    /// <summary><c>{ "columns": [text], "types": [text], "rows": [[value]] }</c> — Sparkplug 3.0 §6.4.12.</summary>
    public static void DataSet(SparkplugWriter writer, ReadOnlySpan<byte> message)
    {
        const int Columns = 2, Types = 3, Rows = 4;
        var numbers = new List<ulong>();
        for (var reader = new ProtobufReader(message); Next(ref reader, Types);) reader.AddNumbers(numbers);
        var types = numbers.ConvertAll(SparkplugTypes.FromNumber);
        writer.Json.WriteStartObject();
        writer.Json.WriteStartArray("columns"u8);
        for (var reader = new ProtobufReader(message); Next(ref reader, Columns);) writer.Text(reader.Bytes());
        writer.Json.WriteEndArray();
        writer.Json.WriteStartArray("types"u8);
        foreach (var type in types)
        {
            writer.Room();
            writer.Json.WriteStringValue(type.Name());
        }

        writer.Json.WriteEndArray();
        writer.Json.WriteStartArray("rows"u8);
        for (var reader = new ProtobufReader(message); Next(ref reader, Rows);) Row(writer, reader.Bytes(), types);
        writer.Json.WriteEndArray();
        writer.Json.WriteEndObject();
    }

    /// <summary>
    /// <c>{ "version", "template", "definition": true, "parameters": { name: value }, "metrics": [metric] }</c> — Sparkplug 3.0 §6.4.15. <c>template</c> is the
    /// name of the definition that an instance is of.
    /// </summary>
    public static void Template(SparkplugWriter writer, ReadOnlySpan<byte> message, int levels)
    {
        const int Version = 1, Metrics = 2, Parameters = 3, Reference = 4, IsDefinition = 5;
        writer.Json.WriteStartObject();
        for (var reader = new ProtobufReader(message); reader.Read();)
        {
            switch (reader.Field)
            {
                case Version: writer.Text("version"u8, reader.Bytes()); break;
                case Reference: writer.Text("template"u8, reader.Bytes()); break;
                case IsDefinition when reader.Number() != 0: writer.Json.WriteBoolean("definition"u8, true); break;
            }
        }

        writer.Json.WriteStartObject("parameters"u8);
        for (var reader = new ProtobufReader(message); Next(ref reader, Parameters);) Parameter(writer, reader.Bytes());
        writer.Json.WriteEndObject();
        writer.Json.WriteStartArray("metrics"u8);
        for (var reader = new ProtobufReader(message); Next(ref reader, Metrics);) writer.Metric(SparkplugMetric.Read(reader.Bytes()), levels);
        writer.Json.WriteEndArray();
        writer.Json.WriteEndObject();
    }

    private static void Row(SparkplugWriter writer, ReadOnlySpan<byte> message, List<SparkplugType> types)
    {
        writer.Room();
        writer.Json.WriteStartArray();
        var column = 0;
        for (var elements = new ProtobufReader(message); Next(ref elements, 1); column++)
        {
            var value = default(SparkplugValue);
            for (var reader = new ProtobufReader(elements.Bytes()); reader.Read();) value.Take(reader, 1, SparkplugValue.Plain);
            writer.Value(column < types.Count ? types[column] : SparkplugType.Unknown, value, levels: 0);
        }

        writer.Json.WriteEndArray();
    }

    private static void Parameter(SparkplugWriter writer, ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> name = default;
        var value = default(SparkplugValue);
        var type = SparkplugType.Unknown;
        for (var reader = new ProtobufReader(message); reader.Read();)
        {
            if (reader.Field == 1) name = reader.Bytes();
            else if (reader.Field == 2) type = SparkplugTypes.FromNumber(reader.Number());
            else value.Take(reader, 3, SparkplugValue.Plain);
        }

        writer.Room();
        writer.Json.WritePropertyName(SparkplugWriter.Readable(name));
        writer.Value(type, value, levels: 0);
    }

    private static bool Next(ref ProtobufReader reader, int field)
    {
        while (reader.Read())
        {
            if (reader.Field == field) return true;
        }

        return false;
    }
}

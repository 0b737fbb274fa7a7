using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Queries;

/// <summary>Writes what a query gives as <c>{ "rows": [ { column: value } ], "rowCount": number, "affected": number }</c>, within the query's limits.</summary>
internal sealed class QueryRows : IDisposable
{
    private const long LargestExact = (1L << 53) - 1;

    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private readonly Utf8JsonWriter json;
    private readonly Query query;
    private int count;

    /// <param name="query">Whose limits hold.</param>
    /// <param name="columns">Names of the columns.</param>
    /// <exception cref="StepException"><c>query_invalid</c>: two columns have the same name.</exception>
    public QueryRows(Query query, IReadOnlyList<string> columns)
    {
        this.query = query;
        json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JsonFormat.RawWriter.Encoder, MaxDepth = JsonFormat.MaxDepth });
        if (columns.GroupBy(c => c, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
            throw new StepException(new StepError("query_invalid", $"Two columns of the result are named \"{twice}\"; give one of them another name with AS.", Retryable: false));
        json.WriteStartObject();
        json.WriteStartArray("rows");
    }

    public Utf8JsonWriter Json => json;

    /// <summary>Bytes that a value may still take, 0 or more.</summary>
    public long Room => Math.Max(0, query.MaxBytes - json.BytesCommitted - json.BytesPending);

    /// <exception cref="StepException"><c>too_many_rows</c></exception>
    public void BeginRow()
    {
        if (++count > query.MaxRows) throw new StepException(new StepError("too_many_rows", $"The query gives more than {query.MaxRows} rows. Ask for fewer with LIMIT, or raise \"maxRows\".", Retryable: false));
        json.WriteStartObject();
    }

    /// <exception cref="StepException"><c>result_too_large</c></exception>
    public void EndRow()
    {
        json.WriteEndObject();
        if (json.BytesCommitted + json.BytesPending > query.MaxBytes) throw TooLarge();
    }

    public StepException TooLarge() => new(new StepError("result_too_large", $"The rows are larger than {new ByteSize(query.MaxBytes)}. Ask for less, or raise \"maxBytes\".", Retryable: false));

    /// <summary>A whole number; as a text where a script could not hold it exactly.</summary>
    public void Integer(long value)
    {
        if (value is >= -LargestExact and <= LargestExact) json.WriteNumberValue(value);
        else json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>A binary floating-point number; what JSON has no number for, as <c>"NaN"</c>, <c>"Infinity"</c> or <c>"-Infinity"</c>.</summary>
    public void Real(double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }

    /// <summary><c>{ "base64": text }</c></summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        json.WriteStartObject();
        json.WriteBase64String("base64", value);
        json.WriteEndObject();
    }

    /// <param name="affected">Rows that the statement changed; null where it changes none.</param>
    public StepResult End(long? affected)
    {
        json.WriteEndArray();
        json.WriteNumber("rowCount", count);
        if (affected is { } changed) json.WriteNumber("affected", changed);
        json.WriteEndObject();
        json.Flush();
        return StepResult.Done(new Json(buffer.WrittenMemory));
    }

    public void Dispose() => json.Dispose();
}

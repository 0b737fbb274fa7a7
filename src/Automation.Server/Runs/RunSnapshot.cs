using System.Buffers;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>What a run needs to go on after a crash: where its tokens are, the outputs so far, its variables.</summary>
/// <remarks>JSON: <c>{ count, vars, outputs: { step: { outcome, output } }, tokens: [{ step, from, iteration, handling, input }] }</c>; a token's <c>input</c> is left out at the start.</remarks>
internal sealed record RunSnapshot(int Count, Json Variables, IReadOnlyDictionary<string, StepOutput> Outputs, IReadOnlyList<Token> Tokens)
{
    public Json Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter);
        writer.WriteStartObject();
        writer.WriteNumber("count", Count);
        WriteValue(writer, "vars", Variables);
        writer.WriteStartObject("outputs");
        foreach (var (step, output) in Outputs)
        {
            writer.WriteStartObject(step);
            writer.WriteString("outcome", output.Outcome);
            WriteValue(writer, "output", output.Output);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartArray("tokens");
        foreach (var token in Tokens)
        {
            writer.WriteStartObject();
            writer.WriteString("step", token.Step);
            writer.WriteString("iteration", token.Iteration);
            writer.WriteBoolean("handling", token.Handling);
            if (token.From is { } from)
            {
                writer.WriteNumber("from", from);
                WriteValue(writer, "input", token.Input);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return new Json(buffer.WrittenMemory);
    }

    /// <param name="snapshot">As <see cref="Write"/> made it.</param>
    /// <param name="data">The event's data: input of tokens at the start.</param>
    public static RunSnapshot Read(Json snapshot, Func<Json> data)
    {
        using var document = snapshot.ToDocument();
        var root = document.RootElement;
        return new RunSnapshot(
            root.GetProperty("count").GetInt32(),
            Value(root.GetProperty("vars")),
            root.GetProperty("outputs").EnumerateObject().ToDictionary(
                o => o.Name,
                o => new StepOutput(o.Value.GetProperty("outcome").GetString()!, Value(o.Value.GetProperty("output"))),
                StringComparer.Ordinal),
            [.. root.GetProperty("tokens").EnumerateArray().Select(t =>
            {
                var from = t.TryGetProperty("from", out var number) ? number.GetInt32() : (int?)null;
                return new Token(
                    t.GetProperty("step").GetString()!,
                    from,
                    from is null ? data() : Value(t.GetProperty("input")),
                    t.GetProperty("iteration").GetString()!,
                    t.GetProperty("handling").GetBoolean());
            })]);
    }

    private static void WriteValue(Utf8JsonWriter writer, string name, Json value)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
    }

    private static Json Value(JsonElement element) => new(JsonSerializer.SerializeToUtf8Bytes(element, JsonFormat.Wire));
}

/// <summary>How a step last ended in a run, as <c>steps.&lt;id&gt;</c> shows it.</summary>
internal readonly record struct StepOutput(string Outcome, Json Output);

using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>What a run needs to go on after a crash: where its tokens are, the outputs so far, its variables.</summary>
/// <remarks>JSON: <c>{ count, vars, outputs: { step: { outcome, output } }, tokens: [{ step, from, iteration, handling, input }], failure?: { step, error } }</c>; a token's <c>input</c> is left out at the start.</remarks>
internal sealed record RunSnapshot(int Count, Json Variables, IReadOnlyDictionary<string, StepOutput> Outputs, IReadOnlyList<Token> Tokens)
{
    /// <summary>Set when a step has failed the run while other branches were still at a step.</summary>
    public RunFailure? Failure { get; init; }

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
        if (Failure is { } failure) WriteValue(writer, "failure", Json.From(failure));
        writer.WriteEndObject();
        writer.Flush();
        return new Json(buffer.WrittenMemory);
    }

    /// <param name="snapshot">As <see cref="Write"/> made it.</param>
    /// <param name="data">The event's data: input of tokens at the start.</param>
    public static RunSnapshot Read(Json snapshot, Func<Json> data)
    {
        // The writer puts any value in as it is; so the depth of the whole is bounded by nothing but its size.
        using var document = JsonDocument.Parse(snapshot.Utf8, new JsonDocumentOptions { MaxDepth = int.MaxValue });
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
            })])
        {
            Failure = root.TryGetProperty("failure", out var failure) ? Value(failure).To<RunFailure>() : null,
        };
    }

    private static void WriteValue(Utf8JsonWriter writer, string name, Json value)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
    }

    private static Json Value(JsonElement element) => new(JsonMarshal.GetRawUtf8Value(element).ToArray());
}

/// <summary>How a step last ended in a run, as <c>steps.&lt;id&gt;</c> shows it.</summary>
internal readonly record struct StepOutput(string Outcome, Json Output);

/// <summary>Why a run fails.</summary>
internal sealed record RunFailure(string Step, StepError Error);

using System.Buffers;
using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>Collects the step runs of a run as JSON until they are saved.</summary>
/// <remarks>
/// An array of <c>{ n, step, type, from, input?, item?, iteration, at, durationUs, attempts, outcome, output, log?, error? }</c>: <c>n</c> counts from 1 in the run, <c>from</c> is the
/// <c>n</c> whose output was the input (null: the event's data; with <c>item</c>: that entry of the output, a list), <c>at</c> is Unix milliseconds. Inputs are outputs of other entries; only one that a timer held until then is written, as <c>input</c>.
/// </remarks>
internal sealed class StepTrace : IDisposable
{
    private static readonly JsonEncodedText
        Number = JsonEncodedText.Encode("n"), Step = JsonEncodedText.Encode("step"), Type = JsonEncodedText.Encode("type"), From = JsonEncodedText.Encode("from"), Input = JsonEncodedText.Encode("input"),
        Item = JsonEncodedText.Encode("item"), Iteration = JsonEncodedText.Encode("iteration"), At = JsonEncodedText.Encode("at"), DurationUs = JsonEncodedText.Encode("durationUs"),
        Attempts = JsonEncodedText.Encode("attempts"), Outcome = JsonEncodedText.Encode("outcome"), Output = JsonEncodedText.Encode("output"),
        LogName = JsonEncodedText.Encode("log"), Level = JsonEncodedText.Encode("level"), Text = JsonEncodedText.Encode("text"), ErrorName = JsonEncodedText.Encode("error");

    private ArrayBufferWriter<byte> buffer = new(512);
    private Utf8JsonWriter? writer;

    public void Add(int number, StepDefinition step, Token token, StepRun run)
    {
        if (writer is null)
        {
            writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter);
            writer.WriteStartArray();
        }

        writer.WriteStartObject();
        writer.WriteNumber(Number, number);
        writer.WriteString(Step, step.Id);
        writer.WriteString(Type, step.TypeName);
        if (token.From is { } from and not Token.FromTimer) writer.WriteNumber(From, from);
        else writer.WriteNull(From);
        if (token.From is Token.FromTimer)
        {
            writer.WritePropertyName(Input);
            writer.WriteRawValue(token.Input.Utf8.Span, skipInputValidation: true);
        }

        if (token.Frame.Item is not null && token.From == token.Frame.Loop!.Number) writer.WriteNumber(Item, token.Frame.Index);
        if (token.Iteration.Length > 0) writer.WriteString(Iteration, token.Iteration);
        writer.WriteNumber(At, run.StartedAt.ToUnixTimeMilliseconds());
        writer.WriteNumber(DurationUs, (long)run.Duration.TotalMicroseconds);
        writer.WriteNumber(Attempts, run.Attempts);
        writer.WriteString(Outcome, run.Result.Outcome);
        writer.WritePropertyName(Output);
        writer.WriteRawValue(run.Result.Output.Utf8.Span, skipInputValidation: true);
        AddLog(run.Log);
        if (run.Error is { } error)
        {
            writer.WritePropertyName(ErrorName);
            JsonSerializer.Serialize(writer, error, JsonFormat.Wire);
        }

        writer.WriteEndObject();
    }

    /// <summary>The step runs added since the last call.</summary>
    public Json Take()
    {
        if (writer is null) return Json.Parse("[]");
        writer.WriteEndArray();
        writer.Dispose();
        writer = null;
        var taken = new Json(buffer.WrittenMemory);
        buffer = new ArrayBufferWriter<byte>(512);
        return taken;
    }

    public void Dispose() => writer?.Dispose();

    private void AddLog(List<LogLine>? lines)
    {
        if (lines is null) return;
        writer!.WriteStartArray(LogName);
        foreach (var line in lines)
        {
            writer.WriteStartObject();
            writer.WriteString(Level, line.Level);
            writer.WriteString(Text, line.Text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

/// <summary>A line of a step's log.</summary>
internal readonly record struct LogLine(string Level, string Text);

/// <summary>What came of running a step: it ended, it waits (<see cref="StepResult.Wait"/> of its result), or it makes a pause.</summary>
/// <param name="Run">How it ended; for a pause, when it began.</param>
/// <param name="Execution">What it wants done; null for a step that was passed over.</param>
internal readonly record struct StepEnd(StepRun Run, StepExecution? Execution)
{
    /// <summary>When to try again; null when there is no pause.</summary>
    public DateTimeOffset? PauseUntil { get; init; }

    /// <summary>The tries before the pause.</summary>
    public Tries? Earlier { get; init; }
}

/// <summary>One execution of a step, ended.</summary>
/// <param name="Error">Set when it failed; the result's outcome is then <c>error</c>.</param>
internal readonly record struct StepRun(StepResult Result, StepError? Error, DateTimeOffset StartedAt, TimeSpan Duration, int Attempts, List<LogLine>? Log);

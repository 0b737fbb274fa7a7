using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>Writes a <see cref="RunSnapshot"/>, whose remarks tell the form.</summary>
internal sealed class SnapshotWriter(Utf8JsonWriter writer, RunSnapshot snapshot)
{
    private readonly IReadOnlyList<Frame> frames = snapshot.Frames;
    private readonly List<Loop> loops = [];

    public void Write()
    {
        foreach (var frame in frames)
        {
            if (frame.Loop is { } loop && !loops.Contains(loop)) loops.Add(loop);
        }

        writer.WriteStartObject();
        writer.WriteNumber("count", snapshot.Count);
        Value("vars", snapshot.Variables);
        if (loops.Count > 0) List("loops", loops, Loop);
        List("frames", frames, Frame);
        List("tokens", snapshot.Tokens, Token);
        if (snapshot.Failure is { } failure) Value("failure", Json.From(failure));
        if (snapshot.IsStopped) writer.WriteBoolean("stopped", true);
        writer.WriteEndObject();
    }

    private void Frame(Frame frame)
    {
        writer.WriteStartObject();
        if (frame.Loop is { } loop)
        {
            writer.WriteNumber("loop", loops.IndexOf(loop));
            writer.WriteNumber("index", frame.Index);
        }

        Value("last", frame.Last);
        writer.WriteNumber("lastNumber", frame.LastNumber);
        if (frame.Failure is { } failure) Value("failure", Json.From(failure));
        writer.WriteStartObject("outputs");
        foreach (var (step, output) in frame.Outputs)
        {
            writer.WriteStartObject(step);
            writer.WriteString("outcome", output.Outcome);
            Value("output", output.Output);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        if (frame.Joins.Count > 0) List("joins", frame.Joins.Values, Join);
        writer.WriteEndObject();
    }

    private void Loop(Loop loop)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("at");
        Token(loop.At);
        writer.WriteNumber("number", loop.Number);
        writer.WriteNumber("startedAt", loop.StartedAt.ToUnixTimeMilliseconds());
        if (loop.Plan.Items is { } items) List("items", items, RawValue);
        List("results", loop.Results, result => RawValue(result is { } json ? Json.From(new[] { json }) : Json.Null));
        writer.WriteNumber("next", loop.Next);
        writer.WriteNumber("concurrency", loop.Plan.Concurrency);
        writer.WriteString("onItemError", loop.Plan.OnItemError.ToString());
        if (loop.Failure is { } failure) Value("failure", Json.From(failure));
        writer.WriteEndObject();
    }

    private void Join(Join join)
    {
        writer.WriteStartObject();
        writer.WriteString("step", join.Step);
        writer.WriteNumber("startedAt", join.StartedAt.ToUnixTimeMilliseconds());
        writer.WriteBoolean("done", join.IsDone);
        if (!join.IsDone)
        {
            writer.WriteStartObject("arrived");
            foreach (var (from, output) in join.Arrived) Value(from, output);
            writer.WriteEndObject();
            writer.WriteNumber("count", join.Count);
            if (join.From is { } number) writer.WriteNumber("from", number);
            writer.WriteBoolean("handling", join.Handling);
            if (join.Wait is { } wait) Value("wait", Json.From(wait));
        }

        writer.WriteEndObject();
    }

    private void Token(Token token)
    {
        writer.WriteStartObject();
        writer.WriteString("step", token.Step);
        writer.WriteString("iteration", token.Iteration);
        writer.WriteBoolean("handling", token.Handling);
        writer.WriteNumber("frame", FrameNumber(token.Frame));
        if (token.From is { } from)
        {
            writer.WriteNumber("from", from);
            Value("input", token.Input);
        }

        if (token.Round > 0) writer.WriteNumber("round", token.Round);
        if (token.Earlier is { } earlier) Value("earlier", Json.From(earlier));
        if (token.Wait is { } wait) Value("wait", Json.From(wait));
        writer.WriteEndObject();
    }

    private int FrameNumber(Frame frame)
    {
        for (var number = 0; number < frames.Count; number++)
        {
            if (frames[number] == frame) return number;
        }

        throw new InvalidOperationException("A token is in a frame that is not part of the run.");
    }

    private void List<T>(string name, IEnumerable<T> items, Action<T> write)
    {
        writer.WriteStartArray(name);
        foreach (var item in items) write(item);
        writer.WriteEndArray();
    }

    private void Value(string name, Json value)
    {
        writer.WritePropertyName(name);
        RawValue(value);
    }

    private void RawValue(Json value) => writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
}

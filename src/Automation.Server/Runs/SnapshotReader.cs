using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>Reads a <see cref="RunSnapshot"/>, whose remarks tell the form.</summary>
internal sealed class SnapshotReader(JsonElement root, Func<Json> data)
{
    private readonly List<Frame> frames = [];
    private readonly List<Loop> loops = [];

    public RunSnapshot Read()
    {
        // A loop's token is in an outer frame, so loops and frames are read by turns.
        foreach (var frame in root.GetProperty("frames").EnumerateArray())
        {
            if (frame.TryGetProperty("loop", out var number))
            {
                while (loops.Count <= number.GetInt32()) loops.Add(Loop(root.GetProperty("loops")[loops.Count]));
            }

            frames.Add(Frame(frame));
        }

        foreach (var loop in loops)
        {
            loop.At.Frame.Members++;
            loop.Running = frames.Count(frame => frame.Loop == loop);
        }

        var tokens = root.GetProperty("tokens").EnumerateArray().Select(Token).ToList();
        foreach (var token in tokens) token.Frame.Members++;
        return new RunSnapshot(root.GetProperty("count").GetInt32(), Json.Of(root.GetProperty("vars")), frames[0], tokens)
        {
            Failure = Optional<RunFailure>(root, "failure"),
            IsStopped = root.TryGetProperty("stopped", out _),
        };
    }

    private Frame Frame(JsonElement element)
    {
        var frame = element.TryGetProperty("loop", out var loop) ? new Frame(loops[loop.GetInt32()], element.GetProperty("index").GetInt32()) : new Frame(null, 0);
        frame.Last = Json.Of(element.GetProperty("last"));
        frame.LastNumber = element.GetProperty("lastNumber").GetInt32();
        frame.Failure = Optional<RunFailure>(element, "failure");
        foreach (var output in element.GetProperty("outputs").EnumerateObject())
        {
            frame.Outputs.Add(output.Name, new StepOutput(output.Value.GetProperty("outcome").GetString()!, Json.Of(output.Value.GetProperty("output"))));
        }

        if (!element.TryGetProperty("joins", out var joins)) return frame;
        foreach (var join in joins.EnumerateArray().Select(join => Join(join, frame)))
        {
            frame.Joins.Add(join.Step, join);
            if (!join.IsDone) frame.Members++;
        }

        return frame;
    }

    private Loop Loop(JsonElement element)
    {
        List<Json>? items = element.TryGetProperty("items", out var list) ? [.. list.EnumerateArray().Select(Json.Of)] : null;
        var plan = new LoopPlan(items, element.GetProperty("concurrency").GetInt32(), Enum.Parse<ItemErrorPolicy>(element.GetProperty("onItemError").GetString()!));
        return new Loop(Token(element.GetProperty("at")), element.GetProperty("number").GetInt32(), plan, Time(element))
        {
            Results = [.. element.GetProperty("results").EnumerateArray().Select(result => result.ValueKind is JsonValueKind.Null ? default(Json?) : Json.Of(result[0]))],
            Next = element.GetProperty("next").GetInt32(),
            Failure = Optional<RunFailure>(element, "failure"),
        };
    }

    private static Join Join(JsonElement element, Frame frame)
    {
        var join = new Join(element.GetProperty("step").GetString()!, frame, Time(element)) { IsDone = element.GetProperty("done").GetBoolean() };
        if (join.IsDone) return join;
        foreach (var output in element.GetProperty("arrived").EnumerateObject()) join.Arrived.Add(output.Name, Json.Of(output.Value));
        join.Count = element.GetProperty("count").GetInt32();
        join.From = Number(element, "from");
        join.Handling = element.GetProperty("handling").GetBoolean();
        join.Wait = Optional<Wait>(element, "wait");
        return join;
    }

    private Token Token(JsonElement element)
    {
        var from = Number(element, "from");
        return new Token(
            element.GetProperty("step").GetString()!,
            from,
            from is null ? data() : Json.Of(element.GetProperty("input")),
            element.GetProperty("iteration").GetString()!,
            element.GetProperty("handling").GetBoolean(),
            frames[element.GetProperty("frame").GetInt32()])
        {
            Round = Number(element, "round") ?? 0,
            Earlier = Optional<Tries>(element, "earlier"),
            Wait = Optional<Wait>(element, "wait"),
        };
    }

    private static DateTimeOffset Time(JsonElement element) => DateTimeOffset.FromUnixTimeMilliseconds(element.GetProperty("startedAt").GetInt64());

    private static int? Number(JsonElement element, string name) => element.TryGetProperty(name, out var number) ? number.GetInt32() : null;

    private static T? Optional<T>(JsonElement element, string name)
        where T : class => element.TryGetProperty(name, out var value) ? Json.Of(value).To<T>() : null;
}

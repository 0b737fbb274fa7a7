using System.Buffers;
using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>What a run needs to go on after a crash: where its tokens are, the frames they are in with the outputs so far, its variables.</summary>
/// <remarks>
/// JSON: <c>{ count, vars, loops: [loop], frames: [frame], tokens: [token], failure?: { step, error }, stopped? }</c>, where a token is
/// <c>{ step, from, iteration, handling, frame, input, round?, earlier?, wait? }</c>, a loop <c>{ at: token, number, startedAt, items?, results, next, concurrency, onItemError, failure? }</c>
/// and a frame <c>{ loop, index, outputs: { step: { outcome, output } }, last, lastNumber, failure?, joins? }</c>. <c>frame</c> and <c>loop</c> are places in the lists;
/// an inner one comes after the outer one, frame 0 is the run's. A token's <c>input</c> is left out at the start of a run.
/// </remarks>
internal sealed record RunSnapshot(int Count, Json Variables, Frame Root, IReadOnlyList<Token> Tokens)
{
    /// <summary>Set when a step has failed the run while other branches were still at a step.</summary>
    public RunFailure? Failure { get; init; }

    /// <summary>Set when a step has ended the run while other branches were still at a step.</summary>
    public bool IsStopped { get; init; }

    /// <summary>The frames that tokens are in and those around them, outer ones first.</summary>
    public IReadOnlyList<Frame> Frames
    {
        get
        {
            var found = new List<Frame> { Root };
            foreach (var token in Tokens) AddFrame(token.Frame, found);
            return found;
        }
    }

    public Json Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter);
        new SnapshotWriter(writer, this).Write();
        writer.Flush();
        return new Json(buffer.WrittenMemory);
    }

    /// <param name="snapshot">As <see cref="Write"/> made it.</param>
    /// <param name="data">The event's data: input of tokens at the start.</param>
    public static RunSnapshot Read(Json snapshot, Func<Json> data)
    {
        // The writer puts any value in as it is; so the depth of the whole is bounded by nothing but its size.
        using var document = JsonDocument.Parse(snapshot.Utf8, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        return new SnapshotReader(document.RootElement, data).Read();
    }

    private static void AddFrame(Frame frame, List<Frame> found)
    {
        if (found.Contains(frame)) return;
        if (frame.Parent is { } around) AddFrame(around, found);
        found.Add(frame);
    }
}

/// <summary>How a step last ended in a frame, as <c>steps.&lt;id&gt;</c> shows it.</summary>
internal readonly record struct StepOutput(string Outcome, Json Output);

/// <summary>Why a run, or a round of a loop, fails.</summary>
/// <param name="Step">The step that failed.</param>
/// <param name="Error">How.</param>
internal sealed record RunFailure(string Step, StepError Error)
{
    /// <summary>Index of the item whose round failed; null outside of loops over items.</summary>
    public int? Index { get; init; }
}

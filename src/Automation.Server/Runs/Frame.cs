using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>Where tokens are that end together: the run itself, or one round of a loop. Steps see the outputs of their own frame and of those around it.</summary>
/// <param name="loop">The loop it is a round of; null for the run itself.</param>
/// <param name="index">Number of the round, from 0.</param>
internal sealed class Frame(Loop? loop, int index)
{
    public Loop? Loop { get; } = loop;

    public int Index { get; } = index;

    public Frame? Parent => Loop?.At.Frame;

    /// <summary>Tokens, running and parked, open joins and loops in it. The frame ends when none is left.</summary>
    public int Members { get; set; }

    /// <summary>True once its loop has taken its result.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Of the step that ended last in it.</summary>
    public Json Last { get; set; } = Json.Null;

    /// <summary>Number of that step run.</summary>
    public int LastNumber { get; set; }

    /// <summary>Set when a step of it failed and nothing took the error.</summary>
    public RunFailure? Failure { get; set; }

    public Dictionary<string, StepOutput> Outputs { get; } = new(StringComparer.Ordinal);

    /// <summary>What its steps see of those that ended: of its own, then of the frames around it.</summary>
    public IReadOnlyDictionary<string, StepOutput> SeenOutputs
    {
        get
        {
            if (Parent is null) return Outputs;
            var seen = new Dictionary<string, StepOutput>(Outputs, StringComparer.Ordinal);
            for (var around = Parent; around is not null; around = around.Parent)
            {
                foreach (var (step, output) in around.Outputs) seen.TryAdd(step, output);
            }

            return seen;
        }
    }

    /// <summary>By the id of the join step.</summary>
    public Dictionary<string, Join> Joins { get; } = new(StringComparer.Ordinal);

    /// <summary>What the loop's round is about; null outside of loops over items.</summary>
    public Json? Item => Loop is { Plan.Items: { } items } ? items[Index] : null;

    /// <summary>Path of step runs that begin the frame, see <see cref="Token.Iteration"/>.</summary>
    public string Iteration => Loop is { } around ? $"{around.At.Iteration}.{around.At.Step}[{Index}]" : "";

    /// <summary>True when nothing in it is to go on: it, or a frame around it, failed or was given up.</summary>
    public bool IsStopped => Failure is not null || (Loop is { } around && (around.GivenUp || around.At.Frame.IsStopped));
}

/// <summary>A loop under way.</summary>
/// <param name="at">The token at the loop's step.</param>
/// <param name="number">Of the step run that began it.</param>
/// <param name="plan">What to go through, and how.</param>
/// <param name="startedAt">When.</param>
internal sealed class Loop(Token at, int number, LoopPlan plan, DateTimeOffset startedAt)
{
    public Token At { get; } = at;

    public int Number { get; } = number;

    public LoopPlan Plan { get; } = plan;

    public DateTimeOffset StartedAt { get; } = startedAt;

    /// <summary>By item; null for those that have not ended.</summary>
    public Json?[] Results { get; init; } = new Json?[plan.Items?.Count ?? 0];

    /// <summary>Index of the round to begin next.</summary>
    public int Next { get; set; }

    /// <summary>Rounds under way.</summary>
    public int Running { get; set; }

    /// <summary>The failure that ends the loop; no further round begins.</summary>
    public RunFailure? Failure { get; set; }

    /// <summary>True when rounds that are under way are not to go on either.</summary>
    public bool GivenUp => Failure is not null && Plan.OnItemError is ItemErrorPolicy.Fail;
}

/// <summary>A join that a token has come to.</summary>
/// <param name="step">Id of the step.</param>
/// <param name="frame">Where.</param>
/// <param name="startedAt">When the first token came.</param>
internal sealed class Join(string step, Frame frame, DateTimeOffset startedAt)
{
    public string Step { get; } = step;

    public Frame Frame { get; } = frame;

    public DateTimeOffset StartedAt { get; } = startedAt;

    /// <summary>What came, by the step it came from, in order of arrival.</summary>
    public OrderedDictionary<string, Json> Arrived { get; init; } = [];

    /// <summary>How many came.</summary>
    public int Count { get; set; }

    /// <summary>Number of the step run that came last.</summary>
    public int? From { get; set; }

    public bool Handling { get; set; }

    /// <summary>True once it has gone on: whatever comes later is dropped.</summary>
    public bool IsDone { get; set; }

    /// <summary>Its time-out; null when it has none.</summary>
    public Wait? Wait { get; set; }
}

using System.Text.Json;
using Automation.Server.Steps.Types;
using Automation.Server.Storage;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>Whether a run that waits, or has failed, can go on in another version, and if not, why: in sentences for people.</summary>
/// <remarks>
/// A run names steps: those it waits or failed at, the loops it is in, joins that branches have come to, and those whose outputs it has. In the other version they have to
/// mean the same. A wait keeps its due time and what it is for; a loop its items.
/// </remarks>
internal sealed class MoveCheck(WorkflowVersion from, WorkflowVersion to)
{
    // What a wait is stored with, beside its time: worked out when it began.
    private static readonly string[] WaitedFor = ["event", "topic", "connection", "callback", "eventKey"];

    private readonly List<string> reasons = [];
    private readonly StepMentions mentions = new(to);
    private readonly HashSet<string> compared = new(StringComparer.Ordinal); // rounds of a loop wait at one step, a thousand of them maybe

    /// <returns>Empty when the run can be moved.</returns>
    public IReadOnlyList<string> Check(MovableRunRead run)
    {
        var isOfStep = run.EventTrigger is KeyTimer.StepTrigger;
        if (isOfStep || run.EventTrigger is KeyTimer.SilenceTrigger ? !to.HasTimerOf(run.TriggerId, isOfStep) : run.TriggerId != RunEngine.ManualStart && !to.Triggers.ContainsKey(run.TriggerId))
        {
            reasons.Add($"It was started by the {(isOfStep ? "timer of the step" : "trigger")} \"{run.TriggerId}\", which the version does not have.");
        }

        if (run.Key is null != to.Key is null) reasons.Add(run.Key is null ? "It has no key, and the version orders its runs by one." : "It has a key, and the version has none to order its runs by.");
        if (run.Snapshot is not { } saved) return reasons; // nothing is behind it
        var snapshot = RunSnapshot.Read(saved, () => Json.Null);
        var loops = snapshot.Frames.Select(frame => frame.Loop).OfType<Loop>().Distinct().ToList();
        var joins = snapshot.Frames.SelectMany(frame => frame.Joins.Values).Where(join => !join.IsDone).ToList();
        foreach (var loop in loops) CheckPlace(loop.At.Step, loop.At.Frame, "It is in the loop");
        foreach (var join in joins) CheckJoin(join);
        foreach (var token in snapshot.Tokens) CheckToken(token);
        if (reasons.Count > 0) return [.. reasons.Distinct()]; // what comes next can be told only from a place that is there

        List<(string Step, Frame Frame)> places = [.. snapshot.Tokens.Select(token => (token.Step, token.Frame)), .. joins.Select(join => (join.Step, join.Frame)), .. loops.Select(loop => (loop.At.Step, loop.At.Frame))];
        var toCome = StepsFrom(to, places.Select(place => place.Step));
        foreach (var (step, frame) in places) CheckWhatFollows(step, frame, toCome);
        return [.. reasons.Distinct()];
    }

    private void CheckToken(Token token)
    {
        if (!CheckPlace(token.Step, token.Frame, token.Wait is null ? "It goes on at the step" : "It waits at the step") || token.Wait is not { IsPause: false } || to.Steps[token.Step].Type is not WaitStep || !compared.Add(token.Step)) return;
        using var before = from.Source.Document.ToDocument();
        using var after = to.Source.Document.ToDocument();
        var (old, now) = (before.RootElement.GetProperty("steps").GetProperty(token.Step), after.RootElement.GetProperty("steps").GetProperty(token.Step));
        foreach (var name in WaitedFor)
        {
            if (ValueOf(old, name) != ValueOf(now, name)) reasons.Add($"The step \"{token.Step}\" waits for something else in the version (\"{name}\" differs), and a wait that has begun keeps what it is for.");
        }

        if (old.TryGetProperty("when", out _) != now.TryGetProperty("when", out _)) reasons.Add($"The step \"{token.Step}\" has a \"when\" in one of the versions only, and a wait that has begun keeps whether it looks at one.");
    }

    private void CheckJoin(Join join)
    {
        if (!CheckPlace(join.Step, join.Frame, "Branches have come to the join")) return;
        var (old, now) = ((JoinStep.Config)from.Steps[join.Step].Config.Constant!, (JoinStep.Config)to.Steps[join.Step].Config.Constant!);
        if (!InputsOf(from, join.Step).SetEquals(InputsOf(to, join.Step))) reasons.Add($"Other steps lead to the join \"{join.Step}\" in the version, and branches have come to it already.");
        else if (old.Mode != now.Mode || old.Count != now.Count) reasons.Add($"The join \"{join.Step}\" waits for more or fewer branches in the version, and some have come to it already.");
    }

    /// <summary>False, with a reason, when the step is not there as it was.</summary>
    private bool CheckPlace(string step, Frame frame, string what)
    {
        var (old, loop) = (from.Steps[step], frame.Loop?.At.Step);
        var problem = !to.Steps.TryGetValue(step, out var now) ? "which the version does not have"
            : now.TypeName != old.TypeName ? $"which is of the type \"{now.TypeName}\" in the version, not \"{old.TypeName}\""
            : now.Disabled ? "which is switched off in the version"
            : to.LoopAround(step) is var around && around != loop ? $"which is {(around is null ? "in no loop" : $"in the loop \"{around}\"")} in the version, not {(loop is null ? "outside of loops" : $"in \"{loop}\"")}"
            : null;
        if (problem is not null) reasons.Add($"{what} \"{step}\", {problem}.");
        return problem is null;
    }

    /// <summary>Steps that may follow have to find the outputs they use, and may not have run already: their effects would have the same idempotency keys.</summary>
    private void CheckWhatFollows(string step, Frame frame, HashSet<string> toCome)
    {
        var seen = frame.SeenOutputs;
        var before = StepsFrom(from, [step]);
        foreach (var next in StepsFrom(to, [step]))
        {
            if (seen.ContainsKey(next) && !before.Contains(next)) reasons.Add($"The step \"{next}\", which has run, would run again in the version.");
            foreach (var used in mentions.Of(next))
            {
                if (!seen.ContainsKey(used) && !toCome.Contains(used)) reasons.Add($"The step \"{next}\" uses the output of \"{used}\" in the version, which has not run and will not.");
            }
        }
    }

    private static HashSet<string> StepsFrom(WorkflowVersion version, IEnumerable<string> places)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(places);
        while (open.TryPop(out var at))
        {
            if (!found.Add(at)) continue;
            foreach (var next in version.Steps[at].Next.Values.SelectMany(ids => ids)) open.Push(next);
        }

        return found;
    }

    private static HashSet<string> InputsOf(WorkflowVersion version, string join) =>
        version.Steps.Values.Where(step => step.Next.Values.Any(ids => ids.Contains(join))).Select(step => step.Id).ToHashSet(StringComparer.Ordinal);

    private static string? ValueOf(JsonElement step, string name) => step.TryGetProperty(name, out var value) ? value.GetRawText() : null;
}

using System.Collections.Frozen;
using System.Text.Json;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Workflows;

/// <summary>One immutable edition of a workflow, checked and ready to run. Runs are pinned to it (P6).</summary>
internal sealed class WorkflowVersion
{
    private volatile List<(string Id, HashSet<string> Steps)>? loops;

    /// <summary>The file's path below the workflows folder without <c>.json</c>, as <c>shop/new-order</c>.</summary>
    public required string WorkflowId { get; init; }

    /// <summary>SHA-256 of <see cref="Source"/>, lower-case hex, first 16 characters.</summary>
    public required string Hash { get; init; }

    public required string Name { get; init; }

    public string? Description { get; init; }

    /// <summary>What the version is made of; enough to build it again after a restart, whatever the files say by then.</summary>
    public required VersionSource Source { get; init; }

    public required FrozenDictionary<string, TriggerDefinition> Triggers { get; init; }

    public required FrozenDictionary<string, StepDefinition> Steps { get; init; }

    /// <summary>Where a run begins when the trigger names nothing else.</summary>
    public required string Start { get; init; }

    /// <summary>The step that gets errors no step's <c>error</c> outcome takes; null when there is none.</summary>
    public string? OnError { get; init; }

    /// <summary>Id of the workflow that is told of failed runs; null when it names none.</summary>
    public string? OnErrorWorkflow { get; init; }

    /// <summary>Longest time of a run, from when it was first walked; null when the workflow says nothing.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What orders the version's runs; null when they go side by side.</summary>
    public WorkflowKey? Key { get; init; }

    /// <summary>How long ended runs are kept; null for what the server's settings say.</summary>
    public WorkflowRetention? Retention { get; init; }

    /// <summary>Every script and expression of the version.</summary>
    public required SandboxProgram Program { get; init; }

    /// <summary>True when a step remembers something of each key.</summary>
    public bool RemembersKeys => Remembering.Count > 0;

    /// <summary>Triggers that fire when a key was silent for so long.</summary>
    public IReadOnlyList<(string Trigger, TimeSpan After)> Watches => field ??=
        [.. Triggers.Values.Where(t => t.Config is SilenceTrigger.Config).Select(t => (t.Id, ((SilenceTrigger.Config)t.Config).For.Value))];

    /// <summary>Whether it has the step, or the <c>silence</c> trigger, that a timer of a key is for.</summary>
    public bool HasTimerOf(string target, bool isStep) => isStep ? Remembering.Contains(target) : Triggers.TryGetValue(target, out var trigger) && trigger.Config is SilenceTrigger.Config;

    /// <summary>Steps that several steps lead to: they may run more than once in a run, once for each arrow taken.</summary>
    public FrozenSet<string> MergePoints => field ??= Steps.Values
        .SelectMany(step => step.Next.Values.SelectMany(ids => ids).Distinct())
        .GroupBy(id => id, StringComparer.Ordinal)
        .Where(arrows => arrows.Count() > 1)
        .Select(arrows => arrows.Key)
        .ToFrozenSet(StringComparer.Ordinal);

    /// <summary>By the id of each join: the steps from which a run can come to it, in the same round of a loop.</summary>
    public FrozenDictionary<string, FrozenSet<string>> BeforeJoins => field ??= Steps.Values
        .Where(step => step.Type is JoinStep)
        .ToFrozenDictionary(join => join.Id, join => Before(join.Id), StringComparer.Ordinal);

    private FrozenSet<string> Remembering => field ??= Steps.Values.Where(step => step.Type.About.PerKey).Select(step => step.Id).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>MQTT messages that runs of the version may wait for.</summary>
    public IReadOnlyList<WaitTopic> WaitTopics => field ??= StepsAsWritten<WaitStep>().Select(step => WaitStep.TopicOf(step.Config)).OfType<WaitTopic>().ToList();

    /// <summary>The steps that wait for a callback.</summary>
    public FrozenDictionary<string, WaitStep.CallbackConfig> Callbacks => field ??= StepsAsWritten<WaitStep>()
        .Select(step => (step.Id, Callback: WaitStep.CallbackOf(step.Config)))
        .Where(step => step.Callback is not null)
        .ToFrozenDictionary(step => step.Id, step => step.Callback!, StringComparer.Ordinal);

    /// <summary>The loop in whose rounds a step runs, the innermost one; null for a step outside of loops.</summary>
    public string? LoopAround(string step) => (loops ??= Steps.Values
        .Where(loop => loop.Type.About.Body is not null)
        .Select(loop => (loop.Id, Steps: After(loop.Next.GetValueOrDefault(loop.Type.About.Body!, []))))
        .OrderBy(loop => loop.Steps.Count)
        .ToList()).FirstOrDefault(loop => loop.Steps.Contains(step)).Id;

    private HashSet<string> After(IEnumerable<string> first)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(first);
        while (open.TryPop(out var at))
        {
            if (!found.Add(at)) continue;
            foreach (var next in Steps[at].Next.Values.SelectMany(ids => ids)) open.Push(next);
        }

        return found;
    }

    private IEnumerable<(string Id, JsonElement Config)> StepsAsWritten<T>()
        where T : Step
    {
        if (!Steps.Values.Any(step => step.Type is T)) return [];
        using var document = Source.Document.ToDocument();
        return [.. document.RootElement.GetProperty("steps").EnumerateObject().Where(step => Steps[step.Name].Type is T).Select(step => (step.Name, step.Value.Clone()))];
    }

    private FrozenSet<string> Before(string id)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([id]);
        while (open.TryPop(out var at))
        {
            foreach (var step in Steps.Values)
            {
                // What a loop's rounds lead to is in frames of their own.
                if (step.Next.Any(next => next.Key != step.Type.About.Body && next.Value.Contains(at)) && found.Add(step.Id)) open.Push(step.Id);
            }
        }

        return found.ToFrozenSet(StringComparer.Ordinal);
    }
}

/// <summary>A workflow's <c>retention</c>: what is null is as the server's settings say.</summary>
/// <param name="MaxAge">Of ended runs.</param>
/// <param name="MaxRuns">How many are kept.</param>
/// <param name="FailedMaxAge">Of failed runs, whatever the other two say.</param>
internal sealed record WorkflowRetention(TimeSpan? MaxAge, int? MaxRuns, TimeSpan? FailedMaxAge);

/// <summary>The stored form of a version: the workflow file in canonical form, and the script files it names (path as written in the file → text).</summary>
internal sealed record VersionSource(Json Document, IReadOnlyDictionary<string, string> Files);

/// <summary>A step of a version.</summary>
/// <param name="Id">Key in the file's <c>steps</c>.</param>
/// <param name="TypeName">As <c>webhook.send</c>.</param>
/// <param name="Type">What runs it.</param>
/// <param name="Config">Its configuration, expressions compiled.</param>
/// <param name="Next">Outcome → step ids; an outcome that is missing ends the branch.</param>
/// <param name="Retry">How often to try again after an error; null for once only.</param>
/// <param name="Timeout">Of one try; null for the type's own limits.</param>
/// <param name="Disabled">Passed over: its input goes on as its output by <c>done</c>.</param>
/// <param name="Name">What the author calls it; the id when not named.</param>
internal sealed record StepDefinition(
    string Id,
    string TypeName,
    Step Type,
    ConfigTemplate Config,
    FrozenDictionary<string, string[]> Next,
    RetryPolicy? Retry,
    TimeSpan? Timeout,
    bool Disabled,
    string Name);

/// <summary>A trigger of a version.</summary>
/// <param name="Id">Key in the file's <c>triggers</c>.</param>
/// <param name="TypeName">As <c>webhook</c>.</param>
/// <param name="Config">Of the trigger type's config record.</param>
/// <param name="Start">The step a run begins with.</param>
internal sealed record TriggerDefinition(string Id, string TypeName, object Config, string Start)
{
    /// <summary>What it drops before anything of it is stored; null for nothing.</summary>
    public Triggers.Filters.TriggerFilter? Filter { get; init; }
}

/// <summary>A step's <c>retry</c>.</summary>
/// <param name="Attempts">Tries in all, the first included.</param>
/// <param name="Exponential">Whether the pause doubles each time.</param>
/// <param name="Initial">Pause before the second try.</param>
/// <param name="Max">Longest pause.</param>
/// <param name="Jitter">0 to 1: the share of the pause that is random, both ways.</param>
internal sealed record RetryPolicy(int Attempts, bool Exponential, TimeSpan Initial, TimeSpan Max, double Jitter);

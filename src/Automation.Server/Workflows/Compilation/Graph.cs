namespace Automation.Server.Workflows.Compilation;

/// <summary>Checks how the steps of a workflow hang together: arrows to nowhere, the start, cycles, steps that nothing reaches.</summary>
internal sealed class Graph(IReadOnlyList<CompiledStep> steps, IReadOnlyList<CompiledTrigger> triggers, string? start, string? onError, ProblemList problems)
{
    private readonly Dictionary<string, CompiledStep> byId = steps.ToDictionary(s => s.Id, StringComparer.Ordinal);

    /// <summary>The step a run begins with when its trigger names none; null, with a problem, when that is not clear.</summary>
    public string? Check()
    {
        foreach (var arrow in steps.SelectMany(s => s.Arrows)) Exists(arrow.Target, arrow.Pointer);
        foreach (var trigger in triggers)
        {
            if (trigger.Start is { } named) Exists(named, $"/triggers/{JsonPointer.Escape(trigger.Id)}/start");
        }

        if (start is not null) Exists(start, "/start");
        if (onError is not null) Exists(onError, "/onError");
        var cyclic = Cycles();
        var first = start ?? FindStart(cyclic);
        if (first is not null && byId.Count > 0) Unreachable(first);
        return first;
    }

    private void Exists(string id, string pointer)
    {
        if (!byId.ContainsKey(id)) problems.Add(pointer, $"There is no step \"{id}\".{(Suggestion.For(id, byId.Keys) is { Length: > 0 } suggestion ? suggestion : $" Steps are {string.Join(", ", byId.Keys)}.")}");
    }

    private string? FindStart(bool cyclic)
    {
        if (byId.Count == 0) return null;
        var pointedTo = steps.SelectMany(s => s.Arrows).Select(a => Meant(a.Target)).ToHashSet();
        var candidates = steps.Where(s => !pointedTo.Contains(s.Id) && (s.Id != onError || byId.Count == 1)).Select(s => s.Id).ToList();
        if (candidates.Count == 1) return candidates[0];
        if (triggers.Count > 0 && triggers.All(t => t.Start is not null)) return triggers[0].Start;
        if (candidates.Count > 1) problems.Add("", $"It is not clear which step begins: nothing leads to {string.Join(", ", candidates)}. Add \"start\" with one of them, or lead to the others.");
        else if (!cyclic) problems.Add("", "No step can begin, because something leads to each of them; add \"start\" with the id of the first step.");
        return null;
    }

    /// <summary>Reports each cycle once, at the arrow that closes it. Depth first, with a stack of its own: a file may hold thousands of steps in a row.</summary>
    private bool Cycles()
    {
        var found = false;
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var root in steps)
        {
            var path = new List<(CompiledStep Step, int Next)>();
            var onPath = new HashSet<string>(StringComparer.Ordinal) { root.Id };
            if (!done.Contains(root.Id)) path.Add((root, 0));
            while (path.Count > 0)
            {
                var (step, next) = path[^1];
                if (next == step.Arrows.Count)
                {
                    done.Add(step.Id);
                    onPath.Remove(step.Id);
                    path.RemoveAt(path.Count - 1);
                    continue;
                }

                path[^1] = (step, next + 1);
                var arrow = step.Arrows[next];
                if (!byId.TryGetValue(arrow.Target, out var target) || done.Contains(target.Id)) continue;
                if (onPath.Add(target.Id))
                {
                    path.Add((target, 0));
                    continue;
                }

                found = true;
                var cycle = path.SkipWhile(p => p.Step.Id != target.Id).Select(p => p.Step.Id).Append(target.Id);
                problems.Add(arrow.Pointer, $"The steps {string.Join(" → ", cycle)} form a cycle, which would never end; remove one of these arrows.");
            }
        }

        return found;
    }

    private void Unreachable(string first)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string?>([first, onError, .. triggers.Select(t => t.Start)]);
        while (open.TryPop(out var id))
        {
            if (id is null || Meant(id) is not { } known || !reached.Add(known)) continue;
            foreach (var arrow in byId[known].Arrows) open.Push(arrow.Target);
        }

        foreach (var step in steps.Where(s => !reached.Contains(s.Id)))
        {
            problems.AddAtName("/steps/" + JsonPointer.Escape(step.Id), $"Nothing leads to \"{step.Id}\"; name it in the \"next\" of a step, or remove it.");
        }
    }

    /// <summary>The step that a possibly misspelt id means, so that one mistake is not reported twice.</summary>
    private string? Meant(string id) => byId.ContainsKey(id) ? id : Suggestion.Nearest(id, byId.Keys);
}

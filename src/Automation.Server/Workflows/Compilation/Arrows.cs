using System.Text.Json;

namespace Automation.Server.Workflows.Compilation;

/// <summary>One arrow of a step's <c>next</c>.</summary>
/// <param name="Outcome">The outcome it leaves by.</param>
/// <param name="Target">Step id as written; whether there is such a step is checked later.</param>
/// <param name="Pointer">Where it is written.</param>
internal readonly record struct Arrow(string Outcome, string Target, string Pointer);

/// <summary>Reads <c>next</c>: a step id, a list of ids, or an object from outcome to either.</summary>
internal static class Arrows
{
    private const string Expected = "Expected a step id, a list of step ids, or an object from outcome to either";

    /// <param name="next">The value of <c>next</c>.</param>
    /// <param name="pointer">Of <paramref name="next"/>.</param>
    /// <param name="outcomes">The outcomes this step has, without <c>error</c>.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static List<Arrow> Read(JsonElement next, string pointer, IReadOnlyList<string> outcomes, ProblemList problems)
    {
        var arrows = new List<Arrow>();
        if (next.ValueKind is not JsonValueKind.Object)
        {
            Targets("done", next, pointer, arrows, problems);
            if (!outcomes.Contains("done")) problems.Add(pointer, $"This step has no outcome \"done\"; say which of {List(outcomes)} leads where: {{ \"{outcomes.FirstOrDefault("error")}\": \"…\" }}.");
            return arrows;
        }

        foreach (var outcome in next.EnumerateObject())
        {
            var here = pointer + "/" + JsonPointer.Escape(outcome.Name);
            if (outcome.Name != "error" && !outcomes.Contains(outcome.Name))
            {
                problems.AddAtName(here, $"This step has no outcome \"{outcome.Name}\"; it has {List(outcomes)}.{Suggestion.For(outcome.Name, [.. outcomes, "error"])}");
            }

            Targets(outcome.Name, outcome.Value, here, arrows, problems);
        }

        return arrows;
    }

    private static void Targets(string outcome, JsonElement value, string pointer, List<Arrow> arrows, ProblemList problems)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                arrows.Add(new Arrow(outcome, value.GetString()!, pointer));
                break;
            case JsonValueKind.Array:
                var index = 0;
                var seen = new HashSet<string>(StringComparer.Ordinal);
                foreach (var item in value.EnumerateArray())
                {
                    var here = $"{pointer}/{index++}";
                    if (item.ValueKind is not JsonValueKind.String) problems.Add(here, $"Expected a step id, not {Configs.ConfigWords.Shown(item)}.");
                    else if (!seen.Add(item.GetString()!)) problems.Add(here, $"\"{item.GetString()}\" is named twice; remove one.");
                    else arrows.Add(new Arrow(outcome, item.GetString()!, here));
                }

                break;
            default:
                problems.Add(pointer, $"{Expected}, not {Configs.ConfigWords.Shown(value)}.");
                break;
        }
    }

    private static string List(IReadOnlyList<string> outcomes) => string.Join(", ", outcomes.Append("error").Distinct().Select(o => $"\"{o}\""));
}

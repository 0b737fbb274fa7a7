using System.Text.Json;
using System.Text.RegularExpressions;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>Which steps' outputs a step's expressions and scripts name, by their text: <c>steps.salt.output</c>, <c>steps["salt"]</c>.</summary>
/// <remarks>Not those whose absence the author has thought of, <c>steps.salt?.output</c>; nor what a script takes out of <c>steps</c> in another way.</remarks>
internal sealed partial class StepMentions(WorkflowVersion version)
{
    private readonly Dictionary<string, HashSet<string>> found = new(StringComparer.Ordinal);

    public IReadOnlySet<string> Of(string step)
    {
        if (found.TryGetValue(step, out var known)) return known;
        using var document = version.Source.Document.ToDocument();
        var element = document.RootElement.GetProperty("steps").GetProperty(step);
        var texts = Texts(element);
        if (element.TryGetProperty("file", out var file) && file.ValueKind is JsonValueKind.String && version.Source.Files.TryGetValue(file.GetString()!, out var script)) texts = texts.Append(script);
        return found[step] = texts.SelectMany(text => Mention().Matches(text)).Select(match => match.Groups["id"].Value).Where(version.Steps.ContainsKey).ToHashSet(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Texts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Texts(property.Value)),
        _ => [],
    };

    [GeneratedRegex("""\bsteps\s*(?:\.\s*(?<id>[A-Za-z_$][\w$]*)|\[\s*["'`](?<id>[^"'`\]]+)["'`]\s*\])(?![\w$])(?!\s*\?\.)""", RegexOptions.CultureInvariant)]
    private static partial Regex Mention();
}

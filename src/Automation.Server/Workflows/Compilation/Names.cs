using System.Text.Json;
using System.Text.RegularExpressions;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Workflows.Compilation;

/// <summary>Reads the names in a workflow file: ids and types.</summary>
internal static partial class Names
{
    /// <summary>Of step and trigger ids.</summary>
    public const string IdPattern = "^[a-z][a-zA-Z0-9_-]*$";

    public delegate bool Finder<T>(string name, out T entry);

    public static bool IsId(string id) => Id().IsMatch(id);

    /// <summary>Looks up the <c>type</c> of a step or trigger; null, with a problem, when it is missing or unknown.</summary>
    public static T? Type<T>(JsonElement element, string pointer, string noun, Finder<T> find, IEnumerable<string> known, ProblemList problems)
        where T : class
    {
        if (!element.TryGetProperty("type", out var type))
        {
            problems.Add(pointer, $"\"type\" is missing; add one of {string.Join(", ", known)}.");
        }
        else if (type.ValueKind is not JsonValueKind.String)
        {
            problems.Add(pointer + "/type", $"Expected the name of a {noun} type, not {ConfigWords.Shown(type)}.");
        }
        else if (find(type.GetString()!, out var entry))
        {
            return entry;
        }
        else
        {
            var names = known.ToList();
            problems.Add(pointer + "/type", $"Unknown {noun} type \"{type.GetString()}\".{Suggestion.For(type.GetString()!, names)} Known are {string.Join(", ", names)}.");
        }

        return null;
    }

    /// <summary>A property that names a step; null when it is not there, or is no text, which is reported.</summary>
    public static string? StepId(JsonElement element, string property, string pointer, ProblemList problems)
    {
        if (!element.TryGetProperty(property, out var value)) return null;
        if (value.ValueKind is JsonValueKind.String) return value.GetString();
        problems.Add($"{pointer}/{property}", $"Expected a step id, not {ConfigWords.Shown(value)}.");
        return null;
    }

    [GeneratedRegex(IdPattern, RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}

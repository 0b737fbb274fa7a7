using System.Text.Json;
using Automation.Server.Sandbox;

namespace Automation.Server.Workflows.Compilation;

/// <summary>Finds the author's place for what the sandbox says of a script or expression.</summary>
internal static class ScriptPlaces
{
    public static Problem Locate(ScriptProblem found, SandboxProgram program, JsonElement root, Compilation compilation)
    {
        var file = compilation.Problems.File;
        if (program.Units.OfType<SchemaUnit>().Any(schema => schema.ScriptName == found.Script)) return Schema(found, compilation);
        if (found.Pointer is ['/', .. var connector] && connector.IndexOf(".json#", StringComparison.Ordinal) is var end and > 0)
            return new Problem(connector[..(end + 5)], connector[(end + 6)..], $"The expression does not parse: {Sentence(found.Message)} Correct it.");
        if (found.Pointer is { } pointer)
        {
            var place = compilation.Problems.Place(pointer);
            return new Problem(file, pointer, $"The expression does not parse: {Sentence(found.Message)} Correct it.", place?.Line, place?.Column);
        }

        if (found.Script is { } script && program.Units.Any(u => u is ModuleUnit module && module.ScriptName == script))
        {
            return new Problem(compilation.PathOf(script), "", $"The script does not parse: {Sentence(found.Message)} Correct it.", found.Line, found.Column);
        }

        return InlineCode(found, root, compilation);
    }

    /// <summary>The pointer found is within the schema, whose name is its own pointer, or its file's.</summary>
    private static Problem Schema(ScriptProblem found, Compilation compilation)
    {
        var message = $"The schema is not one: {Sentence(found.Message)} Correct it.";
        if (!found.Script!.StartsWith('/')) return new Problem(compilation.PathOf(found.Script), found.Pointer ?? "", message, null, null);
        var pointer = found.Script + found.Pointer;
        var place = compilation.Problems.Place(pointer);
        return new Problem(compilation.Problems.File, pointer, message, place?.Line, place?.Column);
    }

    /// <summary>Inline code: its script name is the pointer of its <c>code</c>; a list of lines has one entry a line.</summary>
    private static Problem InlineCode(ScriptProblem found, JsonElement root, Compilation compilation)
    {
        var pointer = found.Script is { } name && name.StartsWith('/') ? name : "";
        var at = found.Line is { } line ? $" in line {line}{(found.Column is { } column ? $", column {column}" : "")} of the code" : "";
        if (found.Line is { } number && ElementAt(root, pointer) is { ValueKind: JsonValueKind.Array } lines && number >= 1 && number <= lines.GetArrayLength()) pointer += $"/{number - 1}";
        var place = compilation.Problems.Place(pointer);
        return new Problem(compilation.Problems.File, pointer, $"The script does not parse{at}: {Sentence(found.Message)} Correct it.", place?.Line, place?.Column);
    }

    private static JsonElement? ElementAt(JsonElement root, string pointer)
    {
        var element = root;
        foreach (var part in pointer.Split('/').Skip(1))
        {
            var name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (element.ValueKind is not JsonValueKind.Object || !element.TryGetProperty(name, out element)) return null;
        }

        return element;
    }

    private static string Sentence(string message) => message.TrimEnd().TrimEnd('.') + ".";
}

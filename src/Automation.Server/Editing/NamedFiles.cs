using System.Text;
using System.Text.Json;
using Automation.Server.Values;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Editing;

/// <summary>The scripts and schemas that a workflow file names, as far as its text can be read: a file with mistakes names them too.</summary>
/// <param name="Paths">As written, those that <see cref="ScriptFile.RefusePath"/> lets pass.</param>
/// <param name="IsWhole">False when the text ends, or stops being JSON, before its end.</param>
internal sealed record NamedFiles(IReadOnlySet<string> Paths, bool IsWhole)
{
    // What a step's property has to end in to be a file's name and not another step type's text.
    private static readonly Dictionary<string, string[]> Endings = new(StringComparer.Ordinal) { ["file"] = [".js", ".ts"], ["schemaFile"] = [".schema.json"] };

    /// <summary>Looks at <c>/steps/ID/file</c> and <c>/steps/ID/schemaFile</c>.</summary>
    public static NamedFiles In(string text)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = JsonFormat.MaxDepth });
        var names = new string?[4];
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName && reader.CurrentDepth < names.Length)
                {
                    names[reader.CurrentDepth] = reader.GetString();
                    Array.Clear(names, reader.CurrentDepth + 1, names.Length - reader.CurrentDepth - 1);
                }
                else if (reader.TokenType is JsonTokenType.String && reader.CurrentDepth == 3 && names[1] == "steps" && names[3] is { } property && Endings.TryGetValue(property, out var endings)) Add(reader.GetString()!, endings);
            }

            return new NamedFiles(paths, IsWhole: true);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return new NamedFiles(paths, IsWhole: false);
        }

        void Add(string path, string[] endings)
        {
            if (Array.Exists(endings, ending => path.EndsWith(ending, StringComparison.Ordinal)) && ScriptFile.RefusePath(path) is null) paths.Add(path);
        }
    }
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows.Configs;

/// <summary>Reads a file that is one config record, as an endpoint's, and lists every mistake with its place.</summary>
internal static class ConfigFile
{
    /// <param name="path">Below the workflows folder.</param>
    /// <param name="text">Its text; may name its <c>$schema</c>.</param>
    /// <param name="noun">What it should be, as <c>an endpoint</c>.</param>
    /// <returns>The record, null when there are problems, and the list that more can be added to.</returns>
    public static (T? Config, ProblemList Problems) Read<T>(string path, ScriptFile text, string noun)
        where T : class
    {
        var bytes = Encoding.UTF8.GetBytes(text.Text ?? "");
        var problems = new ProblemList(path, () => JsonPositions.Of(bytes));
        if (text.Problem is { } unreadable)
        {
            problems.Add(new Problem(path, "", unreadable));
            return (null, problems);
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind is JsonValueKind.Object) new ConfigWalk(problems.AddAtName).CheckObject(document.RootElement, ConfigShape.Of(typeof(T)), ["$schema"]);
            else problems.Add("", $"Expected {noun} as an object, not {ConfigWords.Shown(document.RootElement)}.");
            if (!problems.IsEmpty) return (null, problems);
            var written = JsonObject.Create(document.RootElement.Clone())!;
            written.Remove("$schema");
            return (written.Deserialize<T>(ConfigJson.Options), problems);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            var line = (int?)(broken as JsonException)?.LineNumber + 1;
            problems.Add(new Problem(path, "", $"The file is not {noun}: {broken.Message.Split(" Path:")[0].Split(" LineNumber:")[0]}", line, line is null ? null : 1));
            return (null, problems);
        }
    }
}

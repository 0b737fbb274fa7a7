using System.Text.Json;
using System.Text.RegularExpressions;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Connectors;

/// <summary>A connector that was read without problems.</summary>
/// <param name="Name">Of its file without <c>.json</c>, as <c>slack</c>.</param>
/// <param name="File">What it says.</param>
/// <param name="Document">The same, as it is written.</param>
internal sealed partial record Connector(string Name, ConnectorFile File, JsonElement Document)
{
    /// <summary>Where connectors are, below the workflows folder.</summary>
    public const string Folder = "connectors";

    private static readonly ConfigShape Shape = ConfigShape.Of(typeof(ConnectorFile));

    /// <summary>Path of a connector's file among the files of a workflow version; begins with /, which no script file's does.</summary>
    public static string PathOf(string name) => $"/{Folder}/{name}.json";

    /// <summary>The connector that a step type belongs to, as <c>slack</c> of <c>slack.message</c>; null when its name is none of an operation.</summary>
    public static string? NameOf(string stepType) => StepTypeName().Match(stepType) is { Success: true } match ? match.Groups[1].Value : null;

    public static bool IsName(string name) => NamePattern().IsMatch(name);

    /// <summary>Reads a connector file and checks everything in it but the syntax of its expressions.</summary>
    /// <returns>Null when there are problems, all of which are listed.</returns>
    public static Connector? Read(string name, string text, List<Problem> found)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        var problems = new ProblemList($"{Folder}/{name}.json", () => JsonPositions.Of(bytes));
        Connector? connector = null;
        if (!IsName(name)) problems.Add(new Problem(problems.File, "", $"\"{name}\" is no connector's name: begin with a small letter and use only small letters, digits and -."));
        else if (JsonFile.Parse(bytes, "connector", problems) is { } parsed) using (parsed) connector = Read(name, parsed.RootElement.Clone(), problems);
        found.AddRange(problems.All);
        return problems.IsEmpty ? connector : null;
    }

    private static Connector? Read(string name, JsonElement document, ProblemList problems)
    {
        if (document.ValueKind is JsonValueKind.Object) new ConfigWalk(problems.AddAtName).CheckObject(document, Shape, ["$schema"]);
        else problems.Add("", $"Expected a connector as an object, not {ConfigWords.Shown(document)}.");
        if (!problems.IsEmpty) return null;
        var written = System.Text.Json.Nodes.JsonObject.Create(document)!;
        written.Remove("$schema");
        ConnectorFile file;
        try
        {
            file = written.Deserialize<ConnectorFile>(ConfigJson.Options)!;
        }
        catch (JsonException mismatch)
        {
            problems.Add("", mismatch.InnerException?.Message ?? mismatch.Message);
            return null;
        }

        ConfigValidation.Check(file, Shape, "", problems.Add);
        var connector = new Connector(name, file, document);
        ConnectorCheck.Run(connector, problems);
        return connector;
    }

    [GeneratedRegex(@"^([a-z][a-z0-9-]*)\.([a-z][a-zA-Z0-9]*)$", RegexOptions.CultureInvariant)]
    private static partial Regex StepTypeName();

    [GeneratedRegex("^[a-z][a-z0-9-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}

using Automation.Server.Connectors;
using Automation.Server.Sandbox;

namespace Automation.Server.Workflows.Compilation;

/// <summary>What comes together while one workflow file is compiled.</summary>
/// <param name="workflowId">Of the file.</param>
/// <param name="problems">Takes what is wrong.</param>
/// <param name="read">Reads a script file by its path as written.</param>
/// <param name="missingSecret">How to set a secret that is not there, null for one that is. Null itself where missing secrets are no problem of the file, as for a stored version.</param>
internal sealed class Compilation(string workflowId, ProblemList problems, Func<string, ScriptFile> read, Func<string, string?>? missingSecret)
{
    private readonly SortedDictionary<string, string> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Connector?> connectors = new(StringComparer.Ordinal);
    private readonly HashSet<string> broken = new(StringComparer.Ordinal);
    private readonly SortedSet<string> mentioned = new(StringComparer.Ordinal);

    public string WorkflowId => workflowId;

    public ProblemList Problems => problems;

    /// <summary>The expressions of each step that has some, also of steps with problems.</summary>
    public List<ExpressionUnit> Expressions { get; } = [];

    public List<SandboxUnit> Scripts { get; } = [];

    /// <summary>Script files that were read: path as written → text.</summary>
    public IReadOnlyDictionary<string, string> Files => files;

    /// <summary>Script files that the workflow names, also those that are missing: path as written.</summary>
    public IReadOnlySet<string> Mentioned => mentioned;

    /// <summary>A script file's path below the workflows folder.</summary>
    public string PathOf(string file) => workflowId.LastIndexOf('/') is var slash and >= 0 ? workflowId[..(slash + 1)] + file : file;

    public string? ReadFile(string pointer, string file)
    {
        if (ScriptFile.RefusePath(file) is { } refused)
        {
            problems.Add(pointer, refused);
            return null;
        }

        mentioned.Add(file);
        if (files.TryGetValue(file, out var known)) return known;
        var found = read(file);
        if (found.Text is null)
        {
            problems.Add(pointer, found.Problem ?? $"\"{file}\" cannot be read.");
            return null;
        }

        files[file] = found.Text;
        return found.Text;
    }

    /// <summary>The connector of that name, in the folder or built in; null when there is none, or when it has problems, which are reported as those of its file. Its text becomes part of the version.</summary>
    public Connector? Connector(string name)
    {
        if (connectors.TryGetValue(name, out var known)) return known;
        var path = Connectors.Connector.PathOf(name);
        mentioned.Add(path);
        var found = read(path);
        if (found is { Text: null, IsMissing: false }) problems.Add(new Problem(path[1..], "", found.Problem!));
        var text = found.Text ?? (found.IsMissing ? BuiltInConnectors.TextOf(name) : null);
        var wrong = new List<Problem>();
        var connector = text is null ? null : Connectors.Connector.Read(name, text, wrong);
        wrong.ForEach(problems.Add);
        if (connector is not null) files[path] = text!;
        else if (!found.IsMissing) broken.Add(name);
        return connectors[name] = connector;
    }

    /// <summary>Whether there is a connector of that name in the folder that <see cref="Connector"/> refused.</summary>
    public bool IsBroken(string name) => broken.Contains(name);

    /// <summary>All that the sandbox has to know, as far as the file could be read.</summary>
    public SandboxProgram Program(string id) => new(id, [.. Expressions, .. Scripts]);

    /// <summary>Whether the server has a secret; true where missing ones are no problem.</summary>
    public bool HasSecret(string name) => missingSecret?.Invoke(name) is null;

    /// <summary>A problem of a file; none of a stored version, whose runs may go on without what they named.</summary>
    public void Missing(string pointer, string message)
    {
        if (missingSecret is not null) problems.Add(pointer, message);
    }

    public void Secret(string pointer, string name)
    {
        if (missingSecret?.Invoke(name) is { } howToSet) problems.Add(pointer, $"There is no secret \"{name}\" on this server, which {problems.File} needs here. {howToSet}");
    }
}

using Automation.Server.Steps;
using Automation.Server.Workflows;

namespace Automation.Server.Connectors;

/// <summary>The connectors there are now: those that come with the program, and those of the folder, which add or take their place.</summary>
/// <remarks>For lists and the schema. Workflows read the files that they name by themselves, as they do scripts, so that a version holds the text it was made with.</remarks>
internal sealed class ConnectorCatalog(WorkflowFolder folder, StepCatalog steps)
{
    /// <summary>Sorted by name; null in place of the connector with the problems of its file.</summary>
    public IEnumerable<(string Name, bool IsBuiltIn, Connector? Connector, IReadOnlyList<Problem> Problems)> All()
    {
        var own = folder.Connectors();
        foreach (var name in BuiltInConnectors.Names.Union(own, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var problems = new List<Problem>();
            var isOwn = own.Contains(name);
            var text = isOwn ? folder.ReadScript("", Connector.PathOf(name)) : default;
            if (text.Problem is { } unreadable) problems.Add(new Problem($"{Connector.Folder}/{name}.json", "", unreadable));
            var connector = text.Problem is null ? Connector.Read(name, text.Text ?? BuiltInConnectors.TextOf(name)!, problems) : null;
            foreach (var taken in (connector?.File.Operations.Keys ?? []).Where(o => steps.TryGet($"{name}.{o}", out _)))
                problems.Add(new Problem($"{Connector.Folder}/{name}.json", "/operations/" + taken, $"\"{name}.{taken}\" is a step type of the server itself, which is taken first; give the operation, or the file, another name."));
            yield return (name, !isOwn, problems.Count == 0 ? connector : null, problems);
        }
    }

    /// <summary>Operations of connectors without problems, as step types.</summary>
    public IReadOnlyList<StepTypeEntry> StepTypes() =>
        [.. from found in All() where found.Connector is not null from operation in found.Connector!.File.Operations.Keys select OperationStep.EntryOf(found.Connector, operation, steps)];
}

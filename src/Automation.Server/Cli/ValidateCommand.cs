using System.CommandLine;
using Automation.Server.Connectors;
using Automation.Server.Endpoints;
using Automation.Server.Hosting;
using Automation.Server.Sandbox;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.TestCases;

namespace Automation.Server.Cli;

/// <summary><c>validate</c>: lists every problem of workflow files. Exit code 1 when there is one.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("files") { Description = "Workflow files; all files of the workflows folder when none is named.", Arity = ArgumentArity.ZeroOrMore };
        var folder = new Option<string?>("--workflows") { Description = "Folder of the workflow files. Default ./workflows.", HelpName = "DIR" };
        var data = new Option<string?>("--data") { Description = "Data folder, for the secrets in it. Default ./data.", HelpName = "DIR" };
        var command = new Command("validate", "Check workflow files and list every problem: file(line,column): pointer: sentence.") { files, folder, data };
        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = new Dictionary<string, string?>();
            if (parsed.GetValue(folder) is { } root) settings[ServerOptions.Workflows] = root;
            if (parsed.GetValue(data) is { } dataFolder) settings[ServerOptions.Data] = dataFolder;
            return await RunAsync(settings, parsed.GetValue(files) ?? [], Console.Out, cancellation);
        });
        return command;
    }

    /// <summary>Checks the files, or all of the workflows folder when none is named.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyDictionary<string, string?> settings, string[] files, TextWriter output, CancellationToken cancellation)
    {
        await using var services = CommandParts.Of(settings);
        try
        {
            return await CheckAsync(services, files, output, cancellation);
        }
        catch (SandboxUnavailableException unavailable)
        {
            output.WriteLine(unavailable.Message);
            return 1;
        }
    }

    private static async Task<int> CheckAsync(IServiceProvider services, string[] files, TextWriter output, CancellationToken cancellation)
    {
        var compiler = services.GetRequiredService<WorkflowCompiler>();
        var folder = services.GetRequiredService<WorkflowFolder>();
        var chosen = files.Length > 0 ? files.Select(At).ToList() : [.. folder.Scan().Keys.Order(StringComparer.Ordinal).Select(id => (Folder: folder, Id: id))];
        if (chosen.Count == 0) output.WriteLine($"There are no workflow files in {folder.Root}.");
        var problems = 0;
        if (files.Length == 0)
        {
            foreach (var problem in services.GetRequiredService<ConnectorCatalog>().All().Where(c => !c.IsBuiltIn).SelectMany(c => c.Problems)) // of those that no workflow uses, too
            {
                output.WriteLine(Line(problem));
                problems++;
            }
        }

        var reader = services.GetRequiredService<EndpointFileReader>();
        if (files.Length == 0)
        {
            foreach (var problem in await EndpointProblemsAsync(folder, folder.EndpointFiles()))
            {
                output.WriteLine(Line(problem));
                problems++;
            }
        }

        foreach (var (root, id) in chosen)
        {
            var found = EndpointFileReader.IsOne(id + ".json") ? await EndpointProblemsAsync(root, [id + ".json"]) : await WorkflowProblemsAsync(root, id);
            var own = files.Length > 0 ? found : [.. found.Where(problem => !problem.File.StartsWith(Connector.Folder + "/", StringComparison.Ordinal))];
            foreach (var problem in own) output.WriteLine(Line(problem));
            problems += own.Count;
        }

        if (chosen.Count > 0) output.WriteLine(problems == 0 ? $"{Count(chosen.Count, "workflow")}, no problems." : $"{Count(chosen.Count, "workflow")}, {Count(problems, "problem")}.");
        return problems == 0 ? 0 : 1;

        async Task<IReadOnlyList<Problem>> WorkflowProblemsAsync(WorkflowFolder root, string id)
        {
            if (root.ReadWorkflow(id, out var unreadable) is not { } bytes) return [new Problem(id + ".json", "", unreadable!)];
            var compiled = await compiler.CompileAsync(id, bytes, file => root.ReadScript(id, file), cancellation);
            var tests = id + TestCaseFile.Ending;
            return [.. compiled.Problems, .. TestCaseFile.Problems(tests, root.ReadText(tests), compiled.Version)];
        }

        async Task<IReadOnlyList<Problem>> EndpointProblemsAsync(WorkflowFolder root, IReadOnlyList<string> paths)
        {
            var found = new List<Problem>();
            foreach (var path in paths)
            {
                var text = root.ReadScript("", "/" + path);
                found.AddRange(path == EndpointFileReader.EventTypesPath ? EndpointFileReader.EventTypes(text).Problems : (await reader.EndpointAsync(path, text, cancellation)).Problems);
            }

            return found;
        }

        (WorkflowFolder Folder, string Id) At(string file)
        {
            var full = Path.GetFullPath(file);
            var below = Path.GetRelativePath(folder.Root, full);
            var owner = below.StartsWith("..", StringComparison.Ordinal) ? new WorkflowFolder(Path.GetDirectoryName(full)!) : folder;
            var id = Path.GetRelativePath(owner.Root, full).Replace('\\', '/');
            return (owner, id.EndsWith(TestCaseFile.Ending, StringComparison.Ordinal) ? id[..^TestCaseFile.Ending.Length] : id.EndsWith(".json", StringComparison.Ordinal) ? id[..^5] : id);
        }
    }

    private static string Line(Problem problem)
    {
        var place = problem is { Line: { } line, Column: { } column } ? $"({line},{column})" : "";
        return $"{problem.File}{place}: {(problem.Pointer.Length == 0 ? "" : problem.Pointer + ": ")}{problem.Message}";
    }

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";
}

using System.CommandLine;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Workflows;

namespace Automation.Server.Cli;

/// <summary><c>schema</c>: prints the JSON Schema of workflow files, as <c>workflows/workflow.schema.json</c> holds it.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var command = new Command("schema", "Print the JSON Schema of workflow files.");
        command.SetAction(async (_, cancellation) =>
        {
            await using var services = CommandParts.Of(new Dictionary<string, string?>());
            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(WorkflowSchema.ToFile(services.GetRequiredService<StepCatalog>(), services.GetRequiredService<TriggerCatalog>()), cancellation);
        });
        return command;
    }
}

using System.CommandLine;
using Automation.Server.Connectors;
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
        var connector = new Option<bool>("--connector") { Description = "That of connector files instead." };
        command.Options.Add(connector);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(connector))
            {
                await using var standard = Console.OpenStandardOutput();
                await standard.WriteAsync(ConnectorSchema.ToFile(), cancellation);
                return;
            }

            await using var services = CommandParts.Of(new Dictionary<string, string?>());
            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(WorkflowSchema.ToFile([.. services.GetRequiredService<StepCatalog>().Types, .. services.GetRequiredService<ConnectorCatalog>().StepTypes()], services.GetRequiredService<TriggerCatalog>()), cancellation);
        });
        return command;
    }
}

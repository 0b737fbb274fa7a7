using System.CommandLine;
using Automation.Server.Connectors;
using Automation.Server.Endpoints;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Workflows;
using Automation.Server.Workflows.TestCases;

namespace Automation.Server.Cli;

/// <summary><c>schema</c>: prints the JSON Schema of workflow files, as <c>workflows/workflow.schema.json</c> holds it.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var command = new Command("schema", "Print the JSON Schema of workflow files.");
        var connector = new Option<bool>("--connector") { Description = "That of connector files instead." };
        command.Options.Add(connector);
        var endpoint = new Option<bool>("--endpoint") { Description = "That of endpoints/ID.json instead." };
        var eventTypes = new Option<bool>("--event-types") { Description = "That of event-types.json instead." };
        var tests = new Option<bool>("--tests") { Description = "That of WORKFLOW.tests.json instead." };
        command.Options.Add(endpoint);
        command.Options.Add(eventTypes);
        command.Options.Add(tests);
        command.SetAction(async (parsed, cancellation) =>
        {
            if ((parsed.GetValue(connector) ? ConnectorSchema.ToFile() : parsed.GetValue(endpoint) ? EndpointFileSchemas.Endpoint() : parsed.GetValue(eventTypes) ? EndpointFileSchemas.EventTypes() : parsed.GetValue(tests) ? TestCaseFile.Schema() : null) is { } schema)
            {
                await using var standard = Console.OpenStandardOutput();
                await standard.WriteAsync(schema, cancellation);
                return;
            }

            await using var services = CommandParts.Of(new Dictionary<string, string?>());
            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(WorkflowSchema.ToFile([.. services.GetRequiredService<StepCatalog>().Types, .. services.GetRequiredService<ConnectorCatalog>().StepTypes()], services.GetRequiredService<TriggerCatalog>()), cancellation);
        });
        return command;
    }
}

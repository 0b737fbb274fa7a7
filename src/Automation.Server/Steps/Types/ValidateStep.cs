using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Sandbox;
using Automation.Server.Values;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Steps.Types;

/// <summary>Checks a value by a JSON Schema of draft 2020-12.</summary>
/// <remarks>
/// Input: any. Outcomes: <c>done</c> with the value; <c>invalid</c> with <c>{ errors: [{ pointer, keyword, message, params }], value }</c>, the first 100 errors. Fails as a script does when the check
/// takes too long or too much memory, as a pattern may.
/// </remarks>
[StepType("validate", Title = "Validate", Category = "Data", Icon = "shield-check", Outcomes = ["done", "invalid"])]
[Description("Checks a value by a JSON Schema, and lists all that is wrong with it.")]
internal sealed class ValidateStep : Step<ValidateStep.Config>
{
    public sealed record Config
    {
        private readonly Json? given;

        [Literal, Description("A JSON Schema of draft 2020-12. Either this or schemaFile.")]
        public Json? Schema { get; init; }

        [Literal, Description("A .schema.json file next to the workflow file, with the schema.")]
        public string? SchemaFile { get; init; }

        [Description("What is checked; the step's input when left out.")]
        public Json Value
        {
            get => given ?? Json.Null;
            init => given = value;
        }

        /// <summary>Null when left out, and not when it is a null.</summary>
        [JsonIgnore]
        public Json? Given => given;
    }

    public override void Check(StepCheck check)
    {
        var schema = check.Config.TryGetProperty("schema", out var written) && written.ValueKind is not JsonValueKind.Null;
        var file = check.Config.TryGetProperty("schemaFile", out var named) && named.ValueKind is not JsonValueKind.Null;
        if (schema == file)
        {
            check.Problem("", schema ? "A validate step has either \"schema\" or \"schemaFile\", not both; remove one." : "A validate step needs \"schema\" with a JSON Schema, or \"schemaFile\" with the name of a .schema.json file.");
        }
        else if (schema)
        {
            check.Script(new SchemaUnit(check.UnitId, $"/steps/{check.StepId}/schema", written.GetRawText()));
        }
        else if (named.ValueKind is JsonValueKind.String)
        {
            CheckFile(check, named.GetString()!);
        }
    }

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        var value = config.Given ?? context.Input;
        var errors = await context.ValidateAsync(value);
        return SchemaErrors.IsNone(errors) ? StepResult.Done(value) : StepResult.To("invalid", Json.From(new { errors, value }));
    }

    private static void CheckFile(StepCheck check, string file)
    {
        if (!file.EndsWith(".schema.json", StringComparison.Ordinal))
        {
            check.Problem("/schemaFile", $"\"{file}\" is not a schema; its name must end in .schema.json, which tells it from a workflow.");
        }
        else if (check.ReadFile("/schemaFile", file) is { } text)
        {
            try
            {
                using var parsed = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
                check.Script(new SchemaUnit(check.UnitId, file, text));
            }
            catch (JsonException broken)
            {
                check.Problem("/schemaFile", $"\"{file}\" is not valid JSON{(broken.LineNumber is { } line ? $": look at its line {line + 1}, column {broken.BytePositionInLine + 1}" : "")}.");
            }
        }
    }
}

using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Sandbox;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Steps.Types;

/// <summary>Runs JavaScript or TypeScript in the sandbox.</summary>
/// <remarks>
/// Input: any, as <c>input</c>. Output: what the script returns. <c>file</c> is a module with a default export, <c>code</c> a function body with
/// <c>return</c>; both may <c>await</c>. Fails with the script's error, or when it takes too long or too much memory.
/// </remarks>
[StepType("script", Title = "Script", Category = "Data", Icon = "code")]
[Description("Runs JavaScript or TypeScript and hands on what it returns.")]
internal sealed class ScriptStep : Step<ScriptStep.Config>
{
    /// <summary>What inline code is written in. Types are stripped either way; editors colour by it.</summary>
    public enum Language
    {
        Js,
        Ts,
    }

    public sealed record Config(
        [property: Literal, Description("A function body, as a text or a list of lines.")] Code? Code = null,
        [property: Literal, Description("A .js or .ts file next to the workflow file, with a default export.")] string? File = null,
        [property: Literal, Description("What the code is written in; a file says it by its name.")] Language Language = Language.Js);

    public override void Check(StepCheck check) => CheckScript(check);

    /// <summary>Looks at the <c>code</c> or <c>file</c> of a step and adds the script.</summary>
    public static void CheckScript(StepCheck check)
    {
        var code = check.Config.TryGetProperty("code", out var written) && written.ValueKind is not JsonValueKind.Null;
        var file = check.Config.TryGetProperty("file", out var named) && named.ValueKind is not JsonValueKind.Null;
        if (code == file)
        {
            check.Problem("", code ? "A script has either \"code\" or \"file\", not both; remove one." : "A script needs \"code\" with a function body, or \"file\" with the name of a .js or .ts file.");
        }
        else if (code && Code.Read(written) is { } text)
        {
            check.Script(new FunctionUnit(check.UnitId, $"/steps/{check.StepId}/code", text));
        }
        else if (file && named.ValueKind is JsonValueKind.String)
        {
            CheckFile(check, named.GetString()!);
        }
    }

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context) => StepResult.Done(await context.CallScriptAsync());

    private static void CheckFile(StepCheck check, string file)
    {
        if (!file.EndsWith(".js", StringComparison.Ordinal) && !file.EndsWith(".ts", StringComparison.Ordinal))
        {
            check.Problem("/file", $"\"{file}\" is not a script; its name must end in .js or .ts.");
        }
        else if (check.ReadFile("/file", file) is { } source)
        {
            check.Script(new ModuleUnit(check.UnitId, file, source));
        }
    }

    /// <summary>Inline code: a JSON string, or a list of strings, one a line.</summary>
    [ConfigSchema("""{ "type": ["string", "array"], "items": { "type": "string" } }""")]
    [JsonConverter(typeof(Converter))]
    public sealed record Code(string Text)
    {
        /// <summary>The code of an element; null when it is neither a text nor a list of texts.</summary>
        public static string? Read(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Array when element.EnumerateArray().All(l => l.ValueKind is JsonValueKind.String) => string.Join('\n', element.EnumerateArray().Select(l => l.GetString())),
            _ => null,
        };

        private sealed class Converter : JsonConverter<Code>
        {
            public override Code Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            {
                var element = JsonElement.ParseValue(ref reader);
                return new Code(Code.Read(element) ?? throw new JsonException("Expected code as a text, or as a list of texts, one a line."));
            }

            public override void Write(Utf8JsonWriter writer, Code value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
        }
    }
}

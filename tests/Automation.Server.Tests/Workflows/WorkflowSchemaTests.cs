using System.Text.Json.Nodes;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Workflows;

public sealed class WorkflowSchemaTests
{
    private readonly JsonObject schema = WorkflowSchema.Of(TestCatalogs.Steps.Types, TestCatalogs.Triggers);

    private JsonNode Send => schema["$defs"]!["step.send"]!["properties"]!;

    [Fact]
    public void Schema_IsTheSameTextEachTime() =>
        Assert.Equal(WorkflowSchema.ToFile(TestCatalogs.Steps.Types, TestCatalogs.Triggers), WorkflowSchema.ToFile(TestCatalogs.Steps.Types, TestCatalogs.Triggers));

    [Fact]
    public void EveryObjectOfAFixedForm_IsClosed()
    {
        Assert.False((bool)schema["additionalProperties"]!);
        foreach (var (name, definition) in schema["$defs"]!.AsObject())
        {
            if (name.Contains('.', StringComparison.Ordinal)) Assert.False((bool)definition!["additionalProperties"]!);
        }
    }

    [Fact]
    public void Step_IsChosenByItsType()
    {
        var branch = schema["$defs"]!["step"]!["allOf"]!.AsArray().Single(b => (string)b!["then"]!["$ref"]! == "#/$defs/step.send");
        Assert.Equal("send", (string)branch!["if"]!["properties"]!["type"]!["const"]!);
        Assert.Contains("send", schema["$defs"]!["step"]!["properties"]!["type"]!["enum"]!.AsArray().Select(n => (string)n!));
    }

    [Fact]
    public void EveryReference_HasItsDefinition()
    {
        var definitions = schema["$defs"]!.AsObject();
        foreach (var reference in All(schema).OfType<JsonObject>().Where(o => o.ContainsKey("$ref")).Select(o => (string)o["$ref"]!)) Assert.True(definitions.ContainsKey(reference["#/$defs/".Length..]), reference);
    }

    [Fact]
    public void Properties_ComeInTheCanonicalOrder() => Assert.Equal(
        ["type", "name", "notes", "url", "headers", "body", "attempts", "wait", "limit", "mode", "pattern", "note", "codes", "options", "signing", "ratio", "data", "retry", "timeout", "disabled", "next"],
        Send.AsObject().Select(p => p.Key));

    [Fact]
    public void RequiredProperties_AreThoseWithoutDefault() => Assert.Equal(["type", "url"], schema["$defs"]!["step.send"]!["required"]!.AsArray().Select(n => (string)n!));

    [Fact]
    public void Number_HasItsRangeAndDefault_OrIsAnExpression() => Assert.Equal(
        """{"default":10,"anyOf":[{"type":"integer","minimum":1,"maximum":50},{"type":"string","pattern":"\\$\\{"}]}""",
        Send["attempts"]!.ToJsonString());

    [Fact]
    public void LiteralProperty_IsNoExpression() => Assert.Null(Send["pattern"]!["anyOf"]);

    [Fact]
    public void Duration_HasAPattern() => Assert.NotNull(Send["wait"]!["anyOf"]![0]!["pattern"]);

    [Fact]
    public void MapOfSecretTexts_SaysSo() => Assert.NotNull(Send["headers"]!["anyOf"]![0]!["additionalProperties"]!["$comment"]);

    [Fact]
    public void Description_ComesFromTheRecord() => Assert.Equal("Absolute address.", (string)Send["url"]!["description"]!);

    [Fact]
    public void NestedRecord_IsClosed_AndTakesExpressionsInside()
    {
        var options = Send["options"]!["anyOf"]![0]!;
        Assert.False((bool)options["additionalProperties"]!);
        Assert.NotNull(options["properties"]!["depth"]!["anyOf"]);
    }

    [Fact]
    public void Trigger_TakesNoExpressions() => Assert.Null(schema["$defs"]!["trigger.hook"]!["properties"]!["methods"]!["anyOf"]);

    [Fact]
    public void Code_IsATextOrLines() => Assert.Equal(["string", "array"], schema["$defs"]!["step.script"]!["properties"]!["code"]!["type"]!.AsArray().Select(n => (string)n!));

    [Fact]
    public void Ids_HaveAPattern() => Assert.Equal("^[a-z][a-zA-Z0-9_-]*$", (string)schema["$defs"]!["id"]!["pattern"]!);

    private static IEnumerable<JsonNode> All(JsonNode node)
    {
        yield return node;
        var inside = node switch
        {
            JsonObject o => o.Select(p => p.Value),
            JsonArray a => a,
            _ => [],
        };
        foreach (var found in inside.OfType<JsonNode>().SelectMany(All)) yield return found;
    }
}

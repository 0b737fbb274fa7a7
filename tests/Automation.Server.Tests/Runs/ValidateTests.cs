using Automation.Server.Sandbox;
using Automation.Server.Tests.Sandbox;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Runs;

/// <summary>Values checked by JSON Schema, draft 2020-12.</summary>
public sealed class ValidateTests(WorkflowServer server, SharedPool shared) : IClassFixture<WorkflowServer>, IClassFixture<SharedPool>
{
    private const string Schema = """{ "type": "object", "required": ["id", "toString"], "properties": { "id": { "type": "string", "format": "uuid" }, "n": { "type": "integer", "minimum": 1 } }, "unevaluatedProperties": false }""";

    [Fact]
    public async Task Value_ThatFits_GoesOnAsItIs()
    {
        const string Good = """{"id":"00000000-0000-4000-8000-000000000000","n":2,"toString":1}""";
        var run = await server.RunAsync($$"""{ "steps": { "check": { "type": "validate", "schema": {{Schema.Replace("\"n\":", "\"toString\": true, \"n\":", StringComparison.Ordinal)}}, "next": "tell" }, "tell": { "type": "log", "message": "x" } } }""", Good);
        Assert.Equal(("check tell", "done", Good), (run.Path, run.Outcome("check"), run.Output("check")));
    }

    [Fact]
    public async Task Value_ThatDoesNotFit_GoesTheOtherWay_WithEveryError()
    {
        var run = await server.RunAsync($$"""{ "steps": { "check": { "type": "validate", "schema": {{Schema}}, "value": "${event.data.order}", "next": { "invalid": "tell" } }, "tell": { "type": "log", "message": "x" } } }""", """{ "order": { "id": "x", "n": 0.5, "other": 1 } }""");
        Assert.Equal(("check tell", "invalid"), (run.Path, run.Outcome("check")));
        var output = run["check"]["output"]!;
        Assert.Equal("""{"id":"x","n":0.5,"other":1}""", output["value"]!.ToJsonString());
        Assert.Equal(
            [" required toString", " unevaluatedProperties ", "/id format ", "/n minimum ", "/n type "],
            output["errors"]!.AsArray().Select(e => $"{e!["pointer"]} {e["keyword"]} {e["params"]!["missingProperty"]}").Order(StringComparer.Ordinal));
        Assert.All(output["errors"]!.AsArray(), e => Assert.NotEmpty(e!["message"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Null_IsAValue_AndNotTheInput()
    {
        var run = await server.RunAsync("""{ "steps": { "check": { "type": "validate", "schema": { "type": "object" }, "value": "${event.data.missing}" } } }""", "{}");
        Assert.Equal(("invalid", "null"), (run.Outcome("check"), run["check"]["output"]!["value"]?.ToJsonString() ?? "null"));
    }

    [Fact]
    public async Task Errors_AreBounded()
    {
        var run = await server.RunAsync("""{ "steps": { "check": { "type": "validate", "schema": { "items": { "type": "string" } } } } }""", $"[{string.Join(',', Enumerable.Repeat(1, 500))}]");
        Assert.Equal(100, run["check"]["output"]!["errors"]!.AsArray().Count);
    }

    [Fact]
    public async Task SchemaFile_IsPartOfTheVersion()
    {
        const string Workflow = """{ "steps": { "check": { "type": "validate", "schemaFile": "order.schema.json" } } }""";
        var id = await server.AddAsync(Workflow, ("order.schema.json", """{ "type": "object", "properties": { "n": { "$ref": "#/$defs/n" } }, "$defs": { "n": { "type": "number" } } }"""));
        var first = await server.RunByIdAsync(id, """{ "n": "1" }""");
        await server.ChangeAsync(id, Workflow, ("order.schema.json", """{ "type": "object" }"""));
        var second = await server.RunByIdAsync(id, """{ "n": "1" }""");
        Assert.Equal(("invalid", "done"), (first.Outcome("check"), second.Outcome("check")));
        Assert.NotEqual(first.Version, second.Version);
    }

    [Fact]
    public async Task Pattern_ThatTakesForEver_FailsItsStepOnly()
    {
        await using var own = await WorkflowServer.StartAsync(("Sandbox:WallTime", "00:00:02"));
        var id = await own.AddAsync("""{ "steps": { "check": { "type": "validate", "schema": { "pattern": "^(a+)+$" } } } }""");
        var failed = await own.RunByIdAsync(id, $"\"{new string('a', 60)}!\"");
        Assert.Equal(("failed", "script_timed_out", "check"), (failed.State, failed.ErrorCode, failed.FailedStep));
        Assert.Equal("done", (await own.RunByIdAsync(id, "\"aa\"")).Outcome("check"));
    }

    [Theory]
    [InlineData("""{ "properties": { "a": { "type": "strin" } } }""", "/properties/a/type", "must be equal to one of the allowed values: array, boolean, integer, null, number, object, string")]
    [InlineData("""{ "requierd": ["a"] }""", "", "unknown keyword: \"requierd\"")]
    [InlineData("""{ "properties": { "a": { "format": "uid" } } }""", "/properties/a", "unknown format \"uid\" ignored in schema at path \"#/properties/a\"")]
    [InlineData("""{ "pattern": "(" }""", "", "Invalid regular expression: /(/u: Unterminated group")]
    [InlineData("""{ "$ref": "#/$defs/none" }""", "", "can't resolve reference #/$defs/none from id #")]
    [InlineData("""{ "$ref": "https://example.com/order.json" }""", "", "can't resolve reference https://example.com/order.json from id #")]
    [InlineData("""{ "$schema": "http://json-schema.org/draft-07/schema#" }""", "/$schema", "Schemas are of draft 2020-12; remove \"$schema\", or write \"https://json-schema.org/draft/2020-12/schema\".")]
    [InlineData("""{ "$async": true }""", "", "\"$async\" is no part of JSON Schema.")]
    [InlineData("1", "", "must be object,boolean")]
    public async Task BadSchema_IsSaidWhereItIs(string schema, string place, string message)
    {
        var found = Assert.Single(await shared.Pool.CheckAsync(SandboxPools.Program(new SchemaUnit("code", "/steps/a/schema", schema)), CancellationToken.None));
        Assert.Equal((place, message), (found.Pointer, found.Message));
    }

    [Fact]
    public async Task SameIdInTwoSchemas_IsNoConflict()
    {
        const string One = """{ "$id": "https://example.com/a", "type": "number" }""";
        var program = SandboxPools.Program(new SchemaUnit("a", "/steps/a/schema", One), new SchemaUnit("b", "/steps/b/schema", One.Replace("number", "string", StringComparison.Ordinal)));
        Assert.Empty(await shared.Pool.CheckAsync(program, CancellationToken.None));
        async Task<bool> Fits(string unit) => SchemaErrors.IsNone((await shared.Pool.CallAsync(program, unit, new SandboxScope { Input = new(new byte[] { (byte)'1' }) }, CancellationToken.None)).Value);
        Assert.Equal((true, false), (await Fits("a"), await Fits("b")));
    }

    [Fact]
    public async Task BadSchema_IsAMistakeOfItsFile()
    {
        server.Write(("bad.json", """
            { "steps": { "a": { "type": "validate", "schema": { "type": "strin" }, "next": "b" }, "b": { "type": "validate", "schemaFile": "bad.schema.json", "next": "c" }, "c": { "type": "validate", "next": "d" },
              "d": { "type": "validate", "schemaFile": "broken.schema.json", "next": "e" }, "e": { "type": "validate", "schemaFile": "plain.json" } } }
            """), ("bad.schema.json", """{ "minimum": "1" }"""), ("broken.schema.json", "{"));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        var problems = server.Get<WorkflowCatalog>().Current.Workflows["bad"].Problems;
        Assert.Equal(
            ["bad.json /steps/a/schema/type", "bad.json /steps/c", "bad.json /steps/d/schemaFile", "bad.json /steps/e/schemaFile", "bad.schema.json /minimum"],
            problems.Select(p => $"{p.File} {p.Pointer}").Order(StringComparer.Ordinal));
    }
}

using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Server.Cli;
using Automation.Server.Connectors;
using Automation.Server.Connectors.OpenApi;
using Automation.Server.Tests.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Connectors;

public sealed class OpenApiImportTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    private const string Pets = """
        openapi: 3.1.0
        info: { title: Pet store, description: Pets }
        servers: [{ url: "https://{region}.pets.example/v1/", variables: { region: { default: eu } } }]
        security: [{ key: [] }]
        components:
          securitySchemes: { key: { type: apiKey, in: header, name: X-Pet-Key } }
          parameters: { id: { name: pet-id, in: path, required: true, description: Id of the pet, schema: { type: string } } }
          schemas:
            Named: { type: object, required: [name], properties: { name: { type: string, description: Name of the pet } } }
            Pet:
              allOf:
                - $ref: '#/components/schemas/Named'
                - { properties: { id: { type: integer, readOnly: true }, kind: { type: string, enum: [cat, dog] }, tags: { type: array, items: { type: string } }, parent: { $ref: '#/components/schemas/Pet' } } }
        paths:
          /pets/{pet-id}:
            parameters: [{ $ref: '#/components/parameters/id' }]
            get: { operationId: show pet, summary: Show a pet, parameters: [{ name: with, in: query, schema: { type: array, items: { type: string } } }, { name: c, in: cookie }] }
            put:
              operationId: updatePet
              requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }
          /health: { get: { security: [] } }
        """;

    [Fact]
    public void Import_TakesParametersBodyAndAuthenticationOver()
    {
        var imported = OpenApiImport.Run("pets", Encoding.UTF8.GetBytes(Pets), []);
        var connector = Read("pets", imported.Text);

        Assert.Equal(["showPet", "updatePet", "getHealth"], connector.File.Operations.Keys);
        Assert.Equal("https://eu.pets.example/v1", connector.File.BaseUrl);
        Assert.Equal((AuthKind.Header, "X-Pet-Key"), (connector.File.Auth!.Type, connector.File.Auth.Name));
        Assert.Equal(AuthKind.None, connector.File.Operations["getHealth"].Auth!.Type);
        var update = connector.File.Operations["updatePet"];
        Assert.Equal("/pets/${encodeURIComponent(input.petId)}", update.Request!.Url.Escaped);
        Assert.Equal(["petId", "nameValue", "kind", "tags", "parent"], update.Fields!.Keys.Order().OrderBy(k => Array.IndexOf(["petId", "nameValue", "kind", "tags", "parent"], k)));
        Assert.True(update.Fields["nameValue"].Required);
        Assert.Equal(["cat", "dog"], update.Fields["kind"].Choices!);
        Assert.Contains(imported.Notes, n => n.Contains("parameter c", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Imported_SendsWhatTheDocumentSays()
    {
        Directory.CreateDirectory(Path.Combine(server.Folder, "workflows", "connectors"));
        server.Write(("connectors/pets.json", OpenApiImport.Run("pets", Encoding.UTF8.GetBytes(Pets), []).Text.Replace("https://eu.pets.example", "RECEIVER", StringComparison.Ordinal)));
        server.SetSecret("PETS_API_KEY", "k");
        server.Receiver.On("/v1/pets/a%2Fb", 200, """{ "name": "Tom" }""");
        await server.RunAsync("""{ "steps": { "it": { "type": "pets.updatePet", "petId": "a/b", "nameValue": "Tom", "kind": "cat" } } }""");
        var arrived = await server.Receiver.NextAsync("/v1/pets/a%2Fb");

        Assert.Equal(("PUT", "k"), (arrived.Method, arrived.Headers["X-Pet-Key"]));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{ "name": "Tom", "kind": "cat" }"""), JsonNode.Parse(arrived.Body)), arrived.Body);
    }

    [Fact]
    public void Import_TakesThisServersOwnDocument()
    {
        var bytes = File.ReadAllBytes(Path.Combine(Root(), "openapi.json"));
        var connector = Read("automation", OpenApiImport.Run("automation", bytes, []).Text);

        Assert.True(connector.File.Operations.Count > 50);
        Assert.Equal("/api/secrets/${encodeURIComponent(input.nameValue)}", connector.File.Operations["setSecret"].Request!.Url.Escaped);
        Assert.Equal(["listRuns"], Read("automation", OpenApiImport.Run("automation", bytes, ["listRuns"]).Text).File.Operations.Keys);
    }

    [Theory]
    [InlineData("", "no OpenAPI document")]
    [InlineData("[1]", "no OpenAPI document")]
    [InlineData("{", "neither valid JSON nor YAML")]
    [InlineData("{ \"openapi\": \"3.0.0\", \"openapi\": \"3.0.0\" }", "neither valid JSON nor YAML")]
    [InlineData("a: [", "neither valid JSON nor YAML")]
    [InlineData("swagger: '2.0'", "Swagger 2")]
    [InlineData("openapi: 4.0.0", "no OpenAPI 3 document")]
    [InlineData("openapi: 3.0.0", "no operations")]
    [InlineData("{ \"openapi\": \"3.0.0\", \"paths\": 5, \"servers\": {}, \"components\": [] }", "no operations")]
    [InlineData("{ \"openapi\": \"3.0.0\", \"paths\": { \"/a\": { \"$ref\": \"#/paths/~1a\" } } }", "no operations")]
    [InlineData("{ \"openapi\": \"3.0.0\", \"paths\": { \"/${x}\": { \"get\": {} } } }", "no operations")]
    [InlineData("{ \"openapi\": \"3.0.0\", \"info\": { \"title\": \"\\ud800\" }, \"paths\": { \"/a\": { \"get\": {} } } }", "half of a character")]
    public void Import_SaysWhatIsWrong(string document, string message) =>
        Assert.Contains(message, Assert.Throws<OpenApiException>(() => OpenApiImport.Run("x", Encoding.UTF8.GetBytes(document), [])).Message, StringComparison.Ordinal);

    [Fact]
    public void Import_StaysSmall_WhereAliasesOrDepthWouldNot()
    {
        var bomb = new StringBuilder("openapi: 3.0.0\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 9; i++) bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        Assert.Contains("aliases", Fails(bomb.ToString()), StringComparison.Ordinal);
        Assert.Contains("deeper", Fails("a: " + new string('[', 5000)), StringComparison.Ordinal);
        Assert.Contains("neither", Fails("{\"a\":" + new string('[', 5000)), StringComparison.Ordinal);
    }

    [Fact]
    public void Import_EndsInCirclesOfReferences()
    {
        const string Circles = """
            { "openapi": "3.0.3", "paths": { "/a": { "post": { "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/A" } } } } } },
              "/b": { "post": { "requestBody": { "$ref": "other.yaml#/x" }, "parameters": [{ "$ref": "#/nowhere" }, 7, { "name": 5 }] } } },
              "components": { "schemas": { "A": { "allOf": [{ "$ref": "#/components/schemas/A" }], "properties": { "a": { "$ref": "#/components/schemas/B" } } }, "B": { "$ref": "#/components/schemas/B" } } } }
            """;
        var imported = OpenApiImport.Run("x", Encoding.UTF8.GetBytes(Circles), []);
        Assert.Equal(["postA"], Read("x", imported.Text).File.Operations.Keys);
        Assert.Contains(imported.Notes, n => n.StartsWith("post /b: left out", StringComparison.Ordinal));
    }

    private const string Wide = """
        openapi: 3.0.3
        servers: [{ url: https://a.example/v1 }]
        security: [{ appId: [], appKey: [] }]
        components:
          securitySchemes: { appId: { type: apiKey, in: header, name: X-Id }, appKey: { type: apiKey, in: header, name: X-Key }, user: { type: http, scheme: basic } }
        paths:
          /list:
            get:
              operationId: list
              parameters:
                - { name: tag, in: query, schema: { type: array, items: { type: string } } }
                - { name: id, in: query, style: pipeDelimited, explode: false, schema: { type: array, items: { type: string } } }
                - { name: filter, in: query, style: deepObject, explode: true, schema: { type: object } }
                - { name: size, in: query, schema: { type: integer } }
          /own: { servers: [{ url: https://b.example/v2 }], get: { operationId: own, security: [{ user: [] }] } }
          /below: { get: { operationId: below, servers: [{ url: ../v3 }] } }
          /unknown: { get: { operationId: unknown, servers: [{ url: "{where}/x" }] } }
          /shared: { $ref: 'paths.yaml#/shared' }
          /far: { get: { operationId: far, parameters: [{ $ref: 'parameters.yaml#/id' }] } }
          /body: { post: { operationId: body, requestBody: { $ref: 'bodies.yaml#/pet' } } }
          /part: { post: { operationId: part, requestBody: { content: { application/json: { schema: { properties: { a: { type: string }, b: { $ref: 'b.yaml' } } } } } } } }
        """;

    [Fact]
    public void Import_TellsWhatItLeavesOut_AndTakesServersAndSecurityOfOperations()
    {
        var imported = OpenApiImport.Run("wide", Encoding.UTF8.GetBytes(Wide), []);
        var operations = Read("wide", imported.Text).File.Operations;

        Assert.Equal(["list", "own", "below", "part"], operations.Keys);
        Assert.Equal(("https://b.example/v2/own", AuthKind.Basic), (operations["own"].Request!.Url.Escaped, operations["own"].Auth!.Type));
        Assert.Equal("https://a.example/v3/below", operations["below"].Request!.Url.Escaped);
        Assert.Equal(["body"], operations["part"].Fields!.Keys); // one of its properties is elsewhere: the whole is a field
        foreach (var (what, why) in new[] { ("All", "appKey is asked for together with appId"), ("unknown", "server of its own"), ("/shared", "paths.yaml#/shared"), ("far", "parameters.yaml#/id"), ("body", "bodies.yaml#/pet") })
            Assert.Contains(imported.Notes, n => n.StartsWith(what + ":", StringComparison.Ordinal) && n.Contains(why, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{ "type": "wide.list", "tag": ["a b", "c&d"], "id": ["1", "2"], "filter": { "x": "y z" }, "size": 5 }""", "?tag=a%20b&tag=c%26d&filter%5Bx%5D=y%20z&id=1%7C2&size=5")]
    [InlineData("""{ "type": "wide.list" }""", "")]
    public async Task Imported_WritesQueryParametersByTheirStyle(string step, string query)
    {
        Directory.CreateDirectory(Path.Combine(server.Folder, "workflows", "connectors"));
        server.Write(("connectors/wide.json", OpenApiImport.Run("wide", Encoding.UTF8.GetBytes(Wide), []).Text.Replace("https://a.example", "RECEIVER", StringComparison.Ordinal)));
        server.SetSecret("WIDE_API_KEY", "k");
        await server.RunAsync($$"""{ "steps": { "it": {{step}} } }""");
        var arrived = await server.Receiver.NextAsync("/v1/list");

        Assert.Equal((query, "k"), (arrived.Query, arrived.Headers["X-Id"]));
    }

    [Fact]
    public void Import_NamesOperationsThatAreNotThere()
    {
        var problem = Assert.Throws<OpenApiException>(() => OpenApiImport.Run("wide", Encoding.UTF8.GetBytes(Wide), ["list", "owm"]));
        Assert.Contains("no operation owm. Did you mean \"own\"?", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Command_WritesTheFileAndItsFolder_OnlyWhenThereIsAConnector()
    {
        var folder = Directory.CreateTempSubdirectory("automation-import-").FullName;
        try
        {
            var (source, into) = (Path.Combine(folder, "some api.yaml"), Path.Combine(folder, "connectors", "wide.json"));
            using var errors = new StringWriter();
            File.WriteAllText(source, "openapi: 3.0.0");
            Assert.Equal(1, ImportCommand.Run(source, null, [], into, TextWriter.Null, errors));
            Assert.False(File.Exists(into));
            File.WriteAllText(source, Wide);
            Assert.Equal(0, ImportCommand.Run(source, null, [], into, TextWriter.Null, errors));
            Read("wide", File.ReadAllText(into));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Command_PrintsTheConnector_OrSaysWhyNot()
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        Assert.Equal(0, ImportCommand.Run(Path.Combine(Root(), "openapi.json"), null, ["listRuns"], null, output, errors));
        Read("openapi", output.ToString());
        Assert.Equal(1, ImportCommand.Run("/nowhere/pets.yaml", null, [], null, output, errors));
        Assert.Contains("cannot be read", errors.ToString(), StringComparison.Ordinal);
    }

    private static string Fails(string document) => Assert.Throws<OpenApiException>(() => OpenApiImport.Run("x", Encoding.UTF8.GetBytes(document), [])).Message;

    private static Connector Read(string name, string text)
    {
        var problems = new List<Problem>();
        var connector = Connector.Read(name, text, problems);
        Assert.True(problems.Count == 0, string.Join('\n', problems));
        return connector!;
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}

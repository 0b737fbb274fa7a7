using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Triggers.Door;

/// <summary>A trigger's schema is checked at the door: what does not fit is told so, and not stored.</summary>
public class BodySchemaTests
{
    private const string Schema = """{ "type": "object", "required": ["room", "celsius"], "properties": { "celsius": { "type": "number" } } }""";

    [Fact]
    public async Task BodyThatDoesNotFit_Is400_WithEveryError_AndIsKeptAsRefused()
    {
        await using var server = await WorkflowServer.StartAsync();
        var workflow = await server.AddAsync($$"""{ "triggers": { "hook": { "type": "webhook", "path": "/r", "schema": {{Schema}} } }, "steps": { "a": { "type": "log", "message": "x" } } }""");
        var answer = await server.Http.PostAsync("/hooks/r", new StringContent("""{"celsius":"warm"}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.StartsWith("The body does not fit this hook's schema:", (string)problem["detail"]!, StringComparison.Ordinal);
        Assert.Equal(2, problem["errors"]!.AsArray().Count);
        Assert.Empty((await server.GetAsync($"/api/runs?workflow={workflow}"))["items"]!.AsArray());
        Assert.Equal(HttpStatusCode.Accepted, (await server.Http.PostAsync("/hooks/r", new StringContent("""{"room":"7","celsius":8.5}""", Encoding.UTF8, "application/json"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Http.PostAsync("/hooks/r", new StringContent("warm", Encoding.UTF8, "text/plain"))).StatusCode);
    }

    [Fact]
    public async Task SchemaThatIsNone_IsAMistakeOfTheFile()
    {
        await using var server = await WorkflowServer.StartAsync();
        var mistake = await Assert.ThrowsAnyAsync<Exception>(() => server.AddAsync("""{ "triggers": { "hook": { "type": "webhook", "path": "/r", "schema": { "type": "nonsense" } } }, "steps": { "a": { "type": "log", "message": "x" } } }"""));
        Assert.Contains("/triggers/hook/schema/type", mistake.Message, StringComparison.Ordinal);
    }
}

using System.Text;
using Automation.Server.Tests.Workflows;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Server.Tests.Triggers;

public class WebhookTriggerTests
{
    [Theory]
    [InlineData("""{"path":"/orders/{id}"}""", "")]
    [InlineData("""{"path":"/a","methods":["ANY"],"accepts":["application/json","text/*"],"maxBody":"256KB","respond":"result","timeout":"5m"}""", "")]
    [InlineData("""{"path":"/a","verify":{"scheme":"github","secrets":["KEY"]}}""", "")]
    [InlineData("""{"path":"a"}""", "/path")]
    [InlineData("""{"path":"x","respond":"sometimes","maxBody":"99GB"}""", "/path /respond /maxBody")]
    [InlineData("""{"path":"x","respond":"sometimes","timeout":"9m","methods":["BREW",5],"nme":1}""", "/path /respond /timeout /methods/0 /methods/1 /nme")]
    [InlineData("""{"maxBody":"99GB","methods":["BREW"]}""", " /maxBody /methods/0")]
    [InlineData("""{"path":5,"methods":"GET","accepts":["json"]}""", "/path /methods /accepts/0")]
    [InlineData("""{"path":"/${x}"}""", "/path")]
    [InlineData("""{"path":"","maxBody":"0B"}""", "/path /maxBody")]
    [InlineData("""{"path":"x","verify":{"scheme":"magic","secrets":["NOPE"],"extra":1},"respond":1}""", "/path /verify/scheme /verify/secrets/0 /verify/extra /respond")]
    [InlineData("""{"path":"x","verify":{"scheme":"magic","secrets":["NOPE"],"toleranceSeconds":0},"respond":1}""", "/path /verify/scheme /verify/secrets/0 /verify/toleranceSeconds /respond")]
    [InlineData("""{"path":"/a","methods":[]}""", "/methods")]
    [InlineData("""{"path":"/a","methods":["POST","post","BREW"]}""", "/methods/1 /methods/2")]
    [InlineData("""{"path":"/a","timeout":"5s"}""", "/timeout")]
    [InlineData("""{"path":"/a","respond":"result","timeout":"6m"}""", "/timeout")]
    [InlineData("""{"path":"/a","maxBody":"65MB"}""", "/maxBody")]
    [InlineData("""{"path":"/a","accepts":["json"]}""", "/accepts/0")]
    [InlineData("""{"path":"/a","verify":{"scheme":"github","secrets":["NOPE"]}}""", "/verify/secrets/0")]
    [InlineData("""{"path":"/a","verify":{"scheme":"github","secrets":[]}}""", "/verify/secrets")]
    [InlineData("""{"path":"/a","verify":{"scheme":"github","secrets":["KEY"],"header":"X","toleranceSeconds":5}}""", "/verify/header /verify/toleranceSeconds")]
    [InlineData("""{"path":"/a","verify":{"scheme":"hmac","secrets":["KEY"]}}""", "/verify/header")]
    [InlineData("""{"path":"/a","verify":{"scheme":"hmac","secrets":["KEY"],"header":"X Y"}}""", "/verify/header")]
    [InlineData("""{"path":"/a","verify":{"scheme":"hmac","secrets":["KEY"],"header":"X","toleranceSeconds":5}}""", "/verify/toleranceSeconds")]
    [InlineData("""{"path":"/a","verify":{"scheme":"standard-webhooks","secrets":["KEY"],"toleranceSeconds":600}}""", "")]
    public async Task Mistakes_AreReportedAllAtOnce_EachAtItsPlace(string config, string pointers) =>
        Assert.Equal(pointers, string.Join(' ', (await ProblemsOfAsync(config)).Select(problem => problem.Pointer["/triggers/in".Length..])));

    [Fact]
    public async Task UnknownScheme_IsToldTheKnownOnes() =>
        Assert.Contains("github, gitlab, hmac, hubspot", Assert.Single(await ProblemsOfAsync("""{"path":"/a","verify":{"scheme":"magic","secrets":["KEY"]}}""")).Message, StringComparison.Ordinal);

    [Fact]
    public void FindClashes_NamesTheTriggersOfOneFile_WithTheSamePathAndMethod()
    {
        var clashes = WebhookTrigger.FindClashes(
        [
            new("one", WebhookServer.Config("""{"path":"/a/{x}"}""")),
            new("two", WebhookServer.Config("""{"path":"/a/{y}","methods":["GET"]}""")),
            new("three", WebhookServer.Config("""{"path":"/a/{z}","methods":["ANY"]}""")),
        ]);
        var (id, message) = Assert.Single(clashes);
        Assert.Equal("three", id);
        Assert.Contains("\"one\"", message, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<Problem>> ProblemsOfAsync(string config)
    {
        using var services = new ServiceCollection().BuildServiceProvider();
        var compiler = new WorkflowCompiler(
            TestCatalogs.Steps, TriggerCatalog.Of([typeof(WebhookTrigger)], services), name => name == "KEY" ? null : "Set it.", (_, _) => Task.FromResult<IReadOnlyList<ScriptProblem>>([]));
        var file = $$"""{ "triggers": { "in": { "type": "webhook", {{config[1..]}} }, "steps": { "a": { "type": "log", "message": "x" } } }""";
        return (await compiler.CompileAsync("w", Encoding.UTF8.GetBytes(file), _ => default, CancellationToken.None)).Problems;
    }
}

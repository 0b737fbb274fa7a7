using System.Text.Json;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Webhooks;

namespace Automation.Server.Tests.Triggers;

public class WebhookTriggerTests
{
    [Theory]
    [InlineData("""{"path":"/orders/{id}"}""", "")]
    [InlineData("""{"path":"/a","methods":["ANY"],"accepts":["application/json","text/*"],"maxBody":"256KB","respond":"result","timeout":"5m"}""", "")]
    [InlineData("""{"path":"/a","verify":{"scheme":"github","secrets":["KEY"]}}""", "")]
    [InlineData("""{"path":"a"}""", "/path")]
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
    public void Check_ReportsEveryMistake_AtItsPlace(string config, string pointers)
    {
        var check = new RecordingCheck(config);
        new WebhookTrigger().Check(WebhookServer.Config(config), check);
        Assert.Equal(pointers, string.Join(' ', check.Problems.Select(problem => problem.Pointer)));
    }

    [Fact]
    public void Check_NamesTheKnownSchemes()
    {
        const string Config = """{"path":"/a","verify":{"scheme":"magic","secrets":["KEY"]}}""";
        var check = new RecordingCheck(Config);
        new WebhookTrigger().Check(WebhookServer.Config(Config), check);
        Assert.Contains("github, hmac, standard-webhooks", Assert.Single(check.Problems).Message, StringComparison.Ordinal);
    }

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

    private sealed class RecordingCheck(string config) : TriggerCheck
    {
        public List<(string Pointer, string Message)> Problems { get; } = [];

        public override JsonElement Config { get; } = JsonDocument.Parse(config).RootElement;

        public override void Problem(string pointer, string message) => Problems.Add((pointer, message));

        public override void Secret(string pointer, string name)
        {
            if (name != "KEY") Problem(pointer, "There is no such secret.");
        }
    }
}

using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>P6: a run ends on the version it began with, also when the file changed and the server crashed in between.</summary>
public class PinnedVersionTests
{
    [Fact]
    public async Task OpenRun_EndsOnItsOwnVersion_AfterAChangeAndACrash()
    {
        var answering = new TaskCompletionSource();
        await using var installation = await Installation.StartAsync(
            Files("one"), answer: (_, arrival) => arrival.Path == "/ask" && arrival.Body == "\"early\"" ? answering.Task : Task.CompletedTask);
        using var early = await MainJobTests.PostAsync(installation.Server, "/hooks/ask", "\"early\"");
        await installation.Receiver.WaitForAsync(1);

        foreach (var (name, text) in Files("two")) installation.Write(name, text);
        await Eventually.HoldsAsync(
            async () =>
            {
                using var later = await MainJobTests.PostAsync(installation.Server, "/hooks/ask", "\"later\"");
                return installation.Receiver.Arrivals.Any(a => a.Body == """{"version":"two","by":"later"}""");
            },
            "the saved version takes new events");
        await installation.Server.KillAsync();
        answering.SetResult();
        await installation.Server.RestartAsync();

        await JournalFile.EverythingEndedAsync(installation.Server);
        Assert.Equal("""{"version":"one","by":"early"}""", Assert.Single(installation.Receiver.Arrivals, a => a.Body.Contains("\"by\":\"early\"", StringComparison.Ordinal)).Body);
    }

    [Fact]
    public async Task BrokenFile_LeavesTheLastGoodVersionActive()
    {
        await using var installation = await Installation.StartAsync(Files("one"));

        installation.Write("asker.json", """{ "name": "Asker", "steps": """);
        await Eventually.HoldsAsync(
            async () => (await installation.Server.GetAsync("/api/workflows/asker")).GetProperty("problems").GetArrayLength() > 0, "the API shows the problem");
        using var answer = await MainJobTests.PostAsync(installation.Server, "/hooks/ask", "\"me\"");

        var arrivals = await installation.Receiver.WaitForAsync(2);
        Assert.Contains(arrivals, a => a.Body == """{"version":"one","by":"me"}""");
    }

    private static Dictionary<string, string> Files(string version) => new()
    {
        ["say.js"] = $$"""export default ({ event }) => ({ version: "{{version}}", by: event.data });""",
        ["asker.json"] = """
            {
              "name": "Asker",
              "triggers": { "web": { "type": "webhook", "path": "/ask", "methods": ["POST"] } },
              "steps": {
                "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "body": "${event.data}", "response": "text", "next": "say" },
                "say": { "type": "script", "file": "say.js", "next": "tell" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": "${input}" }
              }
            }
            """,
    };
}

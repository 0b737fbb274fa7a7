using System.Text;
using Automation.Server.Runs;

namespace Automation.Server.Tests.Runs;

/// <summary>P7: a secret reaches the receiver and nobody else.</summary>
public sealed class SecretRunTests
{
    private const string Value = "xK9-secret-value-7Q";

    [Fact]
    public async Task Secrets_ReachTheReceiver_AndAreNowhereElse()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.SetSecret("KEY", Value);
        server.Receiver.On($"/ask/{Value}", 500, $$"""{"echo":"{{Value}}"}""");
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/secret" } },
              "steps": {
                "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask/${secret.KEY}", "headers": { "X-Key": "k ${secret.KEY}" }, "body": { "key": "${secret.KEY}" }, "next": { "error": "look" } },
                "look": { "type": "script", "code": "console.log(JSON.stringify(input)); return input", "next": "tell" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/tell/${secret.KEY}", "headers": { "X-Key": "${secret.KEY}" }, "body": { "key": "${secret.KEY}", "from": "${input}" } } } }
            """);
        var run = await server.HookAsync(id, "/hooks/secret", WorkflowServer.Json("1"));

        var asked = await server.Receiver.NextAsync($"/ask/{Value}");
        Assert.Equal(($"k {Value}", $$"""{"key":"{{Value}}"}"""), (asked.Headers["X-Key"], asked.Body));
        var told = await server.Receiver.NextAsync($"/tell/{Value}");
        Assert.Equal(Value, told.Headers["X-Key"]);

        var shown = new List<string> { run.Node.ToJsonString() };
        foreach (var path in (string[])["/api/runs", "/api/events", "/api/deliveries", "/api/workflows", "/api/workflows/" + id]) shown.Add((await server.GetAsync(path)).ToJsonString());
        await server.StopAsync();
        shown.AddRange(Directory.EnumerateFiles(server.Data, "automation.db*").Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        shown.AddRange(server.Logged);
        Assert.DoesNotContain(shown, text => text.Contains(Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task SecretThatWasSetThroughTheApi_ReachesTheReceiver_AlsoAfterARestart()
    {
        await using var server = await WorkflowServer.StartAsync();
        using (var set = await server.Http.PutAsync(new Uri("/api/secrets/LATE", UriKind.Relative), WorkflowServer.Json($$"""{"value":"{{Value}}"}"""))) Assert.Equal(200, (int)set.StatusCode);
        var id = await server.AddAsync("""{ "steps": { "tell": { "type": "webhook.send", "url": "RECEIVER/late", "headers": { "X-Key": "${secret.LATE}" }, "body": 1 } } }""");
        await server.RunByIdAsync(id);
        Assert.Equal(Value, (await server.Receiver.NextAsync("/late")).Headers["X-Key"]);

        await server.StopAsync();
        await server.StartAsync();
        await server.RunByIdAsync(id);

        Assert.Equal(Value, (await server.Receiver.NextAsync("/late")).Headers["X-Key"]);
        Assert.Equal(id, (await server.GetAsync("/api/secrets"))["items"]![0]!["usedBy"]![0]!["id"]!.GetValue<string>());
        Assert.DoesNotContain(server.Logged, line => line.Contains(Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task SavedFile_TakesTheNextEvents_AndABrokenOneLeavesTheLastGood()
    {
        await using var server = await WorkflowServer.StartAsync();
        using var started = server.Get<RunFeed>().Subscribe()!;
        server.Write(("hot.json", """{ "triggers": { "in": { "type": "webhook", "path": "/hot" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/hot", "body": 1 } } }"""));
        await UntilAsync(async () => (int)(await PostAsync(server)).StatusCode == 202);
        Assert.Equal("1", (await server.Receiver.NextAsync("/hot")).Body);

        server.Write(("hot.json", """{ "triggers": { "in": """));
        await UntilAsync(async () => (await server.GetAsync("/api/workflows/hot"))["problems"]!.AsArray().Count > 0);
        await PostAsync(server);
        Assert.Equal("1", (await server.Receiver.NextAsync("/hot")).Body);
    }

    private static Task<HttpResponseMessage> PostAsync(WorkflowServer server) => server.Http.PostAsync(new Uri("/hooks/hot", UriKind.Relative), WorkflowServer.Json("1"));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(WorkflowServer.Patience);
        while (!await holds()) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }
}

using System.Net;
using System.Text;
using System.Text.Json;
using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>A webhook or MQTT message in, a workflow with JavaScript, a durable webhook out; and the run can be looked at.</summary>
public class MainJobTests
{
    private static readonly Dictionary<string, string> Doubler = new()
    {
        ["doubler.json"] = """
            {
              "name": "Doubler",
              "triggers": {
                "mqtt": { "type": "mqtt", "topic": "numbers/{name}", "qos": 1 },
                "web": { "type": "webhook", "path": "/numbers/{name}", "methods": ["POST"] }
              },
              "steps": {
                "double": { "type": "script", "code": "return { name: event.params.name, twice: event.data.n * 2 };", "next": "send" },
                "send": { "type": "webhook.send", "url": "RECEIVER/doubled", "body": "${input}" }
              }
            }
            """,
    };

    [Fact]
    public async Task MqttPublish_BecomesAWebhook_ThroughAScript()
    {
        await using var installation = await Installation.StartAsync(Doubler);

        var published = await Shell.MosquittoPubAsync(installation.Server.Settings.MqttPort, "numbers/kitchen", """{"n":21}""");

        Assert.True(published.ExitCode == 0, published.All);
        var delivery = Assert.Single(await installation.Receiver.WaitForAsync(1));
        Assert.Equal("""POST /doubled {"name":"kitchen","twice":42}""", delivery.ToString());
    }

    [Fact]
    public async Task WebhookPost_BecomesAWebhook_ThroughAScript()
    {
        await using var installation = await Installation.StartAsync(Doubler);

        using var answer = await PostAsync(installation.Server, "/hooks/numbers/hall", """{"n":4}""");

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.StartsWith("""{"eventId":"evt_""", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var delivery = Assert.Single(await installation.Receiver.WaitForAsync(1));
        Assert.Equal("""POST /doubled {"name":"hall","twice":8}""", delivery.ToString());
        Assert.NotEmpty(delivery.IdempotencyKey);
        Assert.Equal(delivery.IdempotencyKey, delivery.Headers["webhook-id"]);
    }

    [Fact]
    public async Task Api_ShowsTheRun_WithInputAndOutputOfEachStep()
    {
        await using var installation = await Installation.StartAsync(Doubler);
        using var answer = await PostAsync(installation.Server, "/hooks/numbers/hall", """{"n":4}""");
        await installation.Receiver.WaitForAsync(1);
        await JournalFile.EverythingEndedAsync(installation.Server);

        var list = await installation.Server.GetAsync("/api/runs?state=succeeded&limit=10");
        var id = list.GetProperty("items")[0].GetProperty("id").GetString();
        var run = await installation.Server.GetAsync($"/api/runs/{id}");

        var steps = run.GetProperty("steps").EnumerateArray().ToDictionary(s => s.GetProperty("step").GetString()!);
        Assert.Equal("""{"n":4}""", Compact(steps["double"].GetProperty("input")));
        Assert.Equal("""{"name":"hall","twice":8}""", Compact(steps["double"].GetProperty("output")));
        Assert.Equal("""{"name":"hall","twice":8}""", Compact(steps["send"].GetProperty("input")));
        Assert.StartsWith("dlv_", steps["send"].GetProperty("output").GetProperty("deliveryId").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Api_AnswersOnlyToTheToken()
    {
        await using var installation = await Installation.StartAsync(Doubler);

        using var without = await installation.Server.Http.GetAsync(new Uri("/api/runs", UriKind.Relative));

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
    }

    internal static Task<HttpResponseMessage> PostAsync(ServerProcess server, string path, string json) =>
        server.Http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"));

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element);
}

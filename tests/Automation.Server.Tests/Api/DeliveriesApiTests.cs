using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Tests.Storage;
using Automation.Server.Values;

namespace Automation.Server.Tests.Api;

public sealed class DeliveriesApiTests : ApiTest
{
    [Theory]
    [InlineData("", 6, 5, 4, 3, 2, 1)]
    [InlineData("state=pending", 1)]
    [InlineData("state=sending", 2)]
    [InlineData("state=retrying", 3)]
    [InlineData("state=succeeded", 4)]
    [InlineData("state=dead", 6, 5)]
    [InlineData("workflow=alert", 6)]
    [InlineData("destination=https://other:443", 5)]
    [InlineData("run=run_0000000000007", 1)]
    [InlineData("limit=1&before=dlv_0000000000003", 2)]
    public async Task List_IsFiltered(string query, params int[] expected)
    {
        await StoreOneOfEachAsync();

        Assert.Equal(expected.Select(id => DeliveryId(id)), await IdsAsync("/api/deliveries?" + query));
    }

    [Fact]
    public async Task List_SaysHowTheLastAttemptEnded()
    {
        await StoreOneOfEachAsync();

        var items = (await Server.GetAsync("/api/deliveries"))["items"]!.AsArray();

        Assert.Equal("receiver_refused", items[0]!["lastError"]!.GetValue<string>());
        Assert.Null(items[0]!["lastStatus"]);
        Assert.Equal(200, items[2]!["lastStatus"]!.GetValue<int>());
        Assert.Null(items[4]!["lastError"]);
        Assert.Equal("sending", items[4]!["state"]!.GetValue<string>());
        lock (Server.Logged) Assert.DoesNotContain(Server.Logged, line => line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Information: Executed DbCommand", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_HasTheRequest_SecretsHidden_AndEachAttempt()
    {
        var request = Sample.Request(url: "https://example.com/${secret.PATH}", body: """{"text":"ü ${secret.TOKEN}"}""") with
        {
            Headers = new Dictionary<string, SecretText> { ["Authorization"] = new("Bearer ${secret.TOKEN}") },
        };
        await Server.CommitAsync(new DeliveryQueued(Sample.Delivery(1, request: request), Held: true), Sample.Attempted(1, DeliveryState.Dead, error: "receiver_refused"));

        var delivery = await Server.GetAsync("/api/deliveries/" + DeliveryId(1));

        Assert.Equal(SecretTemplate.Mask("https://example.com/${secret.PATH}"), delivery["request"]!["url"]!.GetValue<string>());
        Assert.Equal(SecretTemplate.Mask("Bearer ${secret.TOKEN}"), delivery["request"]!["headers"]!["Authorization"]!.GetValue<string>());
        Assert.Equal(SecretTemplate.Mask("""{"text":"ü ${secret.TOKEN}"}"""), delivery["request"]!["bodyText"]!.GetValue<string>());
        Assert.Null(delivery["request"]!["bodyBase64"]);
        Assert.Equal("SIGN", delivery["request"]!["signingSecret"]!.GetValue<string>());
        Assert.Equal(30, delivery["request"]!["timeoutSeconds"]!.GetValue<double>());
        Assert.Equal("run_2.send.0", delivery["idempotencyKey"]!.GetValue<string>());
        var attempt = Assert.Single(delivery["attempts"]!.AsArray())!;
        Assert.Equal("receiver_refused", attempt["error"]!.GetValue<string>());
        Assert.Equal(12, attempt["durationMs"]!.GetValue<int>());
        Assert.Equal("HTTP/1.1 200 OK", attempt["responseHead"]!.GetValue<string>());
        Assert.Equal("receiver_refused", delivery["lastError"]!.GetValue<string>());
    }

    [Fact]
    public async Task Get_ShowsBytesThatAreNoText_AsBase64()
    {
        await Server.CommitAsync(new DeliveryQueued(Sample.Delivery(1, request: Sample.Request() with { Body = new byte[] { 0xff, 0xfe } }), Held: false));

        var delivery = await Server.GetAsync("/api/deliveries/" + DeliveryId(1));

        Assert.Null(delivery["request"]!["bodyText"]);
        Assert.Equal("//4=", delivery["request"]!["bodyBase64"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Replay_MakesAnEndedDeliveryPending_AndWakesTheWorker(long id)
    {
        await StoreOneOfEachAsync();

        await Server.PostAsync($"/api/deliveries/{DeliveryId(id)}/replay", 202);

        Assert.Equal("pending", (await Server.GetAsync("/api/deliveries/" + DeliveryId(id)))["state"]!.GetValue<string>());
        Assert.Equal(1, Server.Woken);
    }

    [Theory]
    [InlineData("dlv_0000000000001", 409)]
    [InlineData("dlv_0000000000002", 409)]
    [InlineData("dlv_0000000000009", 404)]
    [InlineData("run_0000000000001", 400)]
    public async Task Replay_RefusesAnythingElse(string id, int status)
    {
        await StoreOneOfEachAsync();

        var problem = await Server.PostAsync($"/api/deliveries/{id}/replay", status);

        Assert.Contains(id, problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(0, Server.Woken);
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("?state=dead&workflow=alert", 1)]
    [InlineData("?destination=https://other:443", 1)]
    [InlineData("?state=succeeded", 1)]
    [InlineData("?since=1h", 0)]
    public async Task BulkReplay_TakesAFilter_AndSaysHowMany(string query, int count)
    {
        await StoreOneOfEachAsync();

        var answer = await Server.PostAsync("/api/deliveries/replay" + query, 200);

        Assert.Equal(count, answer["replayed"]!.GetValue<int>());
        Assert.Equal(1 + count, (await IdsAsync("/api/deliveries?state=pending")).Length);
    }

    [Fact]
    public async Task BulkReplay_GoesOnPastOneTransaction()
    {
        for (var id = 1; id <= 450; id++) await Server.CommitAsync(new DeliveryQueued(Sample.Delivery(id), Held: true), Sample.Attempted(id, DeliveryState.Dead, error: "receiver_refused"));

        Assert.Equal(450, (await Server.PostAsync("/api/deliveries/replay", 200))["replayed"]!.GetValue<int>());
        Assert.Empty(await IdsAsync("/api/deliveries?state=dead"));
    }

    [Fact]
    public async Task BulkReplay_WithALimit_SaysWhereToGoOn()
    {
        for (var id = 1; id <= 5; id++) await Server.CommitAsync(new DeliveryQueued(Sample.Delivery(id), Held: true), Sample.Attempted(id, DeliveryState.Dead, error: "receiver_refused"));
        var counts = new List<int>();
        for (var next = "/api/deliveries/replay?limit=2"; next is not null;)
        {
            var answer = await Server.PostAsync(next, 200);
            counts.Add(answer["replayed"]!.GetValue<int>());
            next = (string?)answer["next"];
        }

        Assert.Equal([2, 2, 1], counts);
        Assert.Empty(await IdsAsync("/api/deliveries?state=dead"));
    }

    [Fact]
    public async Task BulkReplay_OfARun_TakesNoOthers()
    {
        foreach (var id in new[] { 7, 8 }) await Server.CommitAsync(new DeliveryQueued(Sample.Delivery(id, runId: id), Held: true), Sample.Attempted(id, DeliveryState.Dead, error: "receiver_refused"));

        Assert.Equal(1, (await Server.PostAsync("/api/deliveries/replay?run=" + PublicId.Format(PublicId.Run, 7), 200))["replayed"]!.GetValue<int>());

        Assert.Equal([PublicId.Format(PublicId.Delivery, 8)], await IdsAsync("/api/deliveries?state=dead"));
    }

    [Theory]
    [InlineData("?state=pending", "state", "dead, succeeded")]
    [InlineData("?destinaton=x", "destinaton", "destination")]
    [InlineData("?since=x", "since", "24h")]
    public async Task BulkReplay_RefusesABadFilter_AndReplaysNothing(string query, string name, string allowed)
    {
        await StoreOneOfEachAsync();

        var problem = await Server.PostAsync("/api/deliveries/replay" + query, 400);

        Assert.Contains(allowed, problem["errors"]![name]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(2, (await IdsAsync("/api/deliveries?state=dead")).Length);
    }

    [Theory]
    [InlineData("dlv_0000000000009", 404)]
    [InlineData("evt_0000000000009", 400)]
    public async Task UnknownOrBadId_IsNamed(string id, int status)
    {
        var problem = await Server.GetAsync("/api/deliveries/" + id, status);

        Assert.Contains(id, problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    /// <summary>1 pending, 2 sending, 3 retrying, 4 succeeded, 5 dead, 6 dead of the workflow alert.</summary>
    private Task StoreOneOfEachAsync() => Server.CommitAsync(
        new DeliveryQueued(Sample.Delivery(1, runId: 7), Held: false),
        new DeliveryQueued(Sample.Delivery(2), Held: true),
        new DeliveryQueued(Sample.Delivery(3), Held: true),
        Sample.Attempted(3, DeliveryState.Retrying, nextAttemptAt: Sample.Time.AddMinutes(1), error: "receiver_timed_out"),
        new DeliveryQueued(Sample.Delivery(4), Held: true),
        Sample.Attempted(4),
        new DeliveryQueued(Sample.Delivery(5, destination: "https://other:443"), Held: true),
        Sample.Attempted(5, DeliveryState.Dead, error: "receiver_refused"),
        new DeliveryQueued(Sample.Delivery(6, workflow: "alert"), Held: true),
        Sample.Attempted(6, DeliveryState.Dead, error: "receiver_refused"));
}

using Automation.Server.Storage;
using Automation.Server.Tests.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Tests.Api;

public sealed class EventsApiTests : ApiTest
{
    [Fact]
    public async Task List_IsNewestFirst_AndPagesStayStable_WhileRowsAreAdded()
    {
        for (var id = 1; id <= 5; id++) await Server.CommitAsync(new EventAccepted(Sample.Event(id), 1));

        var first = await Server.GetAsync("/api/events?limit=2&type=webhook.received");
        await Server.CommitAsync(new EventAccepted(Sample.Event(6), 1));
        var second = await Server.GetAsync(first["next"]!.GetValue<string>());
        await Server.CommitAsync(new EventAccepted(Sample.Event(7), 1));
        var third = await Server.GetAsync(second["next"]!.GetValue<string>());

        Assert.Equal([EventId(5), EventId(4)], first["items"]!.AsArray().Select(e => e!["id"]!.GetValue<string>()));
        Assert.Equal([EventId(3), EventId(2)], second["items"]!.AsArray().Select(e => e!["id"]!.GetValue<string>()));
        Assert.Equal([EventId(1)], third["items"]!.AsArray().Select(e => e!["id"]!.GetValue<string>()));
        Assert.Null(third["next"]);
        Assert.Contains("type=webhook.received", second["next"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_HasNoNext_WhenThePageIsJustFull()
    {
        await Server.CommitAsync(new EventAccepted(Sample.Event(1), 1), new EventAccepted(Sample.Event(2), 1));

        Assert.Null((await Server.GetAsync("/api/events?limit=2"))["next"]);
    }

    [Theory]
    [InlineData("workflow=alert", 3)]
    [InlineData("trigger=mqtt", 2)]
    [InlineData("type=mqtt.message", 2)]
    [InlineData("state=done", 1)]
    [InlineData("state=accepted&trigger=mqtt", 2)]
    [InlineData("state=failed")]
    public async Task List_IsFiltered(string query, params int[] expected)
    {
        await Server.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(11, 1), Sample.Ended(11, 1));
        await Server.CommitAsync(new EventAccepted(Sample.Event(2, trigger: "mqtt", type: "mqtt.message"), 1), Sample.Run(12, 2));
        await Server.CommitAsync(new EventAccepted(Sample.Event(3), 2), Sample.Run(13, 3, workflow: "alert"), Sample.Run(14, 3));

        Assert.Equal(expected.Select(id => EventId(id)), await IdsAsync("/api/events?" + query));
    }

    [Fact]
    public async Task List_IsFilteredByTime()
    {
        var ids = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add(Server.Ids.Next());
            await Server.CommitAsync(new EventAccepted(Sample.Event(ids[^1]), 1));
            Server.Time.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal([EventId(ids[2])], await IdsAsync("/api/events?since=90m"));
        Assert.Equal([EventId(ids[1]), EventId(ids[0])], await IdsAsync("/api/events?until=90m"));
        Assert.Equal([EventId(ids[1])], await IdsAsync("/api/events?since=2026-01-02T04:04:05Z&until=2026-01-02T06:04:05%2B01:00"));
    }

    [Theory]
    [InlineData("limit=0", "limit", "1 to 200")]
    [InlineData("limit=201", "limit", "1 to 200")]
    [InlineData("limit=many", "limit", "1 to 200")]
    [InlineData("state=open", "state", "accepted, done, failed, filtered, duplicate")]
    [InlineData("state=Done", "state", "accepted")]
    [InlineData("since=yesterday", "since", "24h")]
    [InlineData("until=2026-01-01", "until", "2026-01-31T08:00:00Z")]
    [InlineData("before=run_0000000000001", "before", "evt_")]
    [InlineData("sate=done", "sate", "state")]
    public async Task BadFilter_IsNamed_WithWhatIsAllowed(string query, string name, string allowed)
    {
        var problem = await Server.GetAsync("/api/events?" + query, 400);

        Assert.Contains(allowed, problem["errors"]![name]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains(name, problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AllBadFilters_AreNamedAtOnce()
    {
        var problem = await Server.GetAsync("/api/events?limit=0&state=open&since=x", 400);

        Assert.Equal(3, problem["errors"]!.AsObject().Count);
    }

    [Fact]
    public async Task Get_HasAttributesDataAndRuns()
    {
        await Server.CommitAsync(
            new EventAccepted(Sample.Event(1, body: """{"a":"ü"}""", subject: "s", attributes: """{"headers":{"x":"1"}}"""), 2),
            Sample.Run(11, 1),
            Sample.Run(12, 1, workflow: "alert"));

        var e = await Server.GetAsync("/api/events/" + EventId(1));

        Assert.Equal("1", e["attributes"]!["headers"]!["x"]!.GetValue<string>());
        Assert.Equal(EventData.Parse("application/json", "{\"a\":\"ü\"}"u8.ToArray()).ToString(), e["data"]?.ToJsonString(new(JsonFormat.Wire)) ?? "null");
        Assert.Equal([RunId(11), RunId(12)], e["runs"]!.AsArray().Select(r => r!["id"]!.GetValue<string>()));
        Assert.Equal("s", e["subject"]!.GetValue<string>());
        Assert.Equal(10, e["bodyBytes"]!.GetValue<int>());
        Assert.Equal("accepted", e["state"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("application/xml; charset=utf-8", "application/xml; charset=utf-8")]
    [InlineData("text/html", "text/html")]
    [InlineData("größe\r\nx: y", "application/octet-stream")]
    [InlineData("", "application/octet-stream")]
    [InlineData(null, "application/octet-stream")]
    public async Task Body_IsAFile_ThatABrowserDoesNotRun(string? sent, string answered)
    {
        await Server.CommitAsync(new EventAccepted(Sample.Event(1, body: "<ä/>", contentType: sent), 1));

        var response = await Server.Client.GetAsync(new Uri($"/api/events/{EventId(1)}/body", UriKind.Relative));

        Assert.Equal("<ä/>", await response.Content.ReadAsStringAsync());
        Assert.Equal(answered, response.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.StartsWith("sandbox", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evt_0000000000001", 404)]
    [InlineData("evt_0000000000001/body", 404)]
    [InlineData("run_0000000000001", 400)]
    [InlineData("run_0000000000001/body", 400)]
    [InlineData("evt_x", 400)]
    public async Task UnknownOrBadId_IsNamed(string id, int status)
    {
        var problem = await Server.GetAsync("/api/events/" + id, status);

        Assert.Contains(id.Split('/')[0], problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}

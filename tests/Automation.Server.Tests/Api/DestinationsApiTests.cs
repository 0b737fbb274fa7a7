using Automation.Server.Deliveries;
using Automation.Server.Storage;
using Automation.Server.Tests.Storage;
using Automation.Server.Values;

namespace Automation.Server.Tests.Api;

public sealed class DestinationsApiTests : ApiTest
{
    [Fact]
    public async Task List_CountsWhatWaits_IsTriedAgain_AndIsDead_ByDestination()
    {
        await Server.CommitAsync(
            new DeliveryQueued(Sample.Delivery(1, destination: "https://a:443"), Held: false),
            new DeliveryQueued(Sample.Delivery(2, destination: "https://a:443"), Held: true),
            new DeliveryQueued(Sample.Delivery(3, destination: "https://a:443"), Held: true), Sample.Attempted(3, DeliveryState.Retrying, nextAttemptAt: Sample.Time, error: "receiver_timed_out"),
            new DeliveryQueued(Sample.Delivery(4, destination: "https://b:443"), Held: true), Sample.Attempted(4, DeliveryState.Dead, error: "receiver_refused"),
            new DeliveryQueued(Sample.Delivery(5, destination: "https://b:443"), Held: true), Sample.Attempted(5, DeliveryState.Dead, error: "tls_failed"),
            new DeliveryQueued(Sample.Delivery(6, destination: "https://well:443"), Held: true), Sample.Attempted(6));

        var items = (await Server.GetAsync("/api/destinations"))["items"]!.AsArray();

        Assert.Equal(
            [("https://a:443", 2, 1, 0, "receiver_timed_out"), ("https://b:443", 0, 0, 2, "tls_failed")],
            items.Select(i => (i!["destination"]!.GetValue<string>(), i["waiting"]!.GetValue<int>(), i["retrying"]!.GetValue<int>(), i["dead"]!.GetValue<int>(), i["lastError"]!.GetValue<string>())));
        Assert.All(items, item => Assert.Equal(("closed", true, true, true), (item!["circuit"]!.GetValue<string>(), item["openUntil"] is null, item["endpoint"] is null, item["ratePerSecond"] is null)));
    }

    [Fact]
    public async Task Endpoint_IsNamed_WithItsRate_AndThoseThatMayNotBeCalledAreThere()
    {
        var until = Server.Time.GetUtcNow().AddSeconds(30);
        Server.Destinations = [new DestinationState("https://down:443", true, until, 5), new DestinationState("https://well:443", false, null, 0), new DestinationState("https://busy:443", false, until, 0)];
        await Server.CommitAsync(
            new EndpointStored("shop", Json.Parse("""{"url":"https://example.com/in","events":["*"],"ratePerSecond":2.5}"""), ["*"], FromFile: false, Sample.Time),
            new DeliveryQueued(Sample.Delivery(1, destination: "endpoint:shop"), Held: false));

        var items = (await Server.GetAsync("/api/destinations"))["items"]!.AsArray();

        Assert.Equal(["endpoint:shop", "https://busy:443", "https://down:443"], items.Select(i => i!["destination"]!.GetValue<string>()));
        Assert.Equal(("shop", 2.5), (items[0]!["endpoint"]!.GetValue<string>(), items[0]!["ratePerSecond"]!.GetValue<double>()));
        Assert.Equal(("closed", until), (items[1]!["circuit"]!.GetValue<string>(), items[1]!["openUntil"]!.GetValue<DateTimeOffset>()));
        Assert.Equal("https://down:443", Assert.Single((await Server.GetAsync("/api/destinations?circuit=open"))["items"]!.AsArray())!["destination"]!.GetValue<string>());
        await Server.GetAsync("/api/destinations?circuit=broken", 400);
        Assert.Equal(("open", 5), (items[2]!["circuit"]!.GetValue<string>(), items[2]!["ratePerSecond"]!.GetValue<double>()));
    }

    [Fact]
    public async Task List_IsPagedByName()
    {
        await Server.CommitAsync([.. Enumerable.Range(1, 5).Select(id => new DeliveryQueued(Sample.Delivery(id, destination: $"https://{id}?a&b=ü:443"), Held: false))]);

        var seen = new List<string>();
        for (var path = "/api/destinations?limit=2"; path is not null;)
        {
            var page = await Server.GetAsync(path);
            seen.AddRange(page["items"]!.AsArray().Select(i => i!["destination"]!.GetValue<string>()));
            path = page["next"]?.GetValue<string>();
        }

        Assert.Equal(Enumerable.Range(1, 5).Select(id => $"https://{id}?a&b=ü:443"), seen);
    }
}

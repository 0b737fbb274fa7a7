using System.Globalization;
using System.Net;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>What an operator sees of sessions, and can do to them.</summary>
public sealed class InspectionTests : BrokerTestBase
{
    [Fact]
    public async Task AConnectedClient_IsShownWithItsCounts()
    {
        var broker = await StartOnManualTimeAsync();
        await using var client = await TestClient.ConnectAsync(
            broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "meter", UserName = "anna", CleanStart = true, KeepAlive = 30 });
        await client.SubscribeAsync("own/#");
        await client.PublishAsync("own/a", "four");
        await client.ExpectPublishAsync("own/a", "four");
        await client.ExpectNothingAsync();

        var session = broker.Sessions.Find("meter")!;
        var status = session.Client!;
        Assert.Equal(("meter", "anna", MqttProtocolVersion.V5), (status.Client.ClientId, status.Client.UserName, status.Client.Version));
        Assert.Equal((MqttTransport.Tcp, broker.EndPoint, IPAddress.Loopback), (status.Transport, (IPEndPoint)status.LocalEndPoint, status.Client.RemoteEndPoint.Address));
        Assert.Equal((30, true, Time.GetUtcNow()), (status.KeepAliveSeconds, status.CleanStart, status.Client.ConnectedAt));
        Assert.Equal((1, 1), (status.MessagesReceived, status.MessagesSent));
        Assert.InRange(status.BytesReceived, 50, 100);
        Assert.InRange(status.BytesSent, 20, 100);
        Assert.Equal((0u, 1, null), (session.ExpirySeconds, session.SubscriptionCount, session.ExpiresAt));
    }

    [Fact]
    public async Task ASessionOfAnAbsentClient_IsShownWithWhatWaits()
    {
        var broker = await StartOnManualTimeAsync(options => options.MaxQueuedMessages = 2);
        await LeaveAsync(broker, "away", "a/+");
        for (var n = 0; n < 3; n++)
            await broker.PublishAsync(new MqttApplicationMessage { Topic = "a/b", Payload = new byte[100], QualityOfService = MqttQualityOfService.AtLeastOnce });

        var session = broker.Sessions.Find("away")!;
        Assert.Null(session.Client);
        Assert.Equal((600u, Time.GetUtcNow().AddSeconds(600)), (session.ExpirySeconds, session.ExpiresAt));
        Assert.Equal((2, 0, 1), (session.QueuedMessages, session.InFlight, session.MessagesDropped));
        Assert.InRange(session.QueuedBytes, 200, 1000);
    }

    [Fact]
    public async Task Sessions_AreListedInOrder_PageByPage()
    {
        var broker = await StartAsync();
        foreach (var id in (string[])["c", "a", "e", "b", "d"])
            await LeaveAsync(broker, id, "x");
        await using var here = await TestClient.ConnectAsync(broker, "aa");

        Assert.Equal(["a", "aa", "b"], Ids(new() { Limit = 3 }));
        Assert.Equal(["c", "d", "e"], Ids(new() { After = "b", Limit = 3 }));
        Assert.Equal(["aa"], Ids(new() { IsConnected = true, Limit = 3 }));
        Assert.Equal(["a", "b", "c", "d", "e"], Ids(new() { IsConnected = false, Limit = 9 }));
        Assert.Equal(["a", "aa"], Ids(new() { ClientIdPart = "a", Limit = 9 }));

        IEnumerable<string> Ids(MqttSessionQuery query) => broker.Sessions.List(query).Select(session => session.ClientId);
    }

    [Fact]
    public async Task Subscriptions_AreListedWithTheirOptions()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SendAsync(new SubscribePacket
        {
            PacketId = 1,
            Subscriptions = [new("a/+", MqttQualityOfService.ExactlyOnce) { NoLocal = true, RetainAsPublished = true }, new("$share/g/b/#", MqttQualityOfService.AtLeastOnce)],
            Properties = new PacketProperties { SubscriptionIdentifiers = [7] },
        });
        await client.ExpectAsync<SubackPacket>();

        var page = broker.Sessions.Subscriptions(new() { ClientId = "c", Limit = 10 });
        Assert.Null(page.Next);
        Assert.Equal(["$share/g/b/#", "a/+"], page.Items.Select(item => item.Filter.Text));
        Assert.Equal("g", page.Items[0].Filter.ShareName);
        Assert.Equal((MqttQualityOfService.ExactlyOnce, true, true, 7u), (page.Items[1].QualityOfService, page.Items[1].NoLocal, page.Items[1].RetainAsPublished, page.Items[1].Identifier));
    }

    [Fact]
    public async Task Subscriptions_AreFound_ByTopicAndFilter_PageByPage()
    {
        var broker = await StartAsync();
        foreach (var id in (string[])["b", "a"])
            await LeaveAsync(broker, id, "t/1", "t/+", "u");

        Assert.Equal(["a t/+", "a t/1", "b t/+", "b t/1"], Found(new() { Topic = "t/1", Limit = 9 }));
        Assert.Equal(["a u", "b u"], Found(new() { Filter = "u", Limit = 9 }));
        var first = broker.Sessions.Subscriptions(new() { Limit = 4 });
        Assert.Equal(("b", "t/+"), first.Next);
        Assert.Equal(["b t/1", "b u"], Found(new() { After = first.Next, Limit = 4 }));

        IEnumerable<string> Found(MqttSubscriptionQuery query) => broker.Sessions.Subscriptions(query).Items.Select(item => $"{item.ClientId} {item.Filter}");
    }

    [Fact]
    public async Task ThousandsOfSessions_AreListedInPages_WhileOthersPublish()
    {
        var broker = await StartAsync();
        await Parallel.ForAsync(0, 2000, TestContext.Current.CancellationToken, async (n, _) => await LeaveAsync(broker, string.Create(CultureInfo.InvariantCulture, $"client-{n:0000}"), "x"));

        List<string> seen = [];
        for (string? after = null; ; after = seen[^1])
        {
            var page = broker.Sessions.List(new() { After = after, Limit = 200 });
            if (page.Count == 0)
                break;
            seen.AddRange(page.Select(session => session.ClientId));
        }

        Assert.Equal(Enumerable.Range(0, 2000).Select(n => $"client-{n:0000}"), seen);
    }

    [Fact]
    public async Task End_RemovesTheSession_AndDisconnectsItsClient()
    {
        var broker = await StartAsync();
        await LeaveAsync(broker, "away", "x");
        await using var here = await TestClient.ConnectAsync(broker, "here");
        await here.SubscribeAsync("x");

        Assert.True(await broker.Sessions.EndAsync("away"));
        Assert.True(await broker.Sessions.EndAsync("here"));
        Assert.False(await broker.Sessions.EndAsync("here"));

        await here.ExpectDisconnectAsync(MqttReasonCode.AdministrativeAction);
        Assert.Equal(0, broker.SessionCount);
        Assert.Equal(0, await broker.PublishAsync(new MqttApplicationMessage { Topic = "x" }));
    }

    [Fact]
    public async Task Retained_AreListedByTopic_AndRemoved()
    {
        var broker = await StartAsync();
        for (var n = 0; n < 600; n++)
            await broker.PublishAsync(new MqttApplicationMessage { Topic = string.Create(CultureInfo.InvariantCulture, $"p/{n:000}/t"), Payload = new byte[1], Retain = true });
        Assert.True(TopicFilter.TryParse("p/+/t", out var filter));

        Assert.Equal(["p/000/t", "p/001/t"], broker.Retained.List(filter, 2).Select(message => message.Topic));
        Assert.Equal(["p/598/t", "p/599/t"], broker.Retained.List(filter, 5, after: "p/597/t").Select(message => message.Topic));
        Assert.True(await broker.Retained.RemoveAsync("p/599/t"));
        Assert.False(await broker.Retained.RemoveAsync("p/599/t"));
        Assert.Null(broker.Retained.Find("p/599/t"));
        Assert.Equal("p/598/t", broker.Retained.Find("p/598/t")!.Topic);
        Assert.Equal(599, broker.RetainedCount);
    }

    private static async Task LeaveAsync(MqttBroker broker, string clientId, params string[] filters)
    {
        await using var client = await TestClient.ConnectAsync(broker, clientId, properties: new PacketProperties { SessionExpiryInterval = 600 });
        await client.SubscribeAsync([.. filters.Select(filter => new SubscriptionRequest(filter, MqttQualityOfService.AtLeastOnce))]);
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await client.ExpectClosedAsync();
        await Eventually.IsAsync(() => broker.Sessions.Find(clientId) is { Client: null });
    }
}

using Automation.Mqtt.Client;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

/// <summary>What the client sends, packet by packet.</summary>
public sealed class PublishTests : ClientTestBase
{
    [Theory]
    [InlineData(MqttReasonCode.Success, true)]
    [InlineData(MqttReasonCode.NoMatchingSubscribers, true)]
    [InlineData(MqttReasonCode.NotAuthorized, false)]
    public async Task QoS1_CompletesWithTheReasonOfThePuback(MqttReasonCode reason, bool isSuccess)
    {
        var (client, server) = await ConnectAsync();
        var answer = client.PublishAsync(Message("t", qos: 1));
        var publish = await server.ExpectAsync<PublishPacket>();
        Assert.False(answer.IsCompleted);

        await server.SendAsync(new AckPacket(PacketType.Puback) { PacketId = publish.PacketId, ReasonCode = reason, Properties = new() { ReasonString = "why" } });

        var result = await answer.WaitAsync(TestClient.Patience);
        Assert.Equal((reason, "why", isSuccess), (result.ReasonCode, result.ReasonString, result.IsSuccess));
        if (!isSuccess)
            Assert.Equal(reason, Assert.Throws<MqttClientException>(() => result.EnsureSuccess()).ReasonCode);
    }

    [Fact]
    public async Task QoS2_GoesThroughPubrecPubrelPubcomp()
    {
        var (client, server) = await ConnectAsync();
        var answer = client.PublishAsync(Message("t", qos: 2));
        var id = (await server.ExpectAsync<PublishPacket>()).PacketId;

        await server.SendAckAsync(PacketType.Pubrec, id);
        await server.ExpectAckAsync(PacketType.Pubrel, id);
        Assert.False(answer.IsCompleted);
        await server.SendAckAsync(PacketType.Pubcomp, id);

        Assert.True((await answer.WaitAsync(TestClient.Patience)).IsSuccess);
    }

    [Fact]
    public async Task QoS2_RefusedByPubrec_IsDone()
    {
        var (client, server) = await ConnectAsync();
        var answer = client.PublishAsync(Message("t", qos: 2));
        var id = (await server.ExpectAsync<PublishPacket>()).PacketId;

        await server.SendAckAsync(PacketType.Pubrec, id, MqttReasonCode.QuotaExceeded);

        Assert.Equal(MqttReasonCode.QuotaExceeded, (await answer.WaitAsync(TestClient.Patience)).ReasonCode);
    }

    [Fact]
    public async Task ReceiveMaximum_IsWaitedFor()
    {
        var (client, server) = await ConnectAsync(new() { ReceiveMaximum = 2 });
        for (var number = 0; number < 3; number++)
            await client.EnqueueAsync(Message("t", $"{number}", 1));
        var first = await server.ExpectAsync<PublishPacket>();
        await server.ExpectAsync<PublishPacket>();
        await ExpectNothingAsync(client, server);

        await server.SendAckAsync(PacketType.Puback, first.PacketId);

        Assert.Equal("2", PayloadOf(await server.ExpectAsync<PublishPacket>()));
    }

    [Fact]
    public async Task SessionPresent_SendsAgainWithDup_AndPubrelFirst()
    {
        var server = Server();
        var client = Client(server.Address);
        client.Start();
        var connection = await server.GrantAsync();
        await client.EnqueueAsync(Message("t", "1", 1));
        var received = await client.EnqueueAsync(Message("t", "2", 2));
        await client.EnqueueAsync(Message("t", "3", 2));
        var sent = new[] { await connection.ExpectAsync<PublishPacket>(), await connection.ExpectAsync<PublishPacket>(), await connection.ExpectAsync<PublishPacket>() };
        await connection.SendAckAsync(PacketType.Pubrec, sent[1].PacketId);
        await connection.ExpectAckAsync(PacketType.Pubrel, sent[1].PacketId);
        connection.Close();

        connection = await server.GrantAsync(sessionPresent: true);

        await connection.ExpectAckAsync(PacketType.Pubrel, sent[1].PacketId);
        foreach (var old in new[] { sent[0], sent[2] })
        {
            var again = await connection.ExpectAsync<PublishPacket>();
            Assert.Equal((old.PacketId, true), (again.PacketId, again.Duplicate));
            Assert.Equal(PayloadOf(old), PayloadOf(again));
        }

        await connection.SendAckAsync(PacketType.Pubcomp, sent[1].PacketId, MqttReasonCode.PacketIdentifierNotFound); // the first PUBREL had arrived
        Assert.True((await received.WaitAsync(TestClient.Patience)).IsSuccess);
    }

    [Fact]
    public async Task SessionLost_SendsAnewWithoutDup_ButNotWhatTheServerHadTakenOver()
    {
        var server = Server();
        var client = Client(server.Address);
        client.Start();
        var connection = await server.GrantAsync();
        await client.EnqueueAsync(Message("t", "1", 1));
        var takenOver = await client.EnqueueAsync(Message("t", "2", 2));
        await client.EnqueueAsync(Message("t", "3", 2));
        await connection.ExpectAsync<PublishPacket>();
        await connection.SendAckAsync(PacketType.Pubrec, (await connection.ExpectAsync<PublishPacket>()).PacketId);
        await connection.ExpectAsync<PublishPacket>();
        await connection.ExpectAsync<AckPacket>();
        connection.Close();

        connection = await server.GrantAsync(sessionPresent: false);

        Assert.True((await takenOver.WaitAsync(TestClient.Patience)).IsSuccess);
        foreach (var payload in new[] { "1", "3" })
        {
            var anew = await connection.ExpectAsync<PublishPacket>();
            Assert.False(anew.Duplicate);
            Assert.Equal(payload, PayloadOf(anew));
        }
    }

    [Fact]
    public async Task Cancelled_KeepsItsIdentifierUntilItsAnswer()
    {
        var (client, server) = await ConnectAsync(new() { ReceiveMaximum = 1 });
        using var cancel = new CancellationTokenSource();
        var answer = client.PublishAsync(Message("t", "1", 1), cancel.Token);
        var first = await server.ExpectAsync<PublishPacket>();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);

        var next = client.PublishAsync(Message("t", "2", 1));
        await ExpectNothingAsync(client, server);
        await server.SendAckAsync(PacketType.Puback, first.PacketId);
        var second = await server.ExpectAsync<PublishPacket>();
        await server.SendAckAsync(PacketType.Puback, second.PacketId);
        Assert.True((await next.WaitAsync(TestClient.Patience)).IsSuccess);
    }

    [Fact]
    public async Task Cancelled_BeforeItIsSent_IsNotSent()
    {
        var server = Server();
        var client = Client(server.Address);
        using var cancel = new CancellationTokenSource();
        var answer = client.PublishAsync(Message("t", "1", 1), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await client.EnqueueAsync(Message("t", "2", 1));
        Assert.Equal(1, client.QueuedMessages);

        client.Start();
        var connection = await server.GrantAsync();

        Assert.Equal("2", PayloadOf(await connection.ExpectAsync<PublishPacket>()));
    }

    [Fact]
    public async Task TopicAliases_AreSentUpToTheServersMaximum()
    {
        var (client, server) = await ConnectAsync(new() { TopicAliasMaximum = 2 });
        foreach (var topic in new[] { "a", "b", "a", "c", "a", "b" })
            await client.PublishAsync(Message(topic));

        List<(string, ushort?)> seen = [];
        for (var number = 0; number < 6; number++)
        {
            var publish = await server.ExpectAsync<PublishPacket>();
            seen.Add((publish.Topic, publish.Properties?.TopicAlias));
        }

        Assert.Equal([("a", (ushort)1), ("b", (ushort)2), ("", (ushort)1), ("c", (ushort)2), ("", (ushort)1), ("b", (ushort)2)], seen);
    }

    [Fact]
    public async Task WhatTheServerDoesNotTake_IsRefusedHere()
    {
        var (client, server) = await ConnectAsync(new() { MaximumPacketSize = 100, MaximumQoS = 1, RetainAvailable = 0 });

        await RefusedAsync(Message("t", new string('x', 100), 1), MqttReasonCode.PacketTooLarge);
        await RefusedAsync(Message("t", "x", 2), MqttReasonCode.QoSNotSupported);
        await RefusedAsync(new() { Topic = "t", Retain = true }, MqttReasonCode.RetainNotSupported);

        await client.EnqueueAsync(Message("t", new string('x', 90), 1));
        Assert.Equal(90, (await server.ExpectAsync<PublishPacket>()).Payload.Length);
        Assert.Equal(1, client.QueuedMessages);

        async Task RefusedAsync(MqttApplicationMessage message, MqttReasonCode reason)
        {
            var exception = await Assert.ThrowsAsync<MqttClientException>(() => client.PublishAsync(message).WaitAsync(TestClient.Patience));
            Assert.Equal(reason, exception.ReasonCode);
        }
    }

    [Fact]
    public async Task ExpiryInterval_ShrinksInTheQueue_AndWhatIsExpiredIsNotSent()
    {
        var server = Server();
        var client = Client(server.Address, options => options.TimeProvider = Time);
        var expired = await client.EnqueueAsync(new() { Topic = "t", MessageExpiryInterval = 5, QualityOfService = MqttQualityOfService.AtLeastOnce });
        await client.EnqueueAsync(new() { Topic = "t", MessageExpiryInterval = 60, QualityOfService = MqttQualityOfService.AtLeastOnce });
        Time.Advance(TimeSpan.FromSeconds(20));

        client.Start();
        var connection = await server.GrantAsync();

        Assert.Equal(40u, (await connection.ExpectAsync<PublishPacket>()).Properties!.MessageExpiryInterval);
        await Assert.ThrowsAsync<MqttClientException>(() => expired.WaitAsync(TestClient.Patience));
    }

    [Fact]
    public async Task FullQueue_Waits()
    {
        var (client, server) = await ConnectAsync(configure: options => options.MaxQueuedMessages = 2);
        await client.EnqueueAsync(Message("t", "1", 1));
        await client.EnqueueAsync(Message("t", "2", 1));
        var waiting = client.EnqueueAsync(Message("t", "3", 1)).AsTask();
        var last = client.EnqueueAsync(Message("t", "4", 1)).AsTask();
        var first = await server.ExpectAsync<PublishPacket>();
        await server.ExpectAsync<PublishPacket>();
        Assert.False(waiting.IsCompleted);

        await server.SendAckAsync(PacketType.Puback, first.PacketId);

        Assert.Equal("3", PayloadOf(await server.ExpectAsync<PublishPacket>()));
        await waiting.WaitAsync(TestClient.Patience);
        Assert.False(last.IsCompleted);
        Assert.Equal(2, client.QueuedMessages);
    }

    [Theory]
    [InlineData(2, 1_000_000)]
    [InlineData(1000, 1200)]
    public async Task FullQueue_Refuses(int messages, long bytes)
    {
        var client = Client(new Uri("mqtt://127.0.0.1:1"), options => (options.MaxQueuedMessages, options.MaxQueuedBytes, options.WhenQueueFull) = (messages, bytes, MqttQueueFullPolicy.Refuse));
        await client.EnqueueAsync(Message("t", "1", 1));
        await client.EnqueueAsync(Message("t", "2", 1));

        var exception = await Assert.ThrowsAsync<MqttClientException>(() => client.EnqueueAsync(Message("t", "3", 1)).AsTask());
        Assert.Equal(MqttReasonCode.QuotaExceeded, exception.ReasonCode);
    }

    [Fact]
    public async Task FullQueue_DropsTheOldest()
    {
        var server = Server();
        var client = Client(server.Address, options => (options.MaxQueuedMessages, options.WhenQueueFull) = (2, MqttQueueFullPolicy.DropOldest));
        var oldest = await client.EnqueueAsync(Message("t", "1", 1));
        await client.EnqueueAsync(Message("t", "2", 1));
        await client.EnqueueAsync(Message("t", "3", 1));

        Assert.Equal(MqttReasonCode.QuotaExceeded, (await Assert.ThrowsAsync<MqttClientException>(() => oldest)).ReasonCode);
        client.Start();
        var connection = await server.GrantAsync();
        Assert.Equal("2", PayloadOf(await connection.ExpectAsync<PublishPacket>()));
        Assert.Equal("3", PayloadOf(await connection.ExpectAsync<PublishPacket>()));
    }

    [Fact]
    public async Task Dispose_FailsWhatIsNotFinished()
    {
        var (client, server) = await ConnectAsync();
        var publish = client.PublishAsync(Message("t", qos: 1));
        await server.ExpectAsync<PublishPacket>();
        var subscribe = client.SubscribeAsync("t");
        await server.ExpectAsync<SubscribePacket>();

        var disposing = client.DisposeAsync().AsTask();
        Assert.Equal(PacketType.Disconnect, (await server.ExpectAsync<ReasonPacket>()).Type);
        server.Close();
        await disposing.WaitAsync(TestClient.Patience);

        await Assert.ThrowsAsync<MqttClientException>(() => publish);
        await Assert.ThrowsAsync<MqttClientException>(() => subscribe);
        await Assert.ThrowsAsync<MqttClientException>(() => client.PublishAsync(Message("t")));
    }

    [Fact]
    public async Task MessageThatNoPacketCanCarry_IsRefused()
    {
        var client = Client(new Uri("mqtt://127.0.0.1:1"));

        await Assert.ThrowsAsync<ArgumentException>(() => client.PublishAsync(Message("a/+")));
        await Assert.ThrowsAsync<ArgumentException>(() => client.PublishAsync(Message("")));
        await Assert.ThrowsAsync<ArgumentException>(() => client.SubscribeAsync("a#"));
    }

    // A subscription goes ahead of all messages: when its answer is back, nothing else was on its way.
    private static async Task ExpectNothingAsync(MqttClient client, FakeConnection server)
    {
        var subscribing = client.SubscribeAsync("nothing");
        var packet = await server.ExpectAsync<SubscribePacket>();
        await server.SendAsync(new SubackPacket(PacketType.Suback) { PacketId = packet.PacketId, ReasonCodes = [MqttReasonCode.Success] });
        await subscribing.WaitAsync(TestClient.Patience);
    }

    private async Task<(MqttClient Client, FakeConnection Server)> ConnectAsync(PacketProperties? properties = null, Action<MqttClientOptions>? configure = null)
    {
        var server = Server();
        var client = Client(server.Address, configure);
        client.Start();
        var connection = await server.GrantAsync(properties: properties);
        await WaitForAsync(client, MqttClientState.Connected);
        return (client, connection);
    }
}

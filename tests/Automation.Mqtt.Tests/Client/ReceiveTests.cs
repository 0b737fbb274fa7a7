using System.Globalization;
using System.Threading.Channels;
using Automation.Mqtt.Client;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

/// <summary>What becomes of the messages that a server sends, packet by packet.</summary>
public sealed class ReceiveTests : ClientTestBase
{
    [Theory]
    [InlineData(1, PacketType.Puback)]
    [InlineData(2, PacketType.Pubrec)]
    public async Task Acknowledgements_GoOutWhenTheApplicationSaysSo_InOrder(int qos, object type)
    {
        var (client, server) = await ConnectAsync(options => options.AutoAcknowledge = false);
        for (ushort id = 1; id <= 3; id++)
            await server.SendAsync(TestClient.Publish("t", $"{id}", qos, id));
        var messages = await TakeAsync(client, 3);

        Assert.True(messages[2].Acknowledge());
        Assert.True(messages[1].Acknowledge(MqttReasonCode.NotAuthorized));
        await ExpectNothingAsync(server);
        Assert.True(messages[0].Acknowledge());
        Assert.False(messages[0].Acknowledge());

        await server.ExpectAckAsync((PacketType)type, 1);
        await server.ExpectAckAsync((PacketType)type, 2, MqttReasonCode.NotAuthorized);
        await server.ExpectAckAsync((PacketType)type, 3);
    }

    [Fact]
    public async Task AutoAcknowledge_WaitsForTheHandler_AndRefusesWhenItThrows()
    {
        var finish = Channel.CreateUnbounded<bool>();
        var (_, server) = await ConnectAsync(options => options.OnMessage = async (_, cancellation) =>
        {
            if (!await finish.Reader.ReadAsync(cancellation))
                throw new InvalidOperationException("no");
        });
        await server.SendAsync(TestClient.Publish("t", "1", 1, 1));
        await server.SendAsync(TestClient.Publish("t", "2", 1, 2));
        await ExpectNothingAsync(server);

        finish.Writer.TryWrite(true);
        await server.ExpectAckAsync(PacketType.Puback, 1);
        finish.Writer.TryWrite(false);
        await server.ExpectAckAsync(PacketType.Puback, 2, MqttReasonCode.UnspecifiedError);
        Assert.Contains("OnMessage", Assert.Single(Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task QoS2_IsGivenOnce_HoweverOftenItIsSent()
    {
        var server = Server();
        var client = Client(server.Address, options => options.AutoAcknowledge = false);
        client.Start();
        var connection = await server.GrantAsync();
        await connection.SendAsync(TestClient.Publish("t", "taken", 2, 1));
        await connection.SendAsync(TestClient.Publish("t", "untaken", 2, 2));
        var taken = (await TakeAsync(client, 1))[0];
        connection.Close();

        connection = await server.GrantAsync(sessionPresent: true);
        await connection.SendAsync(TestClient.Publish("t", "taken", 2, 1, duplicate: true));
        await connection.SendAsync(TestClient.Publish("t", "untaken", 2, 2, duplicate: true));
        await ExpectNothingAsync(connection);
        Assert.True(taken.Acknowledge());
        await connection.ExpectAckAsync(PacketType.Pubrec, 1);
        connection.Close(); // before the PUBREC arrived, says this server

        connection = await server.GrantAsync(sessionPresent: true);
        await connection.SendAsync(TestClient.Publish("t", "taken", 2, 1, duplicate: true));
        await connection.ExpectAckAsync(PacketType.Pubrec, 1);
        await connection.SendAckAsync(PacketType.Pubrel, 1);
        await connection.ExpectAckAsync(PacketType.Pubcomp, 1);
        await connection.SendAsync(TestClient.Publish("t", "new", 2, 1));

        Assert.Equal(["untaken", "new"], (await TakeAsync(client, 2)).Select(Text));
    }

    [Fact]
    public async Task QoS2_OfManyThatWaitForPubrel_DoesNotStopTheReading()
    {
        var (client, server) = await ConnectAsync(options =>
        {
            (options.ProtocolVersion, options.ClientId, options.ReceiveMaximum) = (MqttProtocolVersion.V311, "me", 2);
            options.OnMessage = static (_, _) => default;
        });
        for (ushort id = 1; id <= 5; id++)
        {
            await server.SendAsync(TestClient.Publish("t", $"{id}", 2, id));
            await server.ExpectAckAsync(PacketType.Pubrec, id);
        }

        await server.SendAckAsync(PacketType.Pubrel, 1);
        await server.ExpectAckAsync(PacketType.Pubcomp, 1);
        Assert.Equal(MqttClientState.Connected, client.State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ServerThatForgetsTheReceiveMaximumOfASession_IsKeptWaiting(int qos)
    {
        var server = Server();
        var client = Client(server.Address, options => options.ReceiveMaximum = 2);
        client.Start();
        var connection = await server.GrantAsync(sessionPresent: true);
        for (ushort id = 1; id <= 10; id++)
            await connection.SendAsync(TestClient.Publish("t", $"{id}", qos, id));

        Assert.Equal(Enumerable.Range(1, 10).Select(number => $"{number}"), (await TakeAsync(client, 10)).Select(Text));
        Assert.Empty(Complaints);
    }

    [Fact]
    public async Task QoS1_NotTakenBeforeAReconnect_IsGivenOnce()
    {
        var server = Server();
        var client = Client(server.Address, options => options.AutoAcknowledge = false);
        client.Start();
        var connection = await server.GrantAsync();
        await connection.SendAsync(TestClient.Publish("t", "1", 1, 1));
        await ExpectNothingAsync(connection);
        connection.Close();

        connection = await server.GrantAsync(sessionPresent: true);
        await WaitForAsync(client, status => status.Server is { SessionPresent: true });
        await connection.SendAsync(TestClient.Publish("t", "1", 1, 1, duplicate: true));
        await connection.SendAsync(TestClient.Publish("t", "2", 1, 2));

        Assert.Equal(["1", "2"], (await TakeAsync(client, 2)).Select(Text));
    }

    [Fact]
    public async Task Handler_MayPublishAndSubscribe()
    {
        var broker = await BrokerAsync();
        MqttClient? client = null;
        var answers = Channel.CreateUnbounded<string>();
        client = Client(AddressOf(broker), options => options.OnMessage = async (message, cancellation) =>
        {
            answers.Writer.TryWrite($"{message.Message.Topic} {Text(message)}");
            if (message.Message.Topic != "question")
                return;
            await client!.SubscribeAsync("answer", MqttQualityOfService.AtLeastOnce, cancellation);
            await client.PublishAsync(Message("answer", "42", 1), cancellation);
        });
        await client.ConnectAsync();
        await client.SubscribeAsync("question", MqttQualityOfService.AtLeastOnce);

        await client.PublishAsync(Message("question", "?", 1));

        using var timeout = new CancellationTokenSource(TestClient.Patience);
        Assert.Equal("question ?", await answers.Reader.ReadAsync(timeout.Token));
        Assert.Equal("answer 42", await answers.Reader.ReadAsync(timeout.Token));
    }

    [Fact]
    public async Task SlowApplication_StopsTheReading_AndLosesNothing()
    {
        const int Count = 20_000;
        var server = Server();
        var client = Client(server.Address, options => options.MaxReceivedMessages = 10);
        client.Start();
        var connection = await server.GrantAsync();
        var payload = new string('x', 1000);
        var sending = Task.Run(async () =>
        {
            for (var number = 0; number < Count; number++)
                await connection.SendAsync(TestClient.Publish("t", $"{number} {payload}"));
        });

        var taken = await TakeAsync(client, 100);
        Assert.False(sending.IsCompleted); // 20 MB do not fit into the sockets: the server is stuck until somebody reads
        taken.AddRange(await TakeAsync(client, Count - 100));

        Assert.Equal(Enumerable.Range(0, Count), taken.Select(message => int.Parse(Text(message).Split(' ')[0], CultureInfo.InvariantCulture)));
        await sending;
        Assert.Equal(0, client.DroppedMessages);
    }

    [Fact]
    public async Task SlowApplication_IsPingedFor_AndStaysConnected()
    {
        var (client, server) = await ConnectAsync(options => (options.MaxReceivedMessages, options.KeepAliveSeconds, options.TimeProvider) = (1, 10, Time));
        await server.SendAsync(TestClient.Publish("t", "1"));
        await server.SendAsync(TestClient.Publish("t", "2"));
        await server.SendAsync(TestClient.Publish("t", "3"));
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        while (client.WaitingMessages == 0)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        for (var number = 0; number < 5; number++)
        {
            await client.PublishAsync(Message("t")); // returns when it is sent
            await server.ExpectAsync<PublishPacket>();
            Time.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(PacketType.Pingreq, (await server.ExpectAsync<PingPacket>()).Type);
        }

        Assert.Equal(MqttClientState.Connected, client.State);
        Assert.Equal(["1", "2", "3"], (await TakeAsync(client, 3)).Select(Text));
    }

    [Fact]
    public async Task HandlerThatWaitsForAnAnswerBehindAFlood_GetsIt()
    {
        MqttClient? client = null;
        var server = Server();
        var published = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client = Client(server.Address, options =>
        {
            (options.MaxReceivedMessages, options.KeepAliveSeconds, options.TimeProvider) = (5, 0, Time);
            options.OnMessage = async (_, cancellation) =>
            {
                await client!.PublishAsync(Message("answer", qos: 1), cancellation);
                published.TrySetResult();
            };
        });
        client.Start();
        var connection = await server.GrantAsync();
        await connection.SendAsync(TestClient.Publish("t"));
        var id = (await connection.ExpectAsync<PublishPacket>()).PacketId;
        for (var number = 0; number < 100; number++)
            await connection.SendAsync(TestClient.Publish("flood"));
        await connection.SendAckAsync(PacketType.Puback, id);

        while (!published.Task.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.True(client.DroppedMessages > 0);
    }

    [Fact]
    public async Task TopicAliasesOfTheServer_AreResolved()
    {
        var (client, server) = await ConnectAsync();
        Assert.Equal((ushort)16, server.Connect.Properties!.TopicAliasMaximum);
        await server.SendAsync(TestClient.Publish("long/topic", "1", properties: new() { TopicAlias = 16 }));
        await server.SendAsync(TestClient.Publish("", "2", properties: new() { TopicAlias = 16 }));

        Assert.All(await TakeAsync(client, 2), message => Assert.Equal("long/topic", message.Message.Topic));
    }

    [Fact]
    public async Task Subscriptions_CarryTheirOptions_AndComeBackWhenTheSessionIsLost()
    {
        var server = Server();
        var client = Client(server.Address);
        client.Start();
        var connection = await server.GrantAsync();
        var asking = client.SubscribeAsync(
        [
            new("a/+", MqttQualityOfService.AtLeastOnce) { NoLocal = true, RetainAsPublished = true, RetainHandling = MqttRetainHandling.DoNotSend, Identifier = 7 },
            new("b", MqttQualityOfService.ExactlyOnce) { Identifier = 7 },
            new("c") { Identifier = 7 },
        ]);
        var subscribe = await connection.ExpectAsync<SubscribePacket>();
        Assert.Equal(new SubscriptionRequest("a/+", MqttQualityOfService.AtLeastOnce, true, true, 2), subscribe.Subscriptions[0]);
        Assert.Equal([7u], subscribe.Properties!.SubscriptionIdentifiers);
        await connection.SendAsync(new SubackPacket(PacketType.Suback)
        {
            PacketId = subscribe.PacketId,
            ReasonCodes = [MqttReasonCode.GrantedQoS1, MqttReasonCode.NotAuthorized, MqttReasonCode.Success],
        });
        var results = await asking.WaitAsync(TestClient.Patience);
        Assert.Equal([MqttReasonCode.GrantedQoS1, MqttReasonCode.NotAuthorized, MqttReasonCode.Success], results.Select(result => result.ReasonCode));
        var leaving = client.UnsubscribeAsync(["c"]);
        var unsubscribe = await connection.ExpectAsync<UnsubscribePacket>();
        await connection.SendAsync(new SubackPacket(PacketType.Unsuback) { PacketId = unsubscribe.PacketId, ReasonCodes = [MqttReasonCode.Success] });
        await leaving.WaitAsync(TestClient.Patience);
        connection.Close();

        connection = await server.GrantAsync(sessionPresent: false);

        var restored = await connection.ExpectAsync<SubscribePacket>();
        Assert.Equal("a/+", Assert.Single(restored.Subscriptions).Filter);
        Assert.Equal([7u], restored.Properties!.SubscriptionIdentifiers);
    }

    [Fact]
    public async Task SubscriptionThatIsNotGivenBack_IsReported()
    {
        var lost = new TaskCompletionSource<MqttSubscribeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = Server();
        var client = Client(server.Address, options => options.OnSubscriptionLost = result => lost.TrySetResult(result));
        client.Start();
        var connection = await server.GrantAsync();
        var asking = client.SubscribeAsync("t");
        await GrantAsync(connection, MqttReasonCode.Success);
        await asking.WaitAsync(TestClient.Patience);
        connection.Close();

        await GrantAsync(await server.GrantAsync(), MqttReasonCode.NotAuthorized);

        Assert.Equal(new MqttSubscribeResult("t", MqttReasonCode.NotAuthorized), await lost.Task.WaitAsync(TestClient.Patience));
    }

    [Fact]
    public async Task SubscriptionThatTheServerCannotDo_IsNotSent()
    {
        var server = Server();
        var client = Client(server.Address);
        client.Start();
        await server.GrantAsync(properties: new() { WildcardSubscriptionAvailable = 0, SharedSubscriptionAvailable = 0, SubscriptionIdentifierAvailable = 0 });

        Assert.Equal(MqttReasonCode.WildcardSubscriptionsNotSupported, (await client.SubscribeAsync([new("a/#")]))[0].ReasonCode);
        Assert.Equal(MqttReasonCode.SharedSubscriptionsNotSupported, (await client.SubscribeAsync([new("$share/s/a")]))[0].ReasonCode);
        Assert.Equal(MqttReasonCode.SubscriptionIdentifiersNotSupported, (await client.SubscribeAsync([new("a") { Identifier = 1 }]))[0].ReasonCode);
    }

    private static async Task GrantAsync(FakeConnection connection, MqttReasonCode code)
    {
        var packet = await connection.ExpectAsync<SubscribePacket>();
        await connection.SendAsync(new SubackPacket(PacketType.Suback) { PacketId = packet.PacketId, ReasonCodes = [code] });
    }

    // PUBREL for what the client does not know is answered at once: what it had to send before has come.
    private static async Task ExpectNothingAsync(FakeConnection server)
    {
        await server.SendAckAsync(PacketType.Pubrel, 60_000);
        await server.ExpectAckAsync(PacketType.Pubcomp, 60_000, MqttReasonCode.PacketIdentifierNotFound);
    }

    private async Task<(MqttClient Client, FakeConnection Server)> ConnectAsync(Action<MqttClientOptions>? configure = null)
    {
        var server = Server();
        var client = Client(server.Address, configure);
        client.Start();
        var connection = await server.GrantAsync();
        await WaitForAsync(client, MqttClientState.Connected);
        return (client, connection);
    }
}

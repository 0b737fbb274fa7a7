using System.Text;
using System.Threading.Channels;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Broker;

public sealed class PublishHookTests : BrokerTestBase
{
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Publish_QoS1_IsAcknowledged_OnlyAfterTheHookCompletes(byte level)
    {
        var hook = new HeldHook();
        var broker = await StartAsync(options => options.OnPublish = hook.CallAsync);
        await using var client = await TestClient.ConnectAsync(broker, "c", (MqttProtocolVersion)level);

        await client.PublishAsync("t", "1", qos: 1, packetId: 11);
        var call = await hook.NextAsync();
        await client.ExpectNothingAsync();
        call.Complete();

        Assert.Equal(MqttReasonCode.Success, (await client.ExpectAckAsync(PacketType.Puback, 11)).ReasonCode);
    }

    [Fact]
    public async Task Publish_ManyOfOneConnection_AreWithTheHookAtOnce_AndAcknowledgedInOrder()
    {
        var hook = new HeldHook();
        var broker = await StartAsync(options => options.OnPublish = hook.CallAsync);
        await using var client = await TestClient.ConnectAsync(broker, "c");
        var calls = new List<HeldCall>();

        for (ushort id = 1; id <= 64; id++)
            await client.PublishAsync("t", $"{id}", qos: 1, packetId: id);
        for (var count = 0; count < 64; count++)
            calls.Add(await hook.NextAsync());
        Assert.Equal(Enumerable.Range(1, 64).Select(id => $"{id}"), calls.Select(call => call.Payload));

        foreach (var call in Enumerable.Reverse(calls.Skip(1)))
            call.Complete();
        await client.ExpectNothingAsync();
        calls[0].Complete();
        for (ushort id = 1; id <= 64; id++)
            await client.ExpectAckAsync(PacketType.Puback, id);
    }

    [Fact]
    public async Task Publish_OfAllConnections_IsHeldBack_WhileTheHookHasAllItMayHold()
    {
        var hook = new HeldHook();
        var broker = await StartAsync(options =>
        {
            options.OnPublish = hook.CallAsync;
            options.MaxPublishBytes = 10;
        });
        await using var first = await TestClient.ConnectAsync(broker, "first");
        await using var second = await TestClient.ConnectAsync(broker, "second");
        await using var other = await TestClient.ConnectAsync(broker, "other");
        await first.PublishAsync("t", "0123456789", qos: 1, packetId: 1);
        var held = await hook.NextAsync();
        await second.PublishAsync("t", "more", qos: 1, packetId: 1); // one comes on top
        var more = await hook.NextAsync();
        await first.PublishAsync("t", "first again", qos: 1, packetId: 2);
        await second.PublishAsync("t", "second again", qos: 1, packetId: 2);
        await other.ExpectNothingAsync(); // who does not publish is served
        Assert.Equal(2, hook.Count);

        held.Complete();
        await first.ExpectAckAsync(PacketType.Puback, 1);
        var next = await hook.NextAsync();
        more.Complete();
        next.Complete();
        var last = await hook.NextAsync();
        last.Complete();
        Assert.Equal(["first again", "second again"], new[] { next.Payload, last.Payload }.Order());
        await first.ExpectAckAsync(PacketType.Puback, 2);
        await second.ExpectAckAsync(PacketType.Puback, 1);
        await second.ExpectAckAsync(PacketType.Puback, 2);
    }

    [Fact]
    public async Task Publish_OverTheReceiveMaximum_EndsTheConnection()
    {
        var hook = new HeldHook();
        var broker = await StartAsync(options =>
        {
            options.OnPublish = hook.CallAsync;
            options.ReceiveMaximum = 2;
        });
        await using var client = await TestClient.ConnectAsync(broker, "c");
        for (ushort id = 1; id <= 3; id++)
            await client.PublishAsync("t", qos: 1, packetId: id);

        await client.ExpectDisconnectAsync(MqttReasonCode.ReceiveMaximumExceeded);
        (await hook.NextAsync()).Complete();
        (await hook.NextAsync()).Complete();
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(4, 0)]
    [InlineData(4, 1)]
    public async Task AStalledHook_StopsTheReadingOfItsConnection_AndOfNoOther(byte level, int qos)
    {
        var hook = new HeldHook();
        var broker = await StartAsync(options =>
        {
            options.OnPublish = context => context.Client.ClientId == "slow" ? hook.CallAsync(context) : new(MqttReasonCode.Success);
            options.ReceiveMaximum = 4;
        });
        await using var slow = await TestClient.ConnectAsync(broker, "slow", (MqttProtocolVersion)level);
        await using var other = await TestClient.ConnectAsync(broker, "other");

        for (ushort id = 1; id <= 10; id++)
            await slow.PublishAsync("t", $"{id}", qos, qos == 0 ? (ushort)0 : id);
        await slow.SendAsync(PingPacket.Request);
        var calls = new List<HeldCall>();
        for (var count = 0; count < 4; count++)
            calls.Add(await hook.NextAsync());
        await other.PublishAsync("t", qos: 1, packetId: 1);
        await other.ExpectAckAsync(PacketType.Puback, 1);
        Assert.Equal(4, hook.Count);

        hook.Release();
        calls.ForEach(call => call.Complete());
        for (ushort id = 1; qos == 1 && id <= 10; id++)
        {
            // the answer to the ping may come between the acknowledgements, never before all were read
            var packet = await slow.ReceiveAsync();
            if (packet is PingPacket)
                packet = await slow.ReceiveAsync();
            Assert.Equal(id, Assert.IsType<AckPacket>(packet).PacketId);
        }

        if (qos == 0)
            await slow.ExpectAsync<PingPacket>();
        Assert.Equal(10, hook.Count);
    }

    [Fact]
    public async Task AStalledHook_DoesNotCountAgainstTheKeepAlive()
    {
        var hook = new HeldHook();
        var broker = await StartOnManualTimeAsync(options =>
        {
            options.OnPublish = hook.CallAsync;
            options.ReceiveMaximum = 1;
        });
        await using var client = await TestClient.ConnectAsync(broker, "c", MqttProtocolVersion.V311, keepAlive: 10);
        await client.PublishAsync("t", qos: 1, packetId: 1);
        await client.PublishAsync("t", qos: 1, packetId: 2);
        var first = await hook.NextAsync();
        await WaitUntilHeldBackAsync(broker);

        Time.Advance(TimeSpan.FromMinutes(5));
        hook.Release();
        first.Complete();

        await client.ExpectAckAsync(PacketType.Puback, 1);
        await client.ExpectAckAsync(PacketType.Puback, 2);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(MqttReasonCode.QuotaExceeded)]
    [InlineData(MqttReasonCode.UnspecifiedError)]
    [InlineData(MqttReasonCode.NotAuthorized)]
    public async Task Publish_RefusedByTheHook_IsToldTheReason_AndReachesNobody(MqttReasonCode reason)
    {
        var broker = await StartAsync(options => options.OnPublish = context => new(context.Message.Topic == "t/no" ? reason : MqttReasonCode.Success));
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("t/+");

        await client.PublishAsync("t/no", qos: 1, packetId: 5, retain: true);
        Assert.Equal(reason, (await client.ExpectAckAsync(PacketType.Puback, 5)).ReasonCode);
        await client.PublishAsync("t/no", qos: 0);
        await client.ExpectNothingAsync();
        Assert.Equal(0, broker.RetainedCount);
        Assert.Equal(2, broker.Metrics.MessagesRefused);
    }

    [Fact]
    public async Task Publish_RefusedByTheHook_311_IsClosedWithoutAnAcknowledgement()
    {
        var broker = await StartAsync(options => options.OnPublish = _ => new(MqttReasonCode.QuotaExceeded));
        await using var client = await TestClient.ConnectAsync(broker, "c", MqttProtocolVersion.V311);
        await client.PublishAsync("t", qos: 1, packetId: 5);

        await client.ExpectClosedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Publish_ThrowingInTheHook_RefusesAndReports_AndTheConnectionGoesOn(bool synchronously)
    {
        var broker = await StartAsync(options => options.OnPublish = async context =>
        {
            if (!synchronously)
                await Task.Yield();
            return context.Message.Topic == "bad" ? throw new InvalidOperationException("disk full") : MqttReasonCode.Success;
        });
        await using var client = await TestClient.ConnectAsync(broker, "c");

        await client.PublishAsync("bad", qos: 1, packetId: 1);
        Assert.Equal(MqttReasonCode.UnspecifiedError, (await client.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode);
        await client.PublishAsync("good", qos: 1, packetId: 2);
        Assert.Equal(MqttReasonCode.Success, (await client.ExpectAckAsync(PacketType.Puback, 2)).ReasonCode);
        Assert.Equal("OnPublish: disk full", Assert.Single(Errors));
    }

    [Theory]
    [InlineData(null, false, MqttReasonCode.NoMatchingSubscribers)]
    [InlineData(null, true, MqttReasonCode.Success)]
    [InlineData(MqttReasonCode.Success, false, MqttReasonCode.Success)]
    [InlineData(MqttReasonCode.NoMatchingSubscribers, false, MqttReasonCode.NoMatchingSubscribers)]
    [InlineData(MqttReasonCode.NoMatchingSubscribers, true, MqttReasonCode.Success)]
    public async Task Publish_NobodyWants_IsToldSo_WhenNeitherHookNorSubscriberDid(MqttReasonCode? hook, bool isSubscribed, MqttReasonCode expected)
    {
        var broker = await StartAsync(options => options.OnPublish = hook is { } answer ? _ => new(answer) : null);
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await using var subscriber = await TestClient.ConnectAsync(broker, "s");
        if (isSubscribed)
            await subscriber.SubscribeAsync("t");

        await client.PublishAsync("t", qos: 1, packetId: 1);

        Assert.Equal(expected, (await client.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode);
    }

    [Fact]
    public async Task Publish_GivesTheHookEverything()
    {
        var seen = new TaskCompletionSource<MqttPublishContext>();
        var broker = await StartAsync(options => options.OnPublish = context =>
        {
            seen.TrySetResult(context);
            return new(MqttReasonCode.Success);
        });
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.PublishAsync("a/b", "{}", qos: 1, packetId: 1, retain: true, duplicate: true, properties: new PacketProperties
        {
            PayloadFormatIndicator = 1,
            ContentType = "application/json",
            ResponseTopic = "answer",
            CorrelationData = [9],
            MessageExpiryInterval = 60,
            UserProperties = [new("k", "1"), new("k", "2")],
        });
        await client.ExpectAckAsync(PacketType.Puback, 1);

        var context = await seen.Task;
        var message = context.Message;
        Assert.Equal(("c", true, false), (context.Client.ClientId, context.IsDuplicate, context.IsWill));
        Assert.Equal(("a/b", "{}", MqttQualityOfService.AtLeastOnce, true, true),
            (message.Topic, Encoding.UTF8.GetString(message.Payload.Span), message.QualityOfService, message.Retain, message.PayloadIsUtf8));
        Assert.Equal(("application/json", "answer", 60u), (message.ContentType, message.ResponseTopic, message.MessageExpiryInterval!.Value));
        Assert.Equal([9], message.CorrelationData!.Value.ToArray());
        Assert.Equal([new("k", "1"), new("k", "2")], message.UserProperties);
    }

    [Theory]
    [InlineData(5, MqttReasonCode.NotAuthorized)]
    [InlineData(4, MqttReasonCode.Success)]
    public async Task Publish_NotAuthorized_NeverReachesTheHook_AndIsToldOrDropped(byte level, MqttReasonCode told)
    {
        var calls = 0;
        var broker = await StartAsync(options =>
        {
            options.AuthorizePublish = context => new(context.Message.Topic == "secret" ? MqttReasonCode.NotAuthorized : MqttReasonCode.Success);
            options.OnPublish = _ => new(Interlocked.Increment(ref calls) > 0 ? MqttReasonCode.Success : MqttReasonCode.UnspecifiedError);
        });
        await using var client = await TestClient.ConnectAsync(broker, "c", (MqttProtocolVersion)level);
        await client.PublishAsync("secret", qos: 1, packetId: 1);

        Assert.Equal(told, (await client.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode);
        await client.PublishAsync("secret", qos: 2, packetId: 2);
        Assert.Equal(told, (await client.ExpectAckAsync(PacketType.Pubrec, 2)).ReasonCode);
        await client.PublishAsync("secret", qos: 0);
        await client.ExpectNothingAsync();
        Assert.Equal((0, 3), (calls, broker.Metrics.MessagesRefused));
    }

    [Fact]
    public async Task Stop_WaitsForTheHook_AndAcknowledgesBeforeGoodbye()
    {
        var hook = new HeldHook();
        var broker = await StartAsync(options => options.OnPublish = hook.CallAsync);
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.PublishAsync("t", qos: 1, packetId: 1);
        var call = await hook.NextAsync();

        var stopping = broker.StopAsync();
        Assert.False(stopping.IsCompleted);
        call.Complete();

        await client.ExpectAckAsync(PacketType.Puback, 1);
        await client.ExpectDisconnectAsync(MqttReasonCode.ServerShuttingDown);
        client.Drop();
        await stopping;
    }

    [Fact]
    public async Task APublishWithTheHook_IsRoutedEvenWhenItsClientIsGone()
    {
        var hook = new HeldHook();
        var broker = await StartAsync(options => options.OnPublish = hook.CallAsync);
        await using var subscriber = await TestClient.ConnectAsync(broker, "s");
        await subscriber.SubscribeAsync("t");
        var client = await TestClient.ConnectAsync(broker, "c");
        await client.PublishAsync("t", "kept", qos: 1, packetId: 1);
        var call = await hook.NextAsync();
        client.Drop();
        call.Complete();

        await subscriber.ExpectPublishAsync("t", "kept");
    }

    private static async Task WaitUntilHeldBackAsync(MqttBroker broker)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        while (broker.Metrics.TimesHeldBack == 0)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

/// <summary>A publish hook whose calls complete when the test says so.</summary>
internal sealed class HeldHook
{
    private readonly Channel<HeldCall> _calls = Channel.CreateUnbounded<HeldCall>();
    private volatile bool _released;
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public async ValueTask<MqttReasonCode> CallAsync(MqttPublishContext context)
    {
        Interlocked.Increment(ref _count);
        if (_released)
            return MqttReasonCode.Success;
        var call = new HeldCall(Encoding.UTF8.GetString(context.Message.Payload.Span));
        _calls.Writer.TryWrite(call);
        return await call.Result;
    }

    public async Task<HeldCall> NextAsync()
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        return await _calls.Reader.ReadAsync(timeout.Token);
    }

    /// <summary>Later calls complete at once.</summary>
    public void Release() => _released = true;
}

internal sealed class HeldCall(string payload)
{
    private readonly TaskCompletionSource<MqttReasonCode> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Payload => payload;

    public Task<MqttReasonCode> Result => _result.Task;

    public void Complete(MqttReasonCode reason = MqttReasonCode.Success) => _result.SetResult(reason);
}

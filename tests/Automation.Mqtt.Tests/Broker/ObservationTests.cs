using System.Globalization;
using System.Text;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>The tree of topics, and listeners to live messages.</summary>
public sealed class ObservationTests : BrokerTestBase
{
    [Fact]
    public async Task Topics_HaveTheirLastMessage_CountAndPublisher()
    {
        var broker = await StartOnManualTimeAsync();
        broker.Topics.List(null, 10);
        await using var client = await TestClient.ConnectAsync(broker, "sensor");
        await client.PublishAsync("plants/1/t", "20");
        await client.PublishAsync("plants/1/t", "21", retain: true);
        await client.ExpectNothingAsync();

        var topic = Assert.Single(broker.Topics.List("plants/1", 10).Children);
        Assert.Equal(("t", "plants/1/t", 2, true), (topic.Name, topic.Topic, topic.Messages, topic.IsRetained));
        Assert.Equal(("21", "sensor", Time.GetUtcNow()), (Encoding.UTF8.GetString(topic.Last!.Message.Payload.Span), topic.Last.ClientId, topic.Last.At));
    }

    [Fact]
    public async Task Levels_SumWhatIsBelow()
    {
        var broker = await StartOnManualTimeAsync();
        broker.Topics.List(null, 10);
        foreach (var topic in (string[])["p/1/a", "p/1/a", "p/1/b", "p/2", "p", "q"])
            await broker.PublishAsync(new MqttApplicationMessage { Topic = topic });

        var root = broker.Topics.List(null, 10);
        Assert.Equal((6, 5, null), (root.Level!.MessagesBelow, root.Level.TopicsBelow, root.Level.Last));
        Assert.Equal(["p", "q"], root.Children.Select(child => child.Name));
        var p = root.Children[0];
        Assert.Equal((1, 4, 3, 2), (p.Messages, p.MessagesBelow, p.TopicsBelow, p.ChildCount));
        Assert.Null(broker.Topics.List("p/1", 10).Level!.Last);
        Assert.Null(broker.Topics.List("nothing/here", 10).Level);
    }

    [Fact]
    public async Task Rates_AreOfTheLastTenSeconds()
    {
        var broker = await StartOnManualTimeAsync();
        broker.Topics.List(null, 10);
        for (var second = 0; second < 10; second++)
        {
            for (var n = 0; n < 3; n++)
                await broker.PublishAsync(new MqttApplicationMessage { Topic = "a/b" });
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, broker.Topics.List("a", 10).Children[0].MessagesPerSecond, 3);
        Assert.Equal(3, broker.Topics.List(null, 10).Children[0].MessagesPerSecondBelow, 3);
        Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1.5, broker.Topics.List("a", 10).Children[0].MessagesPerSecond, 3);
        Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(0, broker.Topics.List("a", 10).Children[0].MessagesPerSecond);
    }

    [Fact]
    public async Task TheTree_BeginsWithTheRetainedMessages()
    {
        var broker = await StartAsync();
        await broker.PublishAsync(new MqttApplicationMessage { Topic = "r/1", Payload = "on"u8.ToArray(), Retain = true });

        var topic = Assert.Single(broker.Topics.List("r", 10).Children);
        Assert.Equal((0, true, null, null), (topic.Messages, topic.IsRetained, topic.Last!.ClientId, topic.Last.At));
        Assert.Equal("on", Encoding.UTF8.GetString(topic.Last.Message.Payload.Span));
    }

    [Fact]
    public async Task TheTree_IsFilledOnlyWhileSomebodyLooks()
    {
        var broker = await StartOnManualTimeAsync();
        await broker.PublishAsync(new MqttApplicationMessage { Topic = "before" });
        Assert.Empty(broker.Topics.List(null, 10).Children);

        await broker.PublishAsync(new MqttApplicationMessage { Topic = "a" });
        Time.Advance(TimeSpan.FromSeconds(50));
        Assert.Single(broker.Topics.List(null, 10).Children); // and goes on
        Time.Advance(TimeSpan.FromSeconds(50));
        Assert.Single(broker.Topics.List(null, 10).Children);
        Time.Advance(TimeSpan.FromSeconds(MqttTopics.LeaseSeconds + 2));
        await Eventually.IsAsync(() => broker.Topics.List(null, 10).Children.Count == 0);
    }

    [Fact]
    public async Task TooManyTopics_DropThoseThatAreSilentForLongest()
    {
        var broker = await StartAsync(options => options.MaxWatchedTopics = 3);
        broker.Topics.List(null, 10);
        foreach (var topic in (string[])["a/1", "a/2", "b", "a/1", "c"])
            await broker.PublishAsync(new MqttApplicationMessage { Topic = topic });

        var root = broker.Topics.List(null, 10);
        Assert.Equal((1, 3, 4), (root.Dropped, root.Level!.TopicsBelow, root.Level.MessagesBelow));
        Assert.Equal(["1"], broker.Topics.List("a", 10).Children.Select(child => child.Name));
    }

    [Fact]
    public async Task TheTree_StaysWithinItsBytes_WhateverComes()
    {
        const int MaxBytes = 256 * 1024;
        var broker = await StartAsync(options => options.MaxWatchedBytes = MaxBytes);
        broker.Topics.List(null, 10);
        var deep = string.Join('/', Enumerable.Repeat("x", TopicName.MaximumLevels - 1));
        for (var n = 0; n < 200; n++)
            await broker.PublishAsync(new MqttApplicationMessage { Topic = string.Create(CultureInfo.InvariantCulture, $"{n}/{deep}"), Payload = new byte[100_000] });

        var root = broker.Topics.List(null, 200);
        // 128 levels and 4 KiB of payload each.
        Assert.InRange(root.Children.Count, 2, MaxBytes / (128 * 320 + 4096));
        Assert.Equal(200 - root.Children.Count, root.Dropped);
        Assert.Equal("199", root.Children.MaxBy(child => int.Parse(child.Name, CultureInfo.InvariantCulture))!.Name);
    }

    [Fact]
    public async Task LargePayloads_AreShownInPart()
    {
        var broker = await StartAsync();
        broker.Topics.List(null, 10);
        await broker.PublishAsync(new MqttApplicationMessage { Topic = "big", Payload = new byte[100_000] });

        var last = broker.Topics.List(null, 10).Children[0].Last!;
        Assert.Equal((100_000, true, MqttObservedMessage.MaxPayloadBytes), (last.PayloadBytes, last.IsCut, last.Message.Payload.Length));
    }

    [Fact]
    public async Task Children_ComeInPages()
    {
        var broker = await StartAsync();
        broker.Topics.List(null, 10);
        for (var n = 0; n < 500; n++)
            await broker.PublishAsync(new MqttApplicationMessage { Topic = string.Create(CultureInfo.InvariantCulture, $"{n:000}/x") });

        Assert.Equal(["000", "001"], broker.Topics.List(null, 2).Children.Select(child => child.Name));
        Assert.Equal(["498", "499"], broker.Topics.List(null, 20, after: "497").Children.Select(child => child.Name));
    }

    [Fact]
    public async Task AListener_HearsItsFilter_UntilItIsDisposed()
    {
        var broker = await StartAsync();
        using (var listener = broker.TryListen(Filter("a/+"))!)
        {
            await using var client = await TestClient.ConnectAsync(broker, "sensor");
            await client.PublishAsync("b/1");
            await client.PublishAsync("a/1", "x");
            await client.ExpectNothingAsync();

            await listener.WaitAsync(TestContext.Current.CancellationToken);
            var heard = listener.TryRead()!;
            Assert.Equal(("a/1", "sensor"), (heard.Message.Topic, heard.ClientId));
            Assert.Null(listener.TryRead());
            Assert.Null(broker.TryListen(Filter("#"), maxListeners: 1));
        }

        using var other = broker.TryListen(Filter("#"), maxListeners: 1);
        Assert.NotNull(other);
    }

    [Fact]
    public async Task ASlowListener_KeepsTheNewest_AndLearnsHowManyItLost()
    {
        var broker = await StartAsync();
        using var listener = broker.TryListen(Filter("#"))!;
        for (var n = 0; n < MqttMessageListener.MaxWaiting + 5; n++)
            await broker.PublishAsync(new MqttApplicationMessage { Topic = string.Create(CultureInfo.InvariantCulture, $"t/{n}") });

        Assert.Equal((5, 0), (listener.TakeDropped(), listener.TakeDropped()));
        Assert.Equal("t/5", listener.TryRead()!.Message.Topic);
    }

    [Fact]
    public async Task ASlowListener_HoldsFewBytes()
    {
        var broker = await StartAsync();
        using var listener = broker.TryListen(Filter("#"))!;
        for (var n = 0; n < 100; n++)
            await broker.PublishAsync(new MqttApplicationMessage { Topic = "t", Payload = new byte[4096], CorrelationData = new byte[60_000] });

        Assert.InRange(listener.TakeDropped(), 60, 80);
    }

    private static TopicFilter Filter(string text) => TopicFilter.TryParse(text, out var filter) ? filter : throw new ArgumentException(text);
}

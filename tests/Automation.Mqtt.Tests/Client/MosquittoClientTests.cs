using System.Collections.Concurrent;
using System.Globalization;
using Automation.Mqtt.Client;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

/// <summary>The client against the real mosquitto, with networks that are cut and brokers that are killed.</summary>
public sealed class MosquittoClientTests : ClientTestBase
{
    [Theory]
    [InlineData(MqttProtocolVersion.V311, 0)]
    [InlineData(MqttProtocolVersion.V311, 1)]
    [InlineData(MqttProtocolVersion.V311, 2)]
    [InlineData(MqttProtocolVersion.V5, 0)]
    [InlineData(MqttProtocolVersion.V5, 1)]
    [InlineData(MqttProtocolVersion.V5, 2)]
    public async Task Messages_GoOutAndComeBackInOrder(MqttProtocolVersion version, int qos)
    {
        var broker = await MosquittoAsync();
        var client = await ConnectAsync(broker.Address, options => options.ProtocolVersion = version);
        Assert.Equal(version, client.Status.Server!.ProtocolVersion);
        await client.SubscribeAsync("house/#", (MqttQualityOfService)qos);

        for (var number = 0; number < 500; number++)
            await client.EnqueueAsync(Message("house/room", $"{number}", qos));

        var received = await TakeAsync(client, 500);
        Assert.Equal(Numbers(500), received.Select(Text));
        Assert.All(received, message => Assert.Equal(qos, (int)message.Message.QualityOfService));
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V311, 1)]
    [InlineData(MqttProtocolVersion.V5, 1)]
    [InlineData(MqttProtocolVersion.V5, 2)]
    public async Task MessagesWhileTheBrokerIsKilled_ArriveWhenItIsBack(MqttProtocolVersion version, int qos)
    {
        var broker = await MosquittoAsync();
        var client = await ConnectAsync(broker.Address, options => options.ProtocolVersion = version);
        await client.SubscribeAsync("t/#", MqttQualityOfService.ExactlyOnce);
        await broker.KillAsync();
        await WaitForAsync(client, status => status.Server is null);
        var answers = new List<Task<MqttPublishResult>>();
        for (var number = 0; number < 300; number++)
            answers.Add(await client.EnqueueAsync(Message("t/1", $"{number}", qos)));
        Assert.Equal(300, client.QueuedMessages);

        await broker.RestartAsync(); // without the session: the subscription has to be given back

        Assert.Equal(Numbers(300), (await TakeAsync(client, 300)).Select(Text));
        Assert.All(await Task.WhenAll(answers).WaitAsync(TestClient.Patience), answer => Assert.True(answer.IsSuccess));
        Assert.Equal(0, client.QueuedMessages);
        Assert.Equal(0, client.QueuedBytes);
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V311)]
    [InlineData(MqttProtocolVersion.V5)]
    public async Task MessagesWhileTheClientIsAway_ArriveWhenItIsBack(MqttProtocolVersion version)
    {
        var broker = await MosquittoAsync();
        void Configure(MqttClientOptions options) => (options.ProtocolVersion, options.ClientId) = (version, "me");
        var first = await ConnectAsync(broker.Address, Configure);
        await first.SubscribeAsync("t", MqttQualityOfService.AtLeastOnce);
        await first.DisposeAsync();
        var other = await ConnectAsync(broker.Address, options => options.ProtocolVersion = version);
        for (var number = 0; number < 100; number++)
            await other.PublishAsync(Message("t", $"{number}", 1));

        var again = await ConnectAsync(broker.Address, Configure);

        Assert.True(again.Status.Server!.SessionPresent);
        Assert.Equal(Numbers(100), (await TakeAsync(again, 100)).Select(Text));
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V311)]
    [InlineData(MqttProtocolVersion.V5)]
    public async Task CleanStart_ForgetsTheOldSession_AndKeepsTheNewOne(MqttProtocolVersion version)
    {
        var broker = await MosquittoAsync();
        var network = Own(new NetworkProxy(broker.Port));
        void Configure(MqttClientOptions options) => (options.ProtocolVersion, options.ClientId) = (version, "me");
        var first = await ConnectAsync(broker.Address, Configure);
        await first.SubscribeAsync("old", MqttQualityOfService.AtLeastOnce);
        await first.DisposeAsync();

        var again = await ConnectAsync(network.Address, options =>
        {
            Configure(options);
            options.CleanStart = true;
        });
        Assert.False(again.Status.Server!.SessionPresent);
        await again.SubscribeAsync("new", MqttQualityOfService.AtLeastOnce);
        network.Cut();

        await WaitForAsync(again, status => status.Server is { SessionPresent: true });
        await again.PublishAsync(Message("old", "lost", 1));
        await again.PublishAsync(Message("new", "kept", 1));
        Assert.Equal("kept", Text((await TakeAsync(again, 1))[0]));
    }

    [Fact]
    public async Task Unacknowledged_ComesAgainWithDup()
    {
        var broker = await MosquittoAsync();
        var network = Own(new NetworkProxy(broker.Port));
        var client = await ConnectAsync(network.Address, options => options.AutoAcknowledge = false);
        await client.SubscribeAsync("t", MqttQualityOfService.AtLeastOnce);
        await client.PublishAsync(Message("t", "1", 1));
        var first = (await TakeAsync(client, 1))[0];
        Assert.False(first.IsDuplicate);

        network.Cut();

        var second = (await TakeAsync(client, 1))[0];
        Assert.True(second.IsDuplicate);
        Assert.False(first.Acknowledge());
        Assert.True(second.Acknowledge());
        await client.PublishAsync(Message("t", "2", 1));
        Assert.Equal("2", Text((await TakeAsync(client, 1))[0]));
    }

    [Fact]
    public async Task Will_ComesAfterItsDelay_WhenTheConnectionIsLost()
    {
        var broker = await MosquittoAsync();
        var network = Own(new NetworkProxy(broker.Port));
        var watcher = await ConnectAsync(broker.Address);
        await watcher.SubscribeAsync("gone", MqttQualityOfService.AtLeastOnce);
        await ConnectAsync(network.Address, options =>
        {
            options.Will = new MqttWill(Message("gone", "x", 1), DelaySeconds: 1);
            options.ReconnectDelay = options.MaxReconnectDelay = TimeSpan.FromHours(1);
            options.Jitter = () => 1;
        });

        network.Cut();

        Assert.Equal("gone", (await TakeAsync(watcher, 1))[0].Message.Topic);
    }

    [Fact]
    public async Task SharedSubscription_GivesEachMessageToOneClient()
    {
        var broker = await MosquittoAsync();
        var received = new ConcurrentQueue<string>();
        using var count = new SemaphoreSlim(0);
        for (var number = 0; number < 2; number++)
        {
            var worker = await ConnectAsync(broker.Address, options => options.OnMessage = (message, _) =>
            {
                received.Enqueue(Text(message));
                count.Release();
                return default;
            });
            await worker.SubscribeAsync("$share/workers/jobs", MqttQualityOfService.AtLeastOnce);
        }

        var publisher = await ConnectAsync(broker.Address);
        for (var number = 0; number < 100; number++)
            await publisher.PublishAsync(Message("jobs", $"{number}", 1));

        for (var number = 0; number < 100; number++)
            Assert.True(await count.WaitAsync(TestClient.Patience));
        Assert.Equal(Numbers(100), received.OrderBy(text => int.Parse(text, CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("right", null)]
    [InlineData("wrong", MqttReasonCode.NotAuthorized)]
    public async Task UserAndPassword_AreThoseOfTheAddress(string password, MqttReasonCode? refusal)
    {
        var passwords = Path.Combine(Folder, "passwords");
        await File.WriteAllTextAsync(passwords, "me:right\n");
        using (var hash = System.Diagnostics.Process.Start("mosquitto_passwd", ["-U", passwords]))
            await hash.WaitForExitAsync();
        var broker = await MosquittoAsync(port => $"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n");
        var client = Client(new Uri($"mqtt://me:{password}@127.0.0.1:{broker.Port}"));

        client.Start();

        var status = await WaitForAsync(client, status => status.State is MqttClientState.Connected or MqttClientState.Refused);
        Assert.Equal(refusal, status.Reason?.ReasonCode);
    }

    [Fact]
    public async Task ServerThatSendsMoreThanReceiveMaximum_IsKeptWaiting_IfThatIsAskedFor()
    {
        var broker = await MosquittoAsync();
        var client = await ConnectAsync(broker.Address, options =>
            (options.ReceiveMaximum, options.EnforceReceiveMaximum, options.AutoAcknowledge) = (3, false, false));
        await client.SubscribeAsync("t", MqttQualityOfService.AtLeastOnce);
        var other = await ConnectAsync(broker.Address);
        for (var number = 0; number < 20; number++)
            await other.PublishAsync(Message("t", $"{number}", 1));

        var received = await TakeAsync(client, 3);
        Assert.Equal(0, client.WaitingMessages);
        for (var number = 3; number < 20; number++)
        {
            received[number - 3].Acknowledge(); // mosquitto now sends three more
            received.AddRange(await TakeAsync(client, 1));
        }

        Assert.Equal(Numbers(20), received.Select(Text));
        Assert.All(received, message => Assert.False(message.IsDuplicate));
        Assert.Null(client.Reason);
    }

    [Fact]
    public async Task Password_IsAskedForAtEachAttempt()
    {
        var passwords = Path.Combine(Folder, "passwords");
        await File.WriteAllTextAsync(passwords, "me:right\n");
        using (var hash = System.Diagnostics.Process.Start("mosquitto_passwd", ["-U", passwords]))
            await hash.WaitForExitAsync();
        var broker = await MosquittoAsync(port => $"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n");
        var attempts = 0;
        var reasons = new ConcurrentQueue<MqttDisconnectReason?>();
        var client = Client(broker.Address, options =>
        {
            options.OnStatus = status => reasons.Enqueue(status.Reason);
            (options.UserName, options.RetryRefused) = ("me", true);
            options.PasswordSource = () => ++attempts switch
            {
                1 => "wrong"u8.ToArray(),
                2 => throw new InvalidOperationException("There is no password."),
                _ => "right"u8.ToArray(),
            };
        });

        client.Start();

        await WaitForAsync(client, status => status.State == MqttClientState.Connected);
        Assert.Contains(reasons, reason => reason?.ReasonCode == MqttReasonCode.NotAuthorized);
        Assert.Contains(reasons, reason => reason?.Text == "There is no password.");
    }

    private static IEnumerable<string> Numbers(int count) => Enumerable.Range(0, count).Select(number => number.ToString(CultureInfo.InvariantCulture));
}

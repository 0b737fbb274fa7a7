using System.Globalization;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;
using Automation.Mqtt.Topics;
using FsCheck;
using FsCheck.Fluent;

namespace Automation.Mqtt.Tests.Storage;

/// <summary>
/// A broker that dies after any unit of its store, with publishers and subscribers that go on with the next one: nothing acknowledged is
/// lost, QoS 2 comes once, each publisher's order is kept for each topic and QoS, and no packet identifier stands for two messages.
/// </summary>
public sealed class CrashTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EveryCut_KeepsThePromises(bool withHook)
    {
        var isReached = true;
        for (var cut = 1; isReached; cut++)
            isReached = await new Scenario(seed: 1, messages: 4, slackness: 0.2, withHook).RunAsync([cut]);
    }

    [Fact]
    public void AnyNumberOfCuts_KeepsThePromises() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(25),
        Prop.ForAll(
            (from seed in Gen.Choose(0, int.MaxValue)
             from messages in Gen.Choose(3, 30)
             from slack in Gen.Choose(0, 50)
             from withHook in Gen.Elements(true, false)
             from cuts in Gen.ListOf(Gen.Choose(1, 60))
             select (seed, messages, slack, withHook, cuts)).ToArbitrary(),
            sample =>
            {
                new Scenario(sample.seed, sample.messages, sample.slack / 100.0, sample.withHook).RunAsync([.. sample.cuts.Take(6)]).GetAwaiter().GetResult();
                return true;
            }));

    private sealed class Scenario
    {
        private readonly string _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        private readonly bool _withHook;
        private readonly List<ModelPublisher> _publishers;
        private readonly List<ModelSubscriber> _subscribers;
        private readonly List<string> _sent = [];

        public Scenario(int seed, int messages, double slackness, bool withHook)
        {
            _withHook = withHook;
            _publishers =
            [
                new ModelPublisher("p1", MqttProtocolVersion.V5, Messages("p1", messages), window: 5),
                new ModelPublisher("p2", MqttProtocolVersion.V311, Messages("p2", messages), window: 3),
            ];
            _subscribers =
            [
                new ModelSubscriber("s1", MqttProtocolVersion.V5, "t/#", MqttQualityOfService.ExactlyOnce, Seeded(seed), slackness),
                new ModelSubscriber("s2", MqttProtocolVersion.V311, "t/#", MqttQualityOfService.AtLeastOnce, Seeded(seed + 1), slackness),
            ];
        }

        /// <returns>Whether the broker was cut as often as asked for.</returns>
        public async Task<bool> RunAsync(int[] cuts)
        {
            try
            {
                var reached = 0;
                foreach (var cut in cuts)
                    reached += await RunBrokerAsync(cut) ? 1 : 0;
                await RunBrokerAsync(int.MaxValue);
                await CheckAsync();
                return reached == cuts.Length;
            }
            finally
            {
                File.Delete(_file);
            }
        }

        private static Random Seeded(int seed)
        {
#pragma warning disable RS0030 // seeded by the property
            return new Random(seed);
#pragma warning restore RS0030
        }

        private static string RunIn(string text) => text[..text.LastIndexOf('/')];

        private Queue<PublishPacket> Messages(string publisher, int count)
        {
            var messages = new Queue<PublishPacket>();
            for (var number = 0; number < count; number++)
            {
                var qos = 1 + (number % 2);
                var payload = string.Create(CultureInfo.InvariantCulture, $"{publisher}/{qos}/{number:0000}");
                messages.Enqueue(TestClient.Publish($"t/{publisher}", payload, qos, retain: number % 5 == 4));
                _sent.Add(payload);
            }

            return messages;
        }

        // One life of the broker: until everything is done, or until its store is cut.
        private async Task<bool> RunBrokerAsync(int cut)
        {
            await using var store = new FileStore(_file, cut);
            var broker = new MqttBroker(new MqttBrokerOptions
            {
                EndPoint = new(System.Net.IPAddress.Loopback, 0),
                Store = store,
                MaxInFlight = 4,
                OnPublish = _withHook ? context => StoreEventAsync(store, context) : null,
            });
            await broker.StartAsync();
            using var end = new CancellationTokenSource();
            var receiving = _subscribers.ConvertAll(subscriber => Task.Run(() => subscriber.RunAsync(broker, end.Token)));
            var sending = Task.Run(() => SendAsync(broker, end.Token));
            var all = Task.Run(() => WaitForAllAsync(end.Token));
            using var patience = new CancellationTokenSource(TestClient.Patience);
            await Task.WhenAny(store.Cut, all, Task.WhenAll(receiving), Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, patience.Token));
            Assert.False(patience.IsCancellationRequested, $"Still missing {string.Join(' ', Missing())}; log:\n{await File.ReadAllTextAsync(_file)}");

            await end.CancelAsync();
            _subscribers.ForEach(subscriber => subscriber.Drop());
            _publishers.ForEach(publisher => publisher.Drop());
            var stopping = broker.DisposeAsync().AsTask();
            if (store.Cut.IsCompleted || await Task.WhenAny(stopping, store.Cut) == store.Cut)
                store.Crash();
            await stopping;
            await Task.WhenAll([.. receiving, sending, all]);
            return store.Cut.IsCompleted;
        }

        private IEnumerable<string> Missing() => _subscribers.SelectMany(subscriber => _sent.Where(payload => !subscriber.Has(payload)));

        private async Task SendAsync(MqttBroker broker, CancellationToken end)
        {
            while (!_subscribers.TrueForAll(subscriber => subscriber.IsSubscribed) && !end.IsCancellationRequested)
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
            await Task.WhenAll(_publishers.ConvertAll(publisher => Task.Run(async () =>
            {
                while (!publisher.IsDone && !end.IsCancellationRequested)
                    await publisher.RunAsync(broker, end);
            })));
        }

        private async Task WaitForAllAsync(CancellationToken end)
        {
            while (!end.IsCancellationRequested && !(_publishers.TrueForAll(publisher => publisher.IsDone) && !Missing().Any()))
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
        }

        // The application's record of a message, in one unit with the broker's.
        private static async ValueTask<MqttReasonCode> StoreEventAsync(FileStore store, MqttPublishContext context)
        {
            await store.AppendAsync(context.TakeChanges(), System.Text.Encoding.UTF8.GetString(context.Message.Payload.Span));
            return MqttReasonCode.Success;
        }

        private async Task CheckAsync()
        {
            Assert.Equal(_sent.Order(), _publishers.SelectMany(publisher => publisher.Acknowledged).Order());
            foreach (var received in _subscribers.Select(subscriber => subscriber.Received))
            {
                Assert.Equal(_sent.Order(), received.Select(ModelSubscriber.TextOf).Distinct().Order());
                foreach (var stream in received.Select(ModelSubscriber.TextOf).Distinct().GroupBy(RunIn))
                    Assert.Equal(stream.Order(), stream);
            }

            var exactlyOnce = _subscribers[0].Received.Where(packet => packet.QualityOfService == MqttQualityOfService.ExactlyOnce).Select(ModelSubscriber.TextOf).ToList();
            Assert.Equal(exactlyOnce.Distinct(), exactlyOnce);

            await using var store = new FileStore(_file);
            if (_withHook)
            {
                var notes = await store.NotesAsync();
                Assert.Equal(_sent.Order(), notes.Distinct().Order());
                Assert.Equal(notes.Where(note => note.Contains("/2/", StringComparison.Ordinal)).Distinct(), notes.Where(note => note.Contains("/2/", StringComparison.Ordinal)));
            }

            await CheckCleanedAsync(store);
        }

        // What the sessions leave behind when they end: nothing but what is retained.
        private async Task CheckCleanedAsync(FileStore store)
        {
            var broker = new MqttBroker(new MqttBrokerOptions { EndPoint = new(System.Net.IPAddress.Loopback, 0), Store = store });
            await broker.StartAsync();
            var retained = broker.Retained.List(Filter("#"), int.MaxValue).Select(message => System.Text.Encoding.UTF8.GetString(message.Payload.Span)).Order().ToList();
            Assert.Equal(
                _sent.GroupBy(payload => payload[..2]).Select(sent => sent.Where((_, number) => number % 5 == 4).DefaultIfEmpty("").Last()).Where(payload => payload.Length > 0).Order(),
                retained);
            foreach (var clientId in new[] { "p1", "p2", "s1", "s2" })
            {
                await using var client = await TestClient.ConnectAsync(broker, clientId);
                await client.ExpectNothingAsync();
            }

            await broker.DisposeAsync();
            var state = await store.StateAsync();
            Assert.Empty(state.Sessions);
            Assert.Equal(state.Retained.Values.Order(), state.Messages.Keys.Order());
        }

        private static TopicFilter Filter(string text) => TopicFilter.TryParse(text, out var filter) ? filter : throw new ArgumentException(text);
    }
}

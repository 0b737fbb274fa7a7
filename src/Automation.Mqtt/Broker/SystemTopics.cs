using System.Globalization;
using System.Reflection;
using System.Text;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>
/// The broker's figures as retained messages under <c>$SYS/broker</c>, with mosquitto's names. Every ten seconds the rates are
/// brought up to date, and if anybody subscribes to one of the topics all are published; without subscribers none is kept.
/// </summary>
/// <remarks>Texts: numbers in invariant form, rates with two decimals, <c>uptime</c> as <c>12 seconds</c>. QoS 0.</remarks>
internal sealed class SystemTopics
{
    /// <summary>Clients may not publish to the topics below this level.</summary>
    public const string Root = "$SYS";

    private const string Prefix = Root + "/broker/";
    private const int IntervalSeconds = 10;
    // For a new subscriber the messages are renewed, though not for each of a thousand at once.
    private const int LeastSecondsBetween = 1;

    private readonly BrokerContext _broker;
    private readonly Lock _lock = new();
    private readonly (string Topic, Func<long> Value)[] _counts;
    private readonly LoadAverage[] _loads;
    private readonly long _start;
    private readonly string _version;
    private long _renewedAt = -LeastSecondsBetween;
    private bool _areKept;

    public SystemTopics(BrokerContext broker)
    {
        _broker = broker;
        _start = broker.Options.TimeProvider.GetTimestamp();
        _version = "Automation.Mqtt " + typeof(SystemTopics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        var metrics = broker.Metrics;
        _counts =
        [
            ("clients/total", () => broker.Sessions.Count),
            ("clients/connected", () => broker.Sessions.ConnectedCount),
            ("clients/active", () => broker.Sessions.ConnectedCount),
            ("clients/disconnected", () => broker.Sessions.Count - broker.Sessions.ConnectedCount),
            ("clients/inactive", () => broker.Sessions.Count - broker.Sessions.ConnectedCount),
            ("clients/maximum", () => broker.Sessions.MaximumConnectedCount),
            ("clients/expired", () => broker.Sessions.ExpiredCount),
            ("messages/received", () => metrics.PacketsReceived),
            ("messages/sent", () => metrics.PacketsSent),
            ("messages/stored", () => broker.Retained.Count),
            ("store/messages/count", () => broker.Retained.Count),
            ("store/messages/bytes", () => broker.Retained.Bytes),
            ("retained messages/count", () => broker.Retained.Count),
            ("subscriptions/count", () => broker.Subscriptions.Count),
            ("shared_subscriptions/count", () => broker.Subscriptions.SharedCount),
            ("publish/messages/received", () => metrics.MessagesReceived),
            ("publish/messages/sent", () => metrics.MessagesSent),
            ("publish/messages/dropped", () => metrics.MessagesDropped),
            ("publish/bytes/received", () => metrics.PayloadBytesReceived),
            ("publish/bytes/sent", () => metrics.PayloadBytesSent),
            ("bytes/received", () => metrics.BytesReceived),
            ("bytes/sent", () => metrics.BytesSent),
        ];
        _loads =
        [
            new("messages/received", () => metrics.PacketsReceived),
            new("messages/sent", () => metrics.PacketsSent),
            new("publish/received", () => metrics.MessagesReceived),
            new("publish/sent", () => metrics.MessagesSent),
            new("publish/dropped", () => metrics.MessagesDropped),
            new("bytes/received", () => metrics.BytesReceived),
            new("bytes/sent", () => metrics.BytesSent),
            new("sockets", () => metrics.ConnectionsTotal),
            new("connections", () => metrics.ConnectsAccepted),
        ];
        broker.Wheel.Schedule(new Deadline(OnTick), IntervalSeconds);
    }

    /// <summary>Whether the topic or filter is one of the broker's own.</summary>
    public static bool Owns(ReadOnlySpan<char> topic) => topic.StartsWith(Root) && (topic.Length == Root.Length || topic[Root.Length] == '/');

    /// <summary>Brings the retained messages up to date, for a subscription that is being made.</summary>
    public void Renew()
    {
        lock (_lock)
        {
            var now = _broker.Wheel.Now;
            if (_areKept && now - _renewedAt < LeastSecondsBetween)
                return;
            _renewedAt = now;
            _areKept = true;
            foreach (var message in Messages())
                _broker.Retained.TrySet(message);
        }
    }

    private long OnTick(long now)
    {
        lock (_lock)
        {
            foreach (var load in _loads)
                load.Add(IntervalSeconds);
            if (HasSubscribers())
                Publish(now);
            else if (_areKept)
                Forget();
        }

        return now + IntervalSeconds;
    }

    private void Publish(long now)
    {
        _renewedAt = now;
        _areKept = true;
        foreach (var message in Messages())
            _broker.Router.Route(message, origin: null);
    }

    private void Forget()
    {
        _areKept = false;
        foreach (var (topic, _) in Values())
            _broker.Retained.TrySet(new RoutedMessage(new MqttApplicationMessage { Topic = topic, Retain = true }, _broker.Options.TimeProvider));
    }

    private bool HasSubscribers()
    {
        var matches = new Matches();
        foreach (var (topic, _) in Values())
        {
            _broker.Subscriptions.Collect(topic, matches);
            if (matches.Subscriptions.Count + matches.Groups.Count > 0)
                return true;
        }

        return false;
    }

    private IEnumerable<RoutedMessage> Messages()
    {
        foreach (var (topic, value) in Values())
        {
            var message = new MqttApplicationMessage { Topic = topic, Payload = Encoding.UTF8.GetBytes(value()), Retain = true, PayloadIsUtf8 = true };
            yield return new RoutedMessage(message, _broker.Options.TimeProvider);
        }
    }

    private IEnumerable<(string Topic, Func<string> Text)> Values()
    {
        yield return (Prefix + "version", () => _version);
        yield return (Prefix + "uptime", () => Format((long)_broker.Options.TimeProvider.GetElapsedTime(_start).TotalSeconds) + " seconds");
        foreach (var (topic, value) in _counts)
            yield return (Prefix + topic, () => Format(value()));
        foreach (var load in _loads)
        {
            for (var index = 0; index < LoadAverage.Minutes.Length; index++)
            {
                var window = index;
                yield return ($"{Prefix}load/{load.Name}/{LoadAverage.Minutes[index]}min", () => load.PerMinute[window].ToString("F2", CultureInfo.InvariantCulture));
            }
        }
    }

    private static string Format(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A counter's growth a minute, as moving averages that forget exponentially, as load averages do.</summary>
    private sealed class LoadAverage(string name, Func<long> counter)
    {
        public static readonly int[] Minutes = [1, 5, 15];

        private long _last = counter();

        public string Name => name;

        public double[] PerMinute { get; } = new double[Minutes.Length];

        public void Add(double seconds)
        {
            var count = counter();
            var rate = (count - _last) * 60 / seconds;
            _last = count;
            for (var index = 0; index < Minutes.Length; index++)
                PerMinute[index] = rate + (Math.Exp(-seconds / (60 * Minutes[index])) * (PerMinute[index] - rate));
        }
    }
}

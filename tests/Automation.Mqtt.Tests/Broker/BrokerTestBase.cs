using Automation.Mqtt.Broker;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>Starts brokers on free ports, and stops them after the test.</summary>
public abstract class BrokerTestBase : IAsyncLifetime
{
    private readonly List<MqttBroker> _brokers = [];

    private protected ManualTimeProvider Time { get; } = new();

    private protected List<string> Errors { get; } = [];

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _brokers)
        {
            // Cut what is open: a test that failed may have left a client, for which a broker on manual time would wait for ever.
            await broker.StopAsync(new CancellationToken(canceled: true));
            await broker.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    private protected async Task<MqttBroker> StartAsync(Action<MqttBrokerOptions>? configure = null)
    {
        var options = new MqttBrokerOptions
        {
            EndPoint = new(System.Net.IPAddress.Loopback, 0),
            OnError = (what, exception) =>
            {
                lock (Errors)
                    Errors.Add($"{what}: {exception.Message}");
            },
        };
        configure?.Invoke(options);
        var broker = new MqttBroker(options);
        _brokers.Add(broker);
        await broker.StartAsync();
        return broker;
    }

    /// <summary>A broker whose clock only moves by <see cref="Time"/>.</summary>
    private protected Task<MqttBroker> StartOnManualTimeAsync(Action<MqttBrokerOptions>? configure = null) =>
        StartAsync(options =>
        {
            options.TimeProvider = Time;
            configure?.Invoke(options);
        });
}

using System.Diagnostics.Metrics;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

// What happens to connections before their CONNECT is accepted.
public sealed partial class MqttBrokerMetrics
{
    private long _connectionsOverLimit;
    private long _connectionsOverRate;
    private long _tlsFailures;
    private long _upgradeFailures;
    private long _connectTimeouts;
    private long _connectsRefused;

    /// <summary>Connections closed at once, because there were too many of them all or of their address.</summary>
    public long ConnectionsOverLimit => Volatile.Read(ref _connectionsOverLimit);

    /// <summary>Connections closed at once, because their address opened too many a second.</summary>
    public long ConnectionsOverRate => Volatile.Read(ref _connectionsOverRate);

    /// <summary>TLS handshakes that failed: no TLS, no common version, no acceptable client certificate, or the peer left.</summary>
    public long TlsFailures => Volatile.Read(ref _tlsFailures);

    /// <summary>WebSocket upgrades that were refused or not finished.</summary>
    public long UpgradeFailures => Volatile.Read(ref _upgradeFailures);

    /// <summary>Connections cut because no whole CONNECT had come in <see cref="MqttBrokerOptions.ConnectTimeout"/>.</summary>
    public long ConnectTimeouts => Volatile.Read(ref _connectTimeouts);

    /// <summary>CONNECTs that were answered with a refusal.</summary>
    public long ConnectsRefused => Volatile.Read(ref _connectsRefused);

    internal void ConnectionRefused(bool isTooFast) => Interlocked.Increment(ref isTooFast ? ref _connectionsOverRate : ref _connectionsOverLimit);

    internal void OpenFailed(OpenResult result)
    {
        if (result == OpenResult.TlsFailed)
            Interlocked.Increment(ref _tlsFailures);
        else if (result == OpenResult.UpgradeFailed)
            Interlocked.Increment(ref _upgradeFailures);
    }

    internal void ConnectTimedOut() => Interlocked.Increment(ref _connectTimeouts);

    internal void ConnectRefused() => Interlocked.Increment(ref _connectsRefused);

    private void PublishConnecting(Meter meter)
    {
        meter.CreateObservableCounter("mqtt.connections.refused", Refusals, description: "Connections closed at once");
        meter.CreateObservableCounter("mqtt.handshakes.failed", Failures, description: "TLS handshakes and WebSocket upgrades that failed");
        meter.CreateObservableCounter("mqtt.connects.timed_out", () => ConnectTimeouts, description: "Connections without a whole CONNECT in time");
        meter.CreateObservableCounter("mqtt.connects.refused", () => ConnectsRefused, description: "CONNECTs answered with a refusal");
    }

    private IEnumerable<Measurement<long>> Refusals() =>
    [
        new(ConnectionsOverLimit, new KeyValuePair<string, object?>("reason", "limit")),
        new(ConnectionsOverRate, new KeyValuePair<string, object?>("reason", "rate")),
    ];

    private IEnumerable<Measurement<long>> Failures() =>
    [
        new(TlsFailures, new KeyValuePair<string, object?>("kind", "tls")),
        new(UpgradeFailures, new KeyValuePair<string, object?>("kind", "websocket")),
    ];
}

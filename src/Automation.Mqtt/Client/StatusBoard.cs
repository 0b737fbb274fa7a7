using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Automation.Mqtt.Client;

/// <summary>The client's current state, and everybody who watches it.</summary>
internal sealed class StatusBoard(MqttClientOptions options)
{
    // A watcher that sleeps misses the oldest changes.
    private const int ChangesKept = 64;

    private readonly Lock _lock = new();
    private readonly List<Channel<MqttClientStatus>> _watchers = [];
    private MqttClientStatus _current = new() { State = MqttClientState.Stopped, Since = options.TimeProvider.GetUtcNow() };

    public MqttClientStatus Current => Volatile.Read(ref _current);

    public void Set(MqttClientState state, MqttDisconnectReason? reason, int attempt, MqttServerInfo? server = null, DateTimeOffset? nextAttempt = null)
    {
        var status = new MqttClientStatus
        {
            State = state,
            Since = options.TimeProvider.GetUtcNow(),
            Reason = reason,
            Attempt = attempt,
            NextAttempt = nextAttempt,
            Server = server,
        };
        lock (_lock)
        {
            Volatile.Write(ref _current, status);
            foreach (var watcher in _watchers)
                watcher.Writer.TryWrite(status);
        }

        try
        {
            options.OnStatus?.Invoke(status);
        }
        catch (Exception exception)
        {
            options.OnError?.Invoke("OnStatus", exception);
        }
    }

    public async IAsyncEnumerable<MqttClientStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<MqttClientStatus>(new BoundedChannelOptions(ChangesKept) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            channel.Writer.TryWrite(_current);
            _watchers.Add(channel);
        }

        try
        {
            await foreach (var status in channel.Reader.ReadAllAsync(cancellationToken))
                yield return status;
        }
        finally
        {
            lock (_lock)
                _watchers.Remove(channel);
        }
    }
}

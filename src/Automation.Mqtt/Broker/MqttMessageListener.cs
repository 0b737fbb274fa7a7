using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>
/// Hears the messages on a filter as they are routed, until it is disposed. Publishers never wait for it: what is not read in time is
/// dropped, oldest first, and counted.
/// </summary>
public sealed class MqttMessageListener : IDisposable
{
    /// <summary>Most messages that wait to be read.</summary>
    public const int MaxWaiting = 256;

    /// <summary>Most bytes of messages that wait to be read, texts and objects included.</summary>
    public const int MaxWaitingBytes = 2 * 1024 * 1024;

    private readonly Observers _observers;
    private readonly Lock _lock = new();
    private readonly Queue<(MqttObservedMessage Message, int Size)> _waiting = new();
    private readonly SemaphoreSlim _arrived = new(0, 1);
    private long _bytes;
    private long _dropped;

    internal MqttMessageListener(TopicFilter filter, Observers observers)
    {
        Filter = filter;
        _observers = observers;
    }

    /// <summary>What it listens to. As with a subscription, <c>#</c> does not match topics that begin with <c>$</c>.</summary>
    public TopicFilter Filter { get; }

    /// <summary>Completes when there may be something to read. One waits at a time.</summary>
    public Task WaitAsync(CancellationToken cancellationToken = default) => _arrived.WaitAsync(cancellationToken);

    /// <summary>Takes the oldest message that was not read; null when there is none.</summary>
    public MqttObservedMessage? TryRead()
    {
        lock (_lock)
        {
            if (!_waiting.TryDequeue(out var oldest))
                return null;
            _bytes -= oldest.Size;
            return oldest.Message;
        }
    }

    /// <summary>How many messages were dropped since the last call.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    /// <summary>Hears no more.</summary>
    public void Dispose() => _observers.Remove(this);

    internal void Offer(MqttObservedMessage message, int size)
    {
        lock (_lock)
        {
            _waiting.Enqueue((message, size));
            _bytes += size;
            while (_waiting.Count > MaxWaiting || _bytes > MaxWaitingBytes)
            {
                _bytes -= _waiting.Dequeue().Size;
                Interlocked.Increment(ref _dropped);
            }

            if (_arrived.CurrentCount == 0)
                _arrived.Release();
        }
    }
}

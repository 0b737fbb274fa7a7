using System.Threading.Channels;

namespace Automation.Mqtt.Broker;

/// <summary>
/// What a connection may do only once the store has committed what it promises: its acknowledgements, one after the other in the order in which
/// they were asked for (MQTT 5 §4.6). Nothing waits here, and nothing is made, where there is no store.
/// </summary>
internal sealed class CommitLine(BrokerContext broker, ClientConnection connection)
{
    // As many as a writer's waiting answers: whoever asks for more at once is not read any further.
    private const int MaxWaiting = 256;

    private readonly Lock _lock = new();
    private Channel<(ValueTask Stored, Action<bool> Then)>? _waiting;
    private Task _pump = Task.CompletedTask;
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool IsFull => Count >= MaxWaiting;

    /// <summary>Acts after the commit and after everybody before; at once if there is nothing to wait for.</summary>
    /// <param name="stored">The commit.</param>
    /// <param name="then">Given false when the store failed.</param>
    public void Add(ValueTask stored, Action<bool> then)
    {
        if (stored.IsCompletedSuccessfully && Count == 0)
        {
            stored.GetAwaiter().GetResult();
            then(true);
            return;
        }

        Interlocked.Increment(ref _count);
        Start().TryWrite((stored, then));
    }

    /// <summary>As <see cref="Add"/>; the connection is closed when the store fails.</summary>
    public void AddOrClose(ValueTask stored, Action then) => Add(stored, isStored =>
    {
        if (isStored)
            then();
        else
            connection.Close(Ending.ServerSays(MqttReasonCode.UnspecifiedError, "The server cannot store at the moment."));
    });

    /// <summary>Nothing more comes. Completes when everything is done.</summary>
    public Task CompleteAsync()
    {
        lock (_lock)
        {
            _waiting?.Writer.TryComplete();
            return _pump;
        }
    }

    private ChannelWriter<(ValueTask Stored, Action<bool> Then)> Start()
    {
        lock (_lock)
        {
            if (_waiting is null)
            {
                _waiting = Channel.CreateUnbounded<(ValueTask, Action<bool>)>(new UnboundedChannelOptions { SingleReader = true });
                _pump = PumpAsync(_waiting.Reader);
            }

            return _waiting.Writer;
        }
    }

    private async Task PumpAsync(ChannelReader<(ValueTask Stored, Action<bool> Then)> waiting)
    {
        await foreach (var (stored, then) in waiting.ReadAllAsync())
        {
            var isStored = false;
            try
            {
                await stored;
                isStored = true;
            }
            catch (Exception exception)
            {
                broker.Report("Storing", exception);
            }

            try
            {
                then(isStored);
            }
            catch (Exception exception)
            {
                broker.Report("Answering a client", exception);
                connection.Abort();
            }

            Interlocked.Decrement(ref _count);
            connection.WakeReader();
        }
    }
}

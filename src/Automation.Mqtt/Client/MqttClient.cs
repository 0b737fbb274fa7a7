using System.Runtime.CompilerServices;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Client;

/// <summary>An MQTT 5.0 and 3.1.1 client that stays connected.</summary>
/// <remarks>
/// After <see cref="Start"/> the client connects, again and again until it is stopped, also when there is no server yet. Messages and
/// subscriptions may be handed over at any time; they go out when there is a connection. QoS 1 messages arrive at least once, QoS 2 messages exactly
/// once as long as the server keeps the session and this object lives. Subscriptions are given back when the server lost them.
/// All members may be used from any thread.
/// </remarks>
public sealed class MqttClient : IAsyncDisposable
{
    private readonly MqttClientOptions _options;
    private readonly ClientSession _session;
    private readonly StatusBoard _board;
    private readonly ConnectionLoop _loop;
    private readonly ResponseWaiter _responses;
    private readonly CancellationTokenSource _disposing = new();
    private readonly Lock _lock = new();
    private CancellationTokenSource? _stop;
    private Task _running = Task.CompletedTask;
    private Task _handling = Task.CompletedTask;
    private int _receivers;
    private bool _isDisposed;

    /// <summary>Creates the client; it connects after <see cref="Start"/>.</summary>
    /// <param name="options">Settings and hooks; not to be changed any more.</param>
    /// <exception cref="ArgumentException">A setting is not valid.</exception>
    public MqttClient(MqttClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _session = new ClientSession(options);
        _board = new StatusBoard(options);
        _loop = new ConnectionLoop(options, _session, _board);
        _responses = new ResponseWaiter(this, _session, options);
    }

    /// <summary>The state now, with its reason.</summary>
    public MqttClientStatus Status => _board.Current;

    /// <summary>What the client is doing.</summary>
    public MqttClientState State => Status.State;

    /// <summary>Why the last connection or attempt ended; null when there was none.</summary>
    public MqttDisconnectReason? Reason => Status.Reason;

    /// <summary>Since when the client is in its state.</summary>
    public DateTimeOffset Since => Status.Since;

    /// <summary>Messages that were accepted by <see cref="EnqueueAsync"/> or <see cref="PublishAsync"/> and are not finished.</summary>
    public int QueuedMessages
    {
        get
        {
            lock (_session.Lock)
                return _session.Outgoing.Count;
        }
    }

    /// <summary>Bytes of those messages, as <see cref="MqttClientOptions.MaxQueuedBytes"/> counts them.</summary>
    public long QueuedBytes
    {
        get
        {
            lock (_session.Lock)
                return _session.Outgoing.Bytes;
        }
    }

    /// <summary>Messages from the server that wait for the handler or for <see cref="ReceiveAsync"/>.</summary>
    public int WaitingMessages
    {
        get
        {
            lock (_session.Lock)
                return _session.Incoming.Waiting;
        }
    }

    /// <summary>QoS 0 messages from the server that were dropped, see <see cref="MqttClientOptions.MaxReceivedMessages"/>.</summary>
    public long DroppedMessages
    {
        get
        {
            lock (_session.Lock)
                return _session.Incoming.Dropped;
        }
    }

    /// <summary>Begins to connect, and goes on until the client is stopped. Does nothing when it runs; starts again after a stop or a refusal.</summary>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public void Start()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!_running.IsCompleted)
                return;
            _stop?.Dispose();
            _stop = new CancellationTokenSource();
            _loop.StopCode = MqttReasonCode.Success;
            var stop = _stop.Token;
            _running = Task.Run(() => RunAsync(stop));
            if (_options.OnMessage is { } handler && _handling.IsCompleted)
                _handling = Task.Run(() => HandleAsync(handler));
        }
    }

    /// <summary>Starts, and waits for the connection.</summary>
    /// <param name="cancellationToken">Ends the waiting only; the client goes on connecting.</param>
    /// <exception cref="MqttClientException">The server refused for a reason that trying again does not change.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task ConnectAsync(CancellationToken cancellationToken = default)
    {
        if (State == MqttClientState.Refused)
            await StopAsync();
        Start();
        await WaitForConnectionAsync(cancellationToken);
    }

    /// <summary>Disconnects and does not come back until <see cref="Start"/>. Unfinished messages and requests stay, and go on then.</summary>
    /// <param name="reasonCode"><see cref="MqttReasonCode.DisconnectWithWillMessage"/> has an MQTT 5 server publish the will.</param>
    public async Task StopAsync(MqttReasonCode reasonCode = MqttReasonCode.Success)
    {
        Task running;
        lock (_lock)
        {
            running = _running;
            _loop.StopCode = reasonCode;
            _stop?.Cancel();
        }

        await running;
        if (State == MqttClientState.Refused)
            _board.Set(MqttClientState.Stopped, Reason, 0);
    }

    /// <summary>
    /// Stops, fails everything that is not finished with a <see cref="MqttClientException"/>, cancels the handler and waits for it: not to be called in the handler.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        await StopAsync();
        _session.Close();
        await _disposing.CancelAsync();
        _session.WakeReceiver();
        await _handling;
        _stop?.Dispose();
        _disposing.Dispose();
    }

    /// <summary>The state now, then each change, in order. A watcher that does not keep up misses the oldest changes, never the newest.</summary>
    /// <param name="cancellationToken">Ends the sequence.</param>
    public IAsyncEnumerable<MqttClientStatus> WatchAsync(CancellationToken cancellationToken = default) => _board.WatchAsync(cancellationToken);

    /// <summary>Publishes a message and waits for the server's answer — MQTT 5 §4.3. Waits for a connection if there is none.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">
    /// Takes the message back if it was not sent. A message in flight goes on: it is only not waited for, and its packet identifier stays taken.
    /// </param>
    /// <returns>What the server answered, refusals too. For QoS 0: that the message was sent.</returns>
    /// <exception cref="ArgumentException">No packet can carry the message.</exception>
    /// <exception cref="MqttClientException">
    /// It was not sent: no room (0x97), expired, or over what the server takes (0x95, 0x9A, 0x9B); or the client was disposed.
    /// </exception>
    public async Task<MqttPublishResult> PublishAsync(MqttApplicationMessage message, CancellationToken cancellationToken = default)
    {
        var publish = Enqueue(message, cancellationToken);
        try
        {
            return await publish.Completion.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Cancel(publish, PublishStage.Queued);
            throw;
        }
    }

    /// <summary>Puts a message into the queue; messages go out in the order in which they were accepted.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Ends the wait for room in the queue; a message that is in the queue stays there.</param>
    /// <returns>When the message was accepted: a task for the server's answer, as that of <see cref="PublishAsync"/>.</returns>
    /// <exception cref="ArgumentException">No packet can carry the message.</exception>
    /// <exception cref="MqttClientException">There is no room (0x97), or the client was disposed.</exception>
    public async ValueTask<Task<MqttPublishResult>> EnqueueAsync(MqttApplicationMessage message, CancellationToken cancellationToken = default)
    {
        var publish = Enqueue(message, cancellationToken);
        try
        {
            await (publish.Accepted?.Task ?? Task.CompletedTask).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Cancel(publish, PublishStage.Waiting);
            throw;
        }

        if (publish.Completion.Task.IsFaulted)
            await publish.Completion.Task;
        return publish.Completion.Task;
    }

    /// <summary>Subscribes — MQTT 5 §3.8. Waits for a connection if there is none. The subscriptions are given back if the server loses the session.</summary>
    /// <param name="subscriptions">One or more; all have the same identifier, or none.</param>
    /// <param name="cancellationToken">Takes the request back if it was not sent; else it is only not waited for.</param>
    /// <returns>The server's answer to each, in order. What the server cannot do (0x9E, 0xA1, 0xA2) is answered without asking it.</returns>
    /// <exception cref="ArgumentException">A filter or option is not valid.</exception>
    /// <exception cref="MqttClientException">The client was disposed.</exception>
    public Task<IReadOnlyList<MqttSubscribeResult>> SubscribeAsync(IReadOnlyList<MqttSubscription> subscriptions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subscriptions);
        if (subscriptions.Count == 0 || subscriptions.Any(subscription => subscription.Identifier != subscriptions[0].Identifier))
            throw new ArgumentException("There is no subscription, or their identifiers differ.", nameof(subscriptions));
        foreach (var subscription in subscriptions)
            Validate(subscription);
        return AskAsync(SubscribeOperation.Subscribe([.. subscriptions]), cancellationToken);
    }

    /// <summary>Subscribes to one filter and throws if the server refuses; otherwise as the other overload.</summary>
    /// <param name="filter">Topic filter; <c>$share/{name}/{filter}</c> for a shared subscription.</param>
    /// <param name="qos">Highest QoS to be sent with.</param>
    /// <param name="cancellationToken">Takes the request back if it was not sent; else it is only not waited for.</param>
    /// <exception cref="ArgumentException">The filter is not valid.</exception>
    /// <exception cref="MqttClientException">The server refused, or the client was disposed.</exception>
    public async Task SubscribeAsync(string filter, MqttQualityOfService qos = MqttQualityOfService.AtMostOnce, CancellationToken cancellationToken = default)
    {
        var results = await SubscribeAsync([new MqttSubscription(filter, qos)], cancellationToken);
        if (!results[0].IsSuccess)
            throw new MqttClientException(results[0].ReasonCode, $"The server refused the subscription to {filter} with {results[0].ReasonCode}.");
    }

    /// <summary>Ends subscriptions — MQTT 5 §3.10. Messages that the server sent before may still come.</summary>
    /// <param name="filters">The filters as they were subscribed.</param>
    /// <param name="cancellationToken">Takes the request back if it was not sent; else it is only not waited for.</param>
    /// <returns>The server's answer to each, in order.</returns>
    /// <exception cref="ArgumentException">There is no filter, or one is not valid.</exception>
    /// <exception cref="MqttClientException">The client was disposed.</exception>
    public Task<IReadOnlyList<MqttSubscribeResult>> UnsubscribeAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filters);
        if (filters.Count == 0 || filters.Any(static filter => !TopicFilter.TryParse(filter, out _)))
            throw new ArgumentException("There is no filter, or one is not valid.", nameof(filters));
        return AskAsync(SubscribeOperation.Unsubscribe(filters), cancellationToken);
    }

    /// <summary>
    /// The received messages, in order, until the client is disposed. For one reader at a time, and not together with
    /// <see cref="MqttClientOptions.OnMessage"/>. With <see cref="MqttClientOptions.AutoAcknowledge"/> a message is acknowledged when the next is asked for.
    /// </summary>
    /// <param name="cancellationToken">Ends the sequence with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="InvalidOperationException">There is another reader, or a handler.</exception>
    public IAsyncEnumerable<MqttReceivedMessage> ReceiveAsync(CancellationToken cancellationToken = default) => _options.OnMessage is null
        ? ReadAsync(cancellationToken)
        : throw new InvalidOperationException("The messages go to the handler.");

    /// <summary>Publishes a request and waits for its response — MQTT 5 §4.10. Response topic and correlation data are set by the client.</summary>
    /// <param name="message">The request.</param>
    /// <param name="timeout">Time for all of it, the connection included.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The response. It is acknowledged already.</returns>
    /// <exception cref="TimeoutException">No response came in time.</exception>
    /// <exception cref="MqttClientException">The server refused request or response topic, or speaks MQTT 3.1.1, which has no responses; or the client was disposed.</exception>
    public Task<MqttReceivedMessage> RequestAsync(MqttApplicationMessage message, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return _responses.RequestAsync(message, timeout, cancellationToken);
    }

    /// <summary>Waits until the client is connected.</summary>
    internal async Task<MqttServerInfo> WaitForConnectionAsync(CancellationToken cancellationToken)
    {
        await foreach (var status in _board.WatchAsync(cancellationToken))
        {
            if (status.Server is { } server)
                return server;
            if (status is { State: MqttClientState.Refused, Reason: { } reason })
                throw new MqttClientException(reason.ReasonCode!.Value, reason.Text, reason.Exception);
        }

        throw new OperationCanceledException(cancellationToken);
    }

    private static void Validate(MqttSubscription subscription)
    {
        if (!TopicFilter.TryParse(subscription.Filter, out var filter))
            throw new ArgumentException($"'{subscription.Filter}' is not a valid topic filter.", nameof(subscription));
        if (subscription.NoLocal && filter.ShareName is not null)
            throw new ArgumentException("A shared subscription cannot have No Local (MQTT 5 §3.8.3.1).", nameof(subscription));
        if (subscription.QualityOfService > MqttQualityOfService.ExactlyOnce || subscription.RetainHandling > MqttRetainHandling.DoNotSend)
            throw new ArgumentException("The QoS or the retain handling is none of 0, 1 and 2.", nameof(subscription));
        if (subscription.Identifier is 0 or > Packets.VariableInteger.Maximum)
            throw new ArgumentException("The identifier is not from 1 to 268,435,455.", nameof(subscription));
    }

    private OutgoingPublish Enqueue(MqttApplicationMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        MessageMapper.RequireSendable(message);
        cancellationToken.ThrowIfCancellationRequested();
        var publish = new OutgoingPublish(message, _options.TimeProvider);
        lock (_session.Lock)
        {
            if (_isDisposed)
                publish.Fail(Disposed());
            else
                _session.Outgoing.Add(publish);
        }

        _session.WakeWriter();
        return publish;
    }

    private void Cancel(OutgoingPublish publish, PublishStage until)
    {
        lock (_session.Lock)
            _session.Outgoing.Cancel(publish, until);
    }

    private async Task<IReadOnlyList<MqttSubscribeResult>> AskAsync(SubscribeOperation operation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_session.Lock)
        {
            if (_isDisposed)
                throw Disposed();
            _session.Subscriptions.Add(operation);
        }

        _session.WakeWriter();
        try
        {
            return await operation.Completion.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_session.Lock)
                _session.Subscriptions.Cancel(operation);
            throw;
        }
    }

    private static MqttClientException Disposed() => new(MqttReasonCode.UnspecifiedError, "The client was disposed.");

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await _loop.RunAsync(stop);
        }
        catch (Exception exception)
        {
            _board.Set(MqttClientState.Stopped, new MqttDisconnectReason(MqttDisconnectOrigin.Client, null, exception.Message, null, exception), 0);
            _options.OnError?.Invoke("The connection loop", exception);
        }
    }

    private async Task HandleAsync(Func<MqttReceivedMessage, CancellationToken, ValueTask> handler)
    {
        var disposing = _disposing.Token;
        while (!disposing.IsCancellationRequested)
        {
            if (!_session.TryTake(out var message))
            {
                await _session.WaitForMessageAsync();
                continue;
            }

            var code = MqttReasonCode.Success;
            try
            {
                await handler(message, disposing);
            }
            catch (Exception exception)
            {
                code = MqttReasonCode.UnspecifiedError;
                if (!disposing.IsCancellationRequested)
                    _options.OnError?.Invoke("OnMessage", exception);
            }

            if (_options.AutoAcknowledge && !disposing.IsCancellationRequested)
                message.Acknowledge(code);
        }
    }

    private async IAsyncEnumerable<MqttReceivedMessage> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _receivers, 1) != 0)
            throw new InvalidOperationException("The messages go to another reader.");
        try
        {
            await using var cancelling = cancellationToken.UnsafeRegister(static session => ((ClientSession)session!).WakeReceiver(), _session);
            while (!_isDisposed)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!_session.TryTake(out var message))
                {
                    await _session.WaitForMessageAsync();
                    continue;
                }

                yield return message;
                if (_options.AutoAcknowledge)
                    message.Acknowledge();
            }
        }
        finally
        {
            Volatile.Write(ref _receivers, 0);
        }
    }
}

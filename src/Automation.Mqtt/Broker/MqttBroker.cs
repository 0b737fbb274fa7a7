using System.Collections.Concurrent;
using System.Net;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Storage;
using Automation.Mqtt.Topics;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>An MQTT 3.1.1 and 5.0 server over TCP, TLS, WebSocket and Unix domain sockets.</summary>
/// <remarks>
/// Sessions, queues and retained messages are kept in memory, and in a <see cref="MqttBrokerOptions.Store"/> if there is one; without it a
/// stopped broker forgets them. All members may be used from any thread.
/// </remarks>
public sealed class MqttBroker : IAsyncDisposable
{
    // Retained messages that expired are skipped at once and removed at this interval.
    private const int SweepSeconds = 60;

    private readonly BrokerContext _context;
    private readonly SubscriptionReview _review;
    private readonly ConcurrentDictionary<ClientConnection, Task> _connections = new();
    private readonly Dictionary<IPAddress, int> _addresses = [];
    private readonly Lock _lock = new();
    private readonly List<Listener> _listeners = [];
    private readonly ConnectRate _rate;
    private Task? _stopping;
    private bool _isStarted;
    private bool _isStopping;
    private bool _isDisposed;

    /// <summary>Creates the broker; it listens after <see cref="StartAsync"/>.</summary>
    /// <param name="options">Limits and hooks; not to be changed any more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is out of range.</exception>
    public MqttBroker(MqttBrokerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _context = new BrokerContext(options);
        _review = new SubscriptionReview(_context);
        Sessions = new MqttSessions(_context);
        Retained = new MqttRetainedMessages(_context);
        Topics = new MqttTopics(_context);
        _rate = new ConnectRate(options.MaxConnectRate, options.MaxConnectRatePerAddress, options.TimeProvider);
        _context.Wheel.Schedule(new Deadline(SweepRetained), SweepSeconds);
        _context.Wheel.Schedule(new Deadline(StoreSent), 1);
    }

    /// <summary>Where the broker listens for plain MQTT over TCP (<see cref="MqttBrokerOptions.EndPoint"/>); after the start with the real port.</summary>
    /// <exception cref="InvalidOperationException">There is no such end point.</exception>
    public IPEndPoint EndPoint => _listeners is [{ EndPoint: IPEndPoint real }, ..] && _context.Options.EndPoint is not null
        ? real
        : _context.Options.EndPoint ?? throw new InvalidOperationException("The broker has no end point for plain MQTT over TCP.");

    /// <summary>Where the broker listens by <see cref="MqttBrokerOptions.Listeners"/>, in their order; empty before the start.</summary>
    public IReadOnlyList<EndPoint> ListenerEndPoints =>
        [.. _listeners.Skip(_context.Options.EndPoint is null ? 0 : 1).Select(listener => listener.EndPoint)];

    /// <summary>Counts since the broker was made.</summary>
    public MqttBrokerMetrics Metrics => _context.Metrics;

    /// <summary>Number of sessions, connected or not.</summary>
    public int SessionCount => _context.Sessions.Count;

    /// <summary>Number of retained messages.</summary>
    public int RetainedCount => _context.Retained.Count;

    /// <summary>Bytes the retained messages take, as <see cref="MqttBrokerOptions.MaxRetainedBytes"/> counts them.</summary>
    public long RetainedBytes => _context.Retained.Bytes;

    /// <summary>Bytes of the messages that wait for clients or for their acknowledgement, as <see cref="MqttBrokerOptions.MaxQueuedBytesTotal"/> counts them.</summary>
    public long QueuedBytes => _context.Queues.Bytes;

    /// <summary>Takes up what is stored, then starts to listen. A broker is started once.</summary>
    /// <param name="cancellationToken">Ends the reading of the store.</param>
    /// <exception cref="MqttListenException">An end point cannot be listened on.</exception>
    /// <exception cref="InvalidDataException">A certificate file cannot be read or does not hold what it should.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isStarted)
            throw new InvalidOperationException("The broker was started before.");
        _isStarted = true;
        if (_context.Log is { } log)
        {
            await new StoreLoader(_context, log).LoadAsync(cancellationToken);
            await ReviewSubscriptionsAsync(); // the rules may be others than when the sessions were left
        }

        try
        {
            foreach (var options in _context.Options.AllListeners())
            {
                var listener = new Listener(options, _context.Report);
                _listeners.Add(listener);
                listener.Listen();
            }
        }
        catch
        {
            foreach (var listener in _listeners)
                await listener.DisposeAsync();
            _listeners.Clear();
            throw;
        }

        foreach (var listener in _listeners)
            listener.Start(_rate, Serve, _context.Options.TimeProvider, _context.Report);
    }

    /// <summary>
    /// Stops: no more connections, no more reading, then publishes that are with the hook are finished and acknowledged, MQTT 5 clients
    /// are told 0x8B, and the connections are closed. Wills are not published.
    /// </summary>
    /// <param name="cancellationToken">Cuts the connections at once; publishes still with the hook then end without acknowledgement.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        Task stopping;
        lock (_lock)
            stopping = _stopping ??= StopOnceAsync();
        try
        {
            await stopping.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            foreach (var connection in _connections.Keys)
                connection.Abort();
        }
    }

    /// <summary>Stops, waiting for the hook no longer than <see cref="MqttBrokerOptions.StopTimeout"/>, and lets go of everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        using var timeout = new CancellationTokenSource(_context.Options.StopTimeout, _context.Options.TimeProvider);
        await StopAsync(timeout.Token);
        _context.Dispose();
    }

    /// <summary>
    /// Publishes a message without a client: retained if asked, and queued for every subscriber. No hook is called. Completes when what is to
    /// be stored of it is committed; a failure of the store is thrown, and nobody gets the message then who would have to have it stored.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Checked before.</param>
    /// <returns>The number of sessions that subscribe to the topic.</returns>
    /// <exception cref="ArgumentException">The topic or response topic is not valid, or a text is too long for the protocol.</exception>
    /// <exception cref="InvalidOperationException">There is no room for one more retained message.</exception>
    public ValueTask<int> PublishAsync(MqttApplicationMessage message, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!HasRoomFor(message))
            throw new InvalidOperationException("There is no room for one more retained message.");
        var routed = new RoutedMessage(message, _context.Options.TimeProvider);
        return _context.PublishAsync(routed, _context.Begin(routed, origin: null));
    }

    /// <summary>Whether <see cref="PublishAsync"/> would take the message now: a message to be retained needs room.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="ArgumentException">The topic or response topic is not valid, or a text is too long for the protocol.</exception>
    public bool HasRoomFor(MqttApplicationMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        MessageMapper.RequireSendable(message);
        return message is not { Retain: true, Payload.IsEmpty: false } || _context.Retained.HasRoomFor(message);
    }

    /// <summary>Sessions, their clients and subscriptions.</summary>
    public MqttSessions Sessions { get; }

    /// <summary>The last retained message of each topic.</summary>
    public MqttRetainedMessages Retained { get; }

    /// <summary>The tree of topics, with the last message and the rate of each.</summary>
    public MqttTopics Topics { get; }

    /// <summary>Closes a client's connection; its will is published.</summary>
    /// <param name="clientId">The client identifier.</param>
    /// <param name="reason">What an MQTT 5 client is told.</param>
    /// <returns>False when the client is not connected.</returns>
    public bool Disconnect(string clientId, MqttReasonCode reason = MqttReasonCode.AdministrativeAction)
    {
        if (_context.Sessions.FindConnection(clientId) is not { } connection)
            return false;
        connection.Close(Ending.ServerSays(reason, null));
        return true;
    }

    /// <summary>Listens to the messages that are routed from now on, clients' and the application's, without being a subscriber.</summary>
    /// <param name="filter">Which topics; a share name is ignored.</param>
    /// <param name="maxListeners">How many may listen at a time, this one included.</param>
    /// <returns>Null when so many listen already; else to be disposed.</returns>
    public MqttMessageListener? TryListen(TopicFilter filter, int maxListeners = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return _context.Observers.TryListen(filter, maxListeners);
    }

    /// <summary>
    /// Disconnects the clients that are not welcome any more (<see cref="MqttConnectContext.IsStillWelcome"/>), with 0x87. What the hooks go by has to be changed before the call: then a client that connects
    /// at the same moment is not missed.
    /// </summary>
    public void ReviewClients()
    {
        Interlocked.MemoryBarrier(); // what was changed, before the look at who has a session
        foreach (var connection in _connections.Keys)
            connection.Review();
    }

    /// <summary>
    /// Asks <see cref="MqttBrokerOptions.OnSubscribe"/> about every subscription again, for rules that have changed. One that is refused stays, and delivers
    /// nothing until a later review allows it; a client cannot be told of it. Messages that wait already are delivered.
    /// </summary>
    /// <remarks>A client that is away is asked about by its name alone (<see cref="MqttClientInfo.IsRestored"/>).</remarks>
    /// <returns>Completes when all that was there at the call was asked about.</returns>
    public Task ReviewSubscriptionsAsync() => _review.RunAsync();

    private async Task StopOnceAsync()
    {
        _isStopping = true;
        await Task.WhenAll(_listeners.Select(listener => listener.DisposeAsync().AsTask()));
        foreach (var connection in _connections.Keys)
            connection.Close(Ending.ShuttingDown);
        await Task.WhenAll(_connections.Values);
        await _context.Background;
        if (_context.Log is { } log)
            await log.FlushAsync();
    }

    private void Serve(Connection transport)
    {
        var address = transport.RemoteEndPoint.Address;
        var isTooFast = !_rate.TryPass(address);
        if (isTooFast || _isStopping || !TryCount(address))
        {
            _context.Metrics.ConnectionRefused(isTooFast);
            transport.Abort();
            return;
        }

        _context.Metrics.Connected();
        var connection = new ClientConnection(_context, transport);
        connection.Start();
        // The task takes the connection out of the table, so it must not end before it is in there.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _connections[connection] = ServeAsync(connection, address, started.Task);
        started.SetResult();
    }

    private async Task ServeAsync(ClientConnection connection, IPAddress address, Task started)
    {
        await started;
        await connection.RunAsync();
        _connections.TryRemove(connection, out _);
        _context.Metrics.Disconnected();
        lock (_lock)
        {
            if (--_addresses[address] == 0)
                _addresses.Remove(address);
        }
    }

    private bool TryCount(IPAddress address)
    {
        lock (_lock)
        {
            var count = _addresses.GetValueOrDefault(address);
            if (_connections.Count >= _context.Options.MaxConnections || count >= _context.Options.MaxConnectionsPerAddress)
                return false;
            _addresses[address] = count + 1;
            return true;
        }
    }

    private long StoreSent(long now)
    {
        _context.Log?.AppendSent();
        return now + 1;
    }

    private long SweepRetained(long now)
    {
        foreach (var message in _context.Retained.Sweep())
        {
            if (message.Stored is not { } stored)
                continue;
            _context.Log!.AppendLater(new MqttRetainedCleared(message.Message.Topic, stored.Id));
            stored.Release();
        }

        return now + SweepSeconds;
    }
}

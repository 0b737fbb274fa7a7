using Automation.Mqtt.Packets;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>One client's connection from accept to close. The reader runs here, the writer in <see cref="ClientWriter"/>.</summary>
internal sealed class ClientConnection(BrokerContext broker, Connection transport)
{
    // A will's payload may have 64 KiB, and as much is left for its topic, properties, an identifier, a name and a password. Whoever
    // wants more has not shown yet who he is.
    private const uint MaxConnectBytes = 128 * 1024;
    // How long a client has to read the last packet before the connection is cut.
    private const int LingerSeconds = 1;

    private Ending? _ending;
    private int _isOpen;
    private ClientWriter? _writer;
    private PublishPipeline? _pipeline;
    private CommitLine? _commits;
    private ConnectPacket? _connect;
    private Deadline? _timeout;
    private KeepAlive? _keepAlive;
    private Will? _will;
    private Func<bool>? _isStillWelcome;
    private bool _wantsProblems;
    private ushort _keepAliveSeconds;
    private bool _cleanStart;
    private long _messagesReceived;
    private long _bytesReceived;

    public string ClientId => Client.ClientId;
    public MqttClientInfo Client { get; private set; } = null!;
    public MqttProtocolVersion Version { get; private set; }
    public Session Session { get; private set; } = null!;
    public int SendWindow { get; private set; }
    public uint MaximumPacketSize { get; private set; } = uint.MaxValue;

    /// <summary>Greatest alias that we may set; 0 for none.</summary>
    public ushort TopicAliasMaximum { get; private set; }

    public bool IsConnected => Session is not null;
    public bool IsClosing => Volatile.Read(ref _ending) is not null;

    /// <summary>Why the connection ends, once it does.</summary>
    public Ending? Ending => Volatile.Read(ref _ending);

    /// <summary>Whether the application was told that the client came and not yet that it went. Under the lock of all sessions.</summary>
    public bool IsOnline { get; set; }
    /// <summary>What the client is and has done so far. Any thread.</summary>
    public MqttConnectionStatus Status => new()
    {
        Client = Client,
        Transport = transport.Transport,
        LocalEndPoint = transport.LocalEndPoint,
        KeepAliveSeconds = _keepAliveSeconds,
        CleanStart = _cleanStart,
        MessagesReceived = Volatile.Read(ref _messagesReceived),
        BytesReceived = Volatile.Read(ref _bytesReceived),
        MessagesSent = _writer!.MessagesSent,
        BytesSent = _writer.BytesSent,
    };

    private bool IsCongested => _writer!.IsCongested || _commits!.IsFull;

    /// <summary>From now on the client has so long for what comes before MQTT (TLS, WebSocket) and its whole CONNECT.</summary>
    public void Start()
    {
        _timeout = new Deadline(_ =>
        {
            broker.Metrics.ConnectTimedOut();
            return Cut();
        });
        broker.Wheel.Schedule(_timeout, broker.Wheel.Now + (long)Math.Ceiling(broker.Options.ConnectTimeout.TotalSeconds) + 1);
    }

    /// <summary>Serves the client until the connection is closed and what it published is dealt with. Never throws.</summary>
    public async Task RunAsync()
    {
        if (!await OpenAsync())
            return;
        var writing = Task.CompletedTask;
        try
        {
            var isAccepted = await ConnectAsync();
            _timeout!.Cancel();
            if (isAccepted)
            {
                writing = WriteAsync();
                await ReadAsync();
            }
        }
        catch (MqttProtocolException exception)
        {
            broker.Metrics.ProtocolError();
            Close(Ending.ServerSays(exception.ReasonCode, exception.Message));
        }
        catch (Exception exception)
        {
            broker.Report("Serving a client", exception);
            Close(Ending.ServerSays(MqttReasonCode.UnspecifiedError, null));
        }

        _timeout!.Cancel();
        Close(Ending.Lost);
        try
        {
            await EndAsync(writing);
        }
        catch (Exception exception)
        {
            broker.Report("Closing a connection", exception);
            transport.Abort();
        }
    }

    /// <summary>Under the session's lock: the session is this connection's from now on, and the CONNACK the first packet it sends.</summary>
    public void OnAttached(Session session, bool isPresent, uint expirySeconds)
    {
        Session = session;
        broker.Metrics.ConnectAccepted();
        _pipeline!.CountUnacknowledged(session.IncomingQoS2.Count);
        _writer!.Enqueue(new Answer(ConnectHandshake.Acceptance(broker.Options, _connect!, Client, isPresent, expirySeconds)!));
    }

    /// <summary>Asks the connection to end; the first reason counts. Any thread.</summary>
    public void Close(Ending ending)
    {
        if (Interlocked.CompareExchange(ref _ending, ending, null) is not null)
            return;
        transport.Input.CancelPendingRead();
        _pipeline?.WakeReader();
        if (Volatile.Read(ref _isOpen) == 0)
            transport.Abort(); // nobody reads yet, and the peer could not be told anything
    }

    /// <summary>Closes the connection of a client that is not welcome any more. One that has no session yet is asked when it has. Any thread.</summary>
    public void Review()
    {
        if (IsConnected && _isStillWelcome?.Invoke() is false)
            Close(Ending.ServerSays(MqttReasonCode.NotAuthorized, null));
    }

    /// <summary>Ends the connection without ceremony. Any thread.</summary>
    public void Abort()
    {
        Close(Ending.Lost);
        transport.Abort();
    }

    public void WakeWriter() => _writer!.Wake();

    public void Send(MqttPacket packet) => Send(new Answer(packet));

    public void SendAck(PacketType type, ushort packetId, MqttReasonCode reason) => Send(new Answer(type, packetId, reason));

    /// <summary>Enqueues answers and session messages in one step, so that the order is kept: SUBACK before retained messages.</summary>
    public void SendThen(MqttPacket packet, Action<Session> then)
    {
        lock (Session.Lock)
        {
            _writer!.Enqueue(new Answer(packet));
            then(Session);
        }

        WakeWriter();
    }

    /// <summary>What the reader waited for in <see cref="HoldBackAsync"/> may be there. Any thread.</summary>
    public void WakeReader() => _pipeline!.WakeReader();

    public void CountUnacknowledged(int change) => _pipeline!.CountUnacknowledged(change);

    /// <summary>Waits while the condition holds and the connection is not closing. Keep alive does not count meanwhile: it is we who do not read.</summary>
    public async ValueTask HoldBackAsync(Func<ClientConnection, bool> condition)
    {
        _keepAlive!.Hold();
        broker.Metrics.HeldBack();
        while (!IsClosing && condition(this))
            await _pipeline!.WaitForRoomAsync();
        _keepAlive.Resume();
    }

    private void Send(in Answer answer)
    {
        lock (Session.Lock)
            _writer!.Enqueue(answer);
        WakeWriter();
    }

    private async Task<bool> OpenAsync()
    {
        var result = OpenResult.Opened;
        try
        {
            result = await transport.OpenAsync();
            Interlocked.Exchange(ref _isOpen, 1); // before the look at IsClosing: Close does the same in the other order
            if (result == OpenResult.Opened && !IsClosing)
            {
                transport.Start();
                return true;
            }
        }
        catch (Exception exception)
        {
            broker.Report("Opening a connection", exception);
        }

        _timeout!.Cancel();
        if (!IsClosing)
            broker.Metrics.OpenFailed(result);
        await transport.DisposeAsync();
        return false;
    }

    private async Task<bool> ConnectAsync()
    {
        MqttPacket? first;
        try
        {
            first = await ReadFirstAsync();
        }
        catch (MqttProtocolException exception) when (ConnectHandshake.Refusal(exception, out var version) is { } refusal)
        {
            broker.Metrics.ProtocolError();
            await RefuseAsync(version, refusal);
            return false;
        }

        if (first is null)
            return false;
        if (first is not ConnectPacket connect)
            throw MqttProtocolException.ProtocolError("The first packet is no CONNECT.");

        Version = connect.Version;
        MaximumPacketSize = connect.Properties?.MaximumPacketSize ?? uint.MaxValue;
        _wantsProblems = connect.Properties?.RequestProblemInformation != 0;
        var id = connect.ClientId.Length > 0 ? connect.ClientId : broker.Options.NewClientId();
        Client = new MqttClientInfo(id, connect.UserName, connect.Version, transport.RemoteEndPoint, broker.Options.TimeProvider.GetUtcNow());
        (var reason, Client, _isStillWelcome) = await ConnectHandshake.DecideAsync(broker, connect, Client, transport);
        if (reason < MqttReasonCode.UnspecifiedError && !IsClosing && Accept(connect, out var stored))
            return await WaitForStoreAsync(stored);
        await RefuseAsync(Version, ConnectHandshake.Refusal(Version, reason < MqttReasonCode.UnspecifiedError
            ? IsClosing ? MqttReasonCode.ServerUnavailable : MqttReasonCode.QuotaExceeded
            : reason));
        return false;
    }

    private async ValueTask<MqttPacket?> ReadFirstAsync()
    {
        var limit = Math.Min(MaxConnectBytes, (uint)broker.Options.MaxPacketBytes);
        while (true)
        {
            var result = await transport.Input.ReadAsync();
            var buffer = result.Buffer;
            try
            {
                if (PacketReader.TryRead(buffer, MqttProtocolVersion.V5, limit, out var packet, out var consumed))
                {
                    broker.Metrics.Read(new PacketCount { Packets = 1, Bytes = buffer.Slice(0, consumed).Length });
                    _bytesReceived = buffer.Slice(0, consumed).Length;
                    buffer = buffer.Slice(consumed, 0);
                    return packet;
                }

                if (result.IsCompleted || IsClosing)
                {
                    Close(Ending.Lost);
                    return null;
                }
            }
            finally
            {
                // A taken packet is consumed only; what follows it was not examined.
                transport.Input.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    // The CONNACK is the writer's first packet, and the writer starts after this.
    private async ValueTask<bool> WaitForStoreAsync(ValueTask stored)
    {
        try
        {
            await stored;
            if (_isStillWelcome?.Invoke() is false)
            {
                _will = null;
                await RefuseAsync(Version, ConnectHandshake.Refusal(Version, MqttReasonCode.NotAuthorized));
                return false;
            }

            broker.Sessions.Announce(this);
            return true;
        }
        catch (Exception exception)
        {
            broker.Report("Storing a session", exception);
            await RefuseAsync(Version, ConnectHandshake.Refusal(Version, MqttReasonCode.ServerUnavailable));
            return false;
        }
    }

    private bool Accept(ConnectPacket connect, out ValueTask stored)
    {
        _connect = connect;
        _cleanStart = connect.CleanStart;
        _keepAliveSeconds = ConnectHandshake.KeepAlive(broker.Options, connect);
        TopicAliasMaximum = Math.Min(connect.Properties?.TopicAliasMaximum ?? 0, broker.Options.TopicAliasMaximum);
        _writer = new ClientWriter(broker, this, transport.Output);
        _commits = new CommitLine(broker, this);
        _pipeline = new PublishPipeline(broker, this, _commits);
        _will = ConnectHandshake.WillOf(connect, Client);
        SendWindow = Math.Min(connect.Properties?.ReceiveMaximum ?? ushort.MaxValue, broker.Options.MaxInFlight);
        return broker.Sessions.TryAttach(this, connect.CleanStart, ConnectHandshake.ExpirySeconds(broker.Options, connect), out stored);
    }

    private async Task ReadAsync()
    {
        _keepAlive = new KeepAlive(broker.Wheel, OnSilence);
        _keepAlive.Start(_keepAliveSeconds);
        var handler = new PacketHandler(broker, this, _pipeline!, _commits!, askedExpiry: _connect!.Properties?.SessionExpiryInterval ?? 0);
        _connect = null;
        while (!IsClosing)
        {
            var result = await transport.Input.ReadAsync();
            var buffer = result.Buffer;
            var count = new PacketCount { Bytes = buffer.Length };
            try
            {
                while (!IsClosing && PacketReader.TryRead(buffer, Version, (uint)broker.Options.MaxPacketBytes, out var packet, out var consumed))
                {
                    buffer = buffer.Slice(consumed);
                    _keepAlive.Touch();
                    count.Packets++;
                    if (packet is PublishPacket publish)
                    {
                        count.Messages++;
                        count.PayloadBytes += publish.Payload.Length;
                    }

                    await handler.HandleAsync(packet);
                    if (IsCongested)
                        await HoldBackAsync(static connection => connection.IsCongested);
                    if (packet.Type == PacketType.Publish && broker.Publishes.MustWait(this))
                        await HoldBackAsync(broker.Publishes.MustWait);
                }
            }
            finally
            {
                count.Bytes -= buffer.Length;
                broker.Metrics.Read(count);
                Volatile.Write(ref _messagesReceived, _messagesReceived + count.Messages); // one writer
                Volatile.Write(ref _bytesReceived, _bytesReceived + count.Bytes);
                transport.Input.AdvanceTo(buffer.Start, buffer.End);
            }

            if (result.IsCompleted)
                Close(Ending.Lost);
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await _writer!.RunAsync();
        }
        catch (Exception exception)
        {
            broker.Report("Writing to a client", exception);
            Abort();
        }
    }

    private async Task RefuseAsync(MqttProtocolVersion version, ConnackPacket refusal)
    {
        broker.Metrics.ConnectRefused();
        Close(Ending.Lost);
        if (PacketWriter.SizeOf(version, refusal) > MaximumPacketSize)
            return; // [MQTT-3.1.2-24]
        PacketWriter.Write(transport.Output, version, refusal);
        await transport.Output.FlushAsync();
    }

    // The last packet is written, then the peer gets a moment to read it: closing with unread input would send a reset instead.
    private async Task EndAsync(Task writing)
    {
        var ending = _ending!;
        _keepAlive?.Stop();
        var publishing = _pipeline?.CompleteAsync() ?? Task.CompletedTask;
        if (ending.Drains)
            await publishing;

        Will? will = null;
        if (IsConnected)
        {
            lock (Session.Lock)
                _writer!.Finish(ending.ToPacket(Version, MaximumPacketSize, _wantsProblems));
            WakeWriter();
            will = broker.Sessions.Detach(Session, this, ending.PublishesWill ? _will : null);
        }

        var parting = PublishWillAsync(publishing, will);
        var linger = new Deadline(_ => Cut());
        broker.Wheel.Schedule(linger, broker.Wheel.Now + LingerSeconds + 1);
        await writing;
        await transport.Output.CompleteAsync();
        await transport.Sent;
        await DiscardAsync();
        linger.Cancel();
        await transport.DisposeAsync();
        await parting;
    }

    // The will comes after the client's last publish, and does not wait until the peer has closed its side as well.
    private async Task PublishWillAsync(Task publishing, Will? will)
    {
        await publishing;
        if (will is not null)
            broker.PublishWill(will);
    }

    private async Task DiscardAsync()
    {
        while (true)
        {
            var result = await transport.Input.ReadAsync();
            transport.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }

    private void OnSilence() =>
        Close(Ending.ServerSays(MqttReasonCode.KeepAliveTimeout, "No packet came in one and a half times the keep alive."));

    private long Cut()
    {
        Abort();
        return TimerWheel.Never;
    }
}

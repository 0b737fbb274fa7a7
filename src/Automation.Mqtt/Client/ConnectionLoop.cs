using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>Connects, serves the connection until it ends, waits, and does it again.</summary>
internal sealed class ConnectionLoop(MqttClientOptions options, ClientSession session, StatusBoard board)
{
    // A connection that ended sooner does not make the wait short again: some servers accept, and close at once.
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);

    private MqttProtocolVersion? _knownVersion = options.ProtocolVersion;
    private string _clientId = options.ClientId;
    private bool _startsClean;
    private MqttDisconnectReason? _lastReason;

    /// <summary>Said to the server when the client is stopped.</summary>
    public MqttReasonCode StopCode { get; set; }

    /// <summary>Runs until it is stopped, or the server refuses for good.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _startsClean = options.CleanStart;
        var attempt = 0;
        while (!stop.IsCancellationRequested)
        {
            board.Set(MqttClientState.Connecting, _lastReason, attempt + 1);
            var started = options.TimeProvider.GetTimestamp();
            var (end, wasConnected) = await ConnectOnceAsync(stop);
            _lastReason = end;
            if (stop.IsCancellationRequested)
                break;
            if (!wasConnected && IsForGood(end) && !options.RetryRefused)
            {
                board.Set(MqttClientState.Refused, end, attempt + 1);
                return;
            }

            attempt = wasConnected && options.TimeProvider.GetElapsedTime(started) >= Lasting ? 0 : attempt + 1;
            await WaitAsync(end, attempt, stop);
        }

        board.Set(MqttClientState.Stopped, _lastReason, 0);
    }

    private static bool IsForGood(MqttDisconnectReason reason) => reason is
    {
        Origin: MqttDisconnectOrigin.Server,
        ReasonCode: MqttReasonCode.ClientIdentifierNotValid or MqttReasonCode.BadUserNameOrPassword or MqttReasonCode.NotAuthorized or MqttReasonCode.BadAuthenticationMethod,
    };

    // Exponential with full jitter: anything from nothing to the bound, so that many clients do not come back at once.
    private async Task WaitAsync(MqttDisconnectReason reason, int attempt, CancellationToken stop)
    {
        var bound = Math.Min(options.MaxReconnectDelay.TotalSeconds, options.ReconnectDelay.TotalSeconds * Math.Pow(2, Math.Max(attempt - 1, 0)));
        var delay = TimeSpan.FromSeconds(bound * options.Jitter());
        board.Set(MqttClientState.Waiting, reason, attempt, nextAttempt: options.TimeProvider.GetUtcNow() + delay);
        try
        {
            await Task.Delay(delay, options.TimeProvider, stop);
        }
        catch (OperationCanceledException)
        {
            // Stopped: the caller looks.
        }
    }

    private async Task<(MqttDisconnectReason Reason, bool WasConnected)> ConnectOnceAsync(CancellationToken stop)
    {
        var version = _knownVersion ?? MqttProtocolVersion.V5;
        var (end, wasConnected, triesOlder) = await ConnectOnceAsync(version, stop);
        if (wasConnected || !triesOlder || options.ProtocolVersion is not null || stop.IsCancellationRequested)
            return (end, wasConnected);
        // The server that spoke one version speaks it no more, or never did: the other one, at once. What works is remembered.
        if (version == MqttProtocolVersion.V311)
        {
            _knownVersion = null;
            return (end, false);
        }

        if (_knownVersion == MqttProtocolVersion.V5 && end.ReasonCode is null)
            return (end, false); // a server that knows 5.0 and closes is in trouble, not old
        var (olderEnd, wasOlderConnected, _) = await ConnectOnceAsync(MqttProtocolVersion.V311, stop);
        return (olderEnd, wasOlderConnected);
    }

    private async Task<(MqttDisconnectReason Reason, bool WasConnected, bool TriesOlder)> ConnectOnceAsync(MqttProtocolVersion version, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        ClientTransport? transport = null;
        try
        {
            transport = await ClientTransport.OpenAsync(options, either.Token);
            // 3.1.1 has no session that is new and stays: one is thrown away first (§3.1.2.4).
            if (_startsClean && version == MqttProtocolVersion.V311 && options.SessionExpiry > TimeSpan.Zero)
                transport = await ThrowSessionAwayAsync(transport, either.Token);

            var connect = ClientHandshake.Packet(options, version, _clientId, _startsClean);
            var result = await ClientHandshake.ConnectAsync(transport, options, connect, either.Token);
            if (result.Server is null)
                return (result.Refusal!, false, result.TriesOlderVersion);

            _startsClean = false;
            _knownVersion = version;
            _clientId = result.Server.ClientId;
            var serving = transport;
            transport = null;
            return (await ServeAsync(serving, result.Server, stop), true, false);
        }
        catch (MqttProtocolException exception)
        {
            return (await TellAsync(transport!, version, exception), false, false);
        }
        catch (Exception exception)
        {
            return (Failure(exception, timeout.IsCancellationRequested), false, IsClosedOnConnect(transport, exception, either.IsCancellationRequested));
        }
        finally
        {
            if (transport is not null)
                await transport.DisposeAsync();
        }
    }

    private async Task<MqttDisconnectReason> ServeAsync(ClientTransport transport, MqttServerInfo server, CancellationToken stop)
    {
        var connection = new ServerConnection(session, options, transport, server);
        session.Attach(connection);
        board.Set(MqttClientState.Connected, _lastReason, 0, server);
        try
        {
            return await connection.RunAsync(() => ConnectionEnd.Stopped(StopCode), stop);
        }
        finally
        {
            session.Detach();
        }
    }

    private async Task<ClientTransport> ThrowSessionAwayAsync(ClientTransport transport, CancellationToken cancellationToken)
    {
        await using (transport)
        {
            var connect = ClientHandshake.Packet(options, MqttProtocolVersion.V311, _clientId, cleanStart: true);
            var result = await ClientHandshake.ConnectAsync(transport, options, connect, cancellationToken);
            if (result.Server is not null)
            {
                var output = new FrameBuffer();
                PacketWriter.Write(output, MqttProtocolVersion.V311, new ReasonPacket(PacketType.Disconnect));
                await transport.SendAsync(output.Written);
                await transport.CloseOutputAsync();
                _clientId = result.Server.ClientId;
                _startsClean = false;
            }
        }

        return await ClientTransport.OpenAsync(options, cancellationToken);
    }

    // The CONNACK broke the rules: an MQTT 5 server may be told why before the connection is closed.
    private static async Task<MqttDisconnectReason> TellAsync(ClientTransport transport, MqttProtocolVersion version, MqttProtocolException exception)
    {
        var end = ConnectionEnd.ServerBrokeTheRules(exception);
        if (version == MqttProtocolVersion.V5)
        {
            var output = new FrameBuffer();
            PacketWriter.Write(output, version, new ReasonPacket(PacketType.Disconnect) { ReasonCode = exception.ReasonCode });
            try
            {
                await transport.SendAsync(output.Written);
                await transport.CloseOutputAsync();
            }
            catch (Exception)
            {
                // It is closed already.
            }
        }

        return end.Reason;
    }

    private static bool IsClosedOnConnect(ClientTransport? transport, Exception exception, bool isCut) =>
        transport is not null && !isCut && exception is IOException or System.Net.WebSockets.WebSocketException;

    private static MqttDisconnectReason Failure(Exception exception, bool isLate) => isLate
        ? new MqttDisconnectReason(MqttDisconnectOrigin.Network, null, "The server did not accept the connection in time.", null, exception)
        : new MqttDisconnectReason(MqttDisconnectOrigin.Network, null, exception.Message, null, exception);
}

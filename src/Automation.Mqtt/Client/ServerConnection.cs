using Automation.Mqtt.Packets;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Client;

/// <summary>One connection that the server accepted: a loop that reads, a loop that writes, and a look at the clock each second.</summary>
internal sealed class ServerConnection
{
    // A server that asks and does not take the answers is not read any further at this number.
    private const int MaxWaitingAnswers = 256;
    // Time for the last packet to arrive, before the connection is cut.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    private readonly ClientSession _session;
    private readonly MqttClientOptions _options;
    private readonly ClientTransport _transport;
    private readonly PublishSender _sender;
    private readonly PacketHandler _handler;
    private readonly PingTimer _ping;
    private readonly FrameBuffer _output = new();
    private readonly WakeSignal _writerWake = new();
    private readonly WakeSignal _readerWake = new();
    private readonly TaskCompletionSource<ConnectionEnd> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MqttPacket? _last;
    private bool _isFinishing;
    private bool _isHeld;
    private long _progress;

    public ServerConnection(ClientSession session, MqttClientOptions options, ClientTransport transport, MqttServerInfo server)
    {
        _session = session;
        _options = options;
        _transport = transport;
        Server = server;
        _sender = new PublishSender(session, options, server, _output);
        _handler = new PacketHandler(session, this, options);
        _ping = new PingTimer(options.TimeProvider, server.KeepAliveSeconds);
    }

    public MqttServerInfo Server { get; }

    public bool IsV5 => Server.ProtocolVersion == MqttProtocolVersion.V5;

    /// <summary>Most QoS 1 and 2 messages that may be sent and unanswered.</summary>
    public int SendWindow => Math.Min(Server.ReceiveMaximum, _options.MaxInFlight);

    /// <summary>Acknowledgements and the like, which go before everything else. Under the session's lock.</summary>
    public Queue<MqttPacket> Answers { get; } = new();

    public bool IsClosing => _ending.Task.IsCompleted;

    public void WakeWriter() => _writerWake.Wake();

    public void WakeReader() => _readerWake.Wake();

    /// <summary>Ends the connection, once; the first reason counts.</summary>
    public void Close(ConnectionEnd end)
    {
        if (_ending.TrySetResult(end))
            _readerWake.Wake();
    }

    /// <summary>Runs until the connection is over.</summary>
    public async Task<MqttDisconnectReason> RunAsync(Func<ConnectionEnd> onStop, CancellationToken stop)
    {
        var second = TimeSpan.FromSeconds(1);
        await using var timer = _options.TimeProvider.CreateTimer(static connection => ((ServerConnection)connection!).OnTick(), this, second, second);
        var reading = ReadAsync();
        var writing = WriteAsync();
        ConnectionEnd end;
        await using (stop.UnsafeRegister(_ => Close(onStop()), null))
            end = await _ending.Task;

        // A server that does not read the last packet, or does not close, has its time; then it is cut.
        await using var cut = _options.TimeProvider.CreateTimer(
            static transport => ((ClientTransport)transport!).Abort(), _transport, Linger, Timeout.InfiniteTimeSpan);
        lock (_session.Lock)
        {
            _last = end.ToPacket(Server);
            _isFinishing = true;
        }

        if (!end.IsTold)
            _transport.Abort();
        WakeWriter();
        await writing;
        await reading;
        if (end.IsTold)
            await DiscardAsync();
        await _transport.DisposeAsync();
        return end.Reason;
    }

    private async Task ReadAsync()
    {
        try
        {
            await ReadPacketsAsync();
        }
        catch (MqttProtocolException exception)
        {
            Close(ConnectionEnd.ServerBrokeTheRules(exception));
        }
        catch (Exception exception)
        {
            Close(ConnectionEnd.Lost(exception));
        }
    }

    private async Task ReadPacketsAsync()
    {
        while (!IsClosing)
        {
            var result = await _transport.Input.ReadAsync();
            var buffer = result.Buffer;
            try
            {
                while (!IsClosing && PacketReader.TryRead(buffer, Server.ProtocolVersion, (uint)_options.MaxPacketBytes, out var packet, out var consumed))
                {
                    buffer = buffer.Slice(consumed);
                    _ping.Hold();
                    _handler.Handle(packet);
                    if (MustHold())
                        await HoldAsync();
                    _ping.Resume();
                }
            }
            finally
            {
                _transport.Input.AdvanceTo(buffer.Start, buffer.End);
            }

            if (result.IsCompleted)
                Close(ConnectionEnd.Lost(null));
        }
    }

    private bool MustHold()
    {
        lock (_session.Lock)
            return Answers.Count >= MaxWaitingAnswers || (_session.Incoming.IsFull(IsV5) && !_session.Incoming.IsOverflowing);
    }

    private async ValueTask HoldAsync()
    {
        lock (_session.Lock)
        {
            _isHeld = true;
            _progress = -1;
        }

        while (!IsClosing && MustHold())
            await _readerWake.WaitAsync();
        lock (_session.Lock)
            _isHeld = false;
    }

    private async Task WriteAsync()
    {
        try
        {
            await WritePacketsAsync();
        }
        catch (Exception exception)
        {
            Close(ConnectionEnd.Lost(exception));
            _transport.Abort();
        }
        finally
        {
            _sender.Flushed(); // QoS 0: at most once
        }
    }

    private async Task WritePacketsAsync()
    {
        while (true)
        {
            bool hasMore, isDone;
            lock (_session.Lock)
                hasMore = Fill(out isDone);
            if (_output.Length > 0)
            {
                await _transport.SendAsync(_output.Written);
                _ping.Sent();
                _output.Clear();
                _sender.Flushed();
                _readerWake.Wake();
            }

            if (isDone)
            {
                if (_last is not null)
                    await _transport.CloseOutputAsync();
                return;
            }

            if (!hasMore)
                await _writerWake.WaitAsync();
        }
    }

    // Under the session's lock: packets are copied into the buffer only.
    private bool Fill(out bool isDone)
    {
        isDone = false;
        while (Answers.TryDequeue(out var answer))
        {
            PacketWriter.Write(_output, Server.ProtocolVersion, answer);
            if (_sender.IsEnough)
                return true;
        }

        if (_isFinishing)
        {
            if (_last is not null)
                PacketWriter.Write(_output, Server.ProtocolVersion, _last);
            isDone = true;
            return false;
        }

        return _sender.Fill();
    }

    private async Task DiscardAsync()
    {
        try
        {
            while (true)
            {
                var result = await _transport.Input.ReadAsync();
                _transport.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    return;
            }
        }
        catch (Exception)
        {
            // Cut, or closed with a reset: over in any case.
        }
    }

    private void OnTick()
    {
        var (asks, isDead) = _ping.Look();
        if (isDead)
        {
            Close(ConnectionEnd.Silent);
            return;
        }

        lock (_session.Lock)
        {
            if (asks && !_isFinishing && !Answers.Contains(PingPacket.Request))
                Answers.Enqueue(PingPacket.Request);
            LookAtHold();
        }

        WakeWriter();
        WakeReader();
    }

    // The application takes nothing and may be waiting for what is behind the messages that are not read.
    private void LookAtHold()
    {
        var incoming = _session.Incoming;
        if (!_isHeld)
            return;
        if (_progress == incoming.Progress && _session.AwaitsAnswer)
            incoming.IsOverflowing = true;
        _progress = incoming.Progress;
    }
}

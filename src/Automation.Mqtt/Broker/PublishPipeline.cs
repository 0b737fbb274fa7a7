using System.Threading.Channels;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>
/// One connection's publishes between receipt and acknowledgement. Many may be with the hook at once; they are routed and
/// acknowledged one after the other in the order of receipt (MQTT 5 §4.6). What has to be stored waits in the line of commits before its
/// acknowledgement, while the next are routed. Entered by the reader only.
/// </summary>
internal sealed class PublishPipeline(BrokerContext broker, ClientConnection connection, CommitLine commits)
{
    private readonly WakeSignal _room = new();
    private Channel<Pending>? _queue;
    private Task _pump = Task.CompletedTask;
    private int _pending;
    private int _unacknowledged;

    /// <summary>Publishes that are with the hook, wait for one before them or for their commit.</summary>
    public int Count => Volatile.Read(ref _pending) + commits.Count;

    /// <summary>QoS 1 and 2 messages of the client that are not finished, as its Receive Maximum counts them.</summary>
    public int Unacknowledged => Volatile.Read(ref _unacknowledged);

    public void CountUnacknowledged(int change) => Interlocked.Add(ref _unacknowledged, change);

    /// <summary>Completes when <see cref="Count"/> may have fallen, or at <see cref="WakeReader"/>.</summary>
    public ValueTask WaitForRoomAsync() => _room.WaitAsync();

    public void WakeReader() => _room.Wake();

    /// <param name="message">The message.</param>
    /// <param name="packetId">Its packet identifier; 0 for QoS 0.</param>
    /// <param name="answer">What the hook says.</param>
    /// <param name="unit">What it will store; null for nothing.</param>
    public void Add(MqttApplicationMessage message, ushort packetId, ValueTask<MqttReasonCode> answer, RoutingUnit? unit)
    {
        var item = new Pending(message, packetId, answer, unit);
        if (answer.IsCompletedSuccessfully && Volatile.Read(ref _pending) == 0)
        {
            Finish(item, answer.Result);
            return;
        }

        broker.Publishes.Take(message.Payload.Length);
        Interlocked.Increment(ref _pending);
        if (_queue is null)
        {
            _queue = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
            _pump = PumpAsync(_queue.Reader);
        }

        _queue.Writer.TryWrite(item);
    }

    /// <summary>No more publishes come. Completes when the last one is finished.</summary>
    public async Task CompleteAsync()
    {
        _queue?.Writer.TryComplete();
        await _pump;
        await commits.CompleteAsync();
    }

    private async Task PumpAsync(ChannelReader<Pending> queue)
    {
        await foreach (var item in queue.ReadAllAsync())
        {
            try
            {
                Finish(item, await item.Answer);
            }
            catch (OperationCanceledException)
            {
                // No answer, so no acknowledgement: the client keeps the message and sends it again on its next connection.
                item.Unit?.Withdraw();
                Forget(item);
                connection.Close(Ending.Lost);
            }
            catch (Exception exception)
            {
                broker.Report("Routing a publish", exception);
                connection.Abort();
            }

            Interlocked.Decrement(ref _pending);
            broker.Publishes.Release(item.Message.Payload.Length);
            _room.Wake();
        }
    }

    private void Finish(in Pending item, MqttReasonCode answer)
    {
        if (answer >= MqttReasonCode.UnspecifiedError)
        {
            item.Unit?.Withdraw();
            AnswerInTurn(item, answer);
        }
        else if (item.Unit is { } unit)
        {
            Store(item, answer, unit);
        }
        else
        {
            var receivers = broker.Router.Route(new RoutedMessage(item.Message, broker.Options.TimeProvider), connection.Session);
            AnswerInTurn(item, Combine(answer, receivers));
        }
    }

    private void Store(Pending item, MqttReasonCode answer, RoutingUnit unit)
    {
        unit.Route();
        var stored = unit.IsTaken || unit.Changes.Count == 0 ? default : broker.Log!.AppendAsync(unit.Changes);
        var size = item.Message.Payload.Length;
        broker.Publishes.Take(size); // until the commit, as while it is with the hook
        commits.Add(stored, isStored =>
        {
            broker.Publishes.Release(size);
            if (isStored)
                unit.Release();
            else
                unit.Withdraw();
            Answer(item, isStored ? Combine(answer, unit.Receivers) : MqttReasonCode.UnspecifiedError);
        });
    }

    // What has nothing to wait for itself waits for the acknowledgements before it.
    private void AnswerInTurn(in Pending item, MqttReasonCode answer)
    {
        if (item.Message.QualityOfService == MqttQualityOfService.AtMostOnce || commits.Count == 0)
        {
            Answer(item, answer);
            return;
        }

        var waiting = item;
        commits.Add(default, _ => Answer(waiting, answer));
    }

    private void Answer(in Pending item, MqttReasonCode answer)
    {
        var isRefused = answer >= MqttReasonCode.UnspecifiedError;
        if (isRefused)
            broker.Metrics.Refused();
        if (item.Message.QualityOfService == MqttQualityOfService.AtMostOnce)
            return;
        if (isRefused && connection.Version != MqttProtocolVersion.V5)
        {
            if (answer != MqttReasonCode.NotAuthorized)
            {
                Forget(item);
                connection.Close(Ending.Lost); // 3.1.1 has no way to say no: the client keeps the message
                return;
            }

            // What is never allowed would come again for ever: "it MUST either make a positive acknowledgement, according to the normal QoS
            // rules, or close the Network Connection" — 3.1.1 §3.3.5.
            isRefused = false;
            answer = MqttReasonCode.Success;
        }

        Acknowledge(item, answer, isRefused);
    }

    // 0x10 only when neither the application nor any subscriber wanted it.
    private MqttReasonCode Combine(MqttReasonCode answer, int receivers)
    {
        var nobody = broker.Options.OnPublish is null || answer == MqttReasonCode.NoMatchingSubscribers;
        return nobody && receivers == 0 ? MqttReasonCode.NoMatchingSubscribers : MqttReasonCode.Success;
    }

    private void Acknowledge(in Pending item, MqttReasonCode answer, bool isRefused)
    {
        if (item.Message.QualityOfService == MqttQualityOfService.AtLeastOnce)
        {
            CountUnacknowledged(-1);
            connection.SendAck(PacketType.Puback, item.PacketId, answer);
            return;
        }

        ClientConnection? current;
        var session = connection.Session;
        lock (session.Lock)
        {
            if (isRefused)
                session.IncomingQoS2.Remove(item.PacketId);
            else
                session.IncomingQoS2[item.PacketId] = true;
            current = session.Connection;
        }

        // The client may have come back meanwhile and sent the message again; it waits for this answer.
        var receiver = current ?? connection;
        if (isRefused)
            receiver.CountUnacknowledged(-1);
        receiver.SendAck(PacketType.Pubrec, item.PacketId, answer);
    }

    private void Forget(in Pending item)
    {
        CountUnacknowledged(-1);
        lock (connection.Session.Lock)
            connection.Session.IncomingQoS2.Remove(item.PacketId);
    }

    private readonly record struct Pending(MqttApplicationMessage Message, ushort PacketId, ValueTask<MqttReasonCode> Answer, RoutingUnit? Unit);
}

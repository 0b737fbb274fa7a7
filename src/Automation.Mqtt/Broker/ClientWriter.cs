using System.IO.Pipelines;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>A connection's send loop: answers first, then the session's messages; many packets to one flush. Its flush is the subscriber's back-pressure.</summary>
internal sealed class ClientWriter(BrokerContext broker, ClientConnection connection, PipeWriter output)
{
    private const int PacketsPerFlush = 64;
    private const int BytesPerFlush = 64 * 1024;
    // A client that sends requests and never reads the answers is not read any further at this number.
    private const int MaxWaitingAnswers = 256;
    // A SUBACK has a byte for each filter, so their number alone says too little.
    private const int MaxWaitingAnswerBytes = 64 * 1024;

    private readonly WakeSignal _wake = new();
    private readonly Queue<Answer> _answers = new();
    private readonly OutgoingAliases _aliases = new(connection.TopicAliasMaximum);
    private int _answerBytes;
    private PacketCount _count;
    private bool _isLast;
    private long _messagesSent;
    private long _bytesSent;

    /// <summary>PUBLISH packets written so far. Any thread.</summary>
    public long MessagesSent => Volatile.Read(ref _messagesSent);

    /// <summary>Bytes written so far. Any thread.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Under the session's lock.</summary>
    public bool IsCongested => _answers.Count >= MaxWaitingAnswers || _answerBytes >= MaxWaitingAnswerBytes;

    public void Wake() => _wake.Wake();

    /// <summary>Under the session's lock. Nothing is taken after <see cref="Finish"/>.</summary>
    public void Enqueue(in Answer answer)
    {
        if (_isLast)
            return;
        _answers.Enqueue(answer);
        _answerBytes += answer.Size;
    }

    /// <summary>Under the session's lock. The loop ends when the answers are written.</summary>
    public void Finish(MqttPacket? last)
    {
        if (last is not null)
            Enqueue(new Answer(last));
        _isLast = true;
    }

    public async Task RunAsync()
    {
        while (true)
        {
            var before = output.UnflushedBytes;
            var more = WriteSome(out var isDone, out var isTooLarge);
            _count.Bytes = output.UnflushedBytes - before;
            broker.Metrics.Wrote(_count);
            Volatile.Write(ref _messagesSent, _messagesSent + _count.Messages); // one writer
            Volatile.Write(ref _bytesSent, _bytesSent + _count.Bytes);
            _count = default;
            if (isTooLarge)
                connection.Close(Ending.ServerSays(MqttReasonCode.PacketTooLarge, null));
            var result = await output.FlushAsync();
            connection.WakeReader();
            if (isDone || result.IsCompleted)
                return;
            if (!more)
                await _wake.WaitAsync();
        }
    }

    // Packets are copied into the output under the session's lock: short, and a take-over cannot come in between.
    private bool WriteSome(out bool isDone, out bool isTooLarge)
    {
        isTooLarge = false;
        lock (connection.Session.Lock)
        {
            var packets = 0;
            var bytes = output.UnflushedBytes;
            while (_answers.TryDequeue(out var answer))
            {
                _answerBytes -= answer.Size;
                if (connection.MaximumPacketSize != uint.MaxValue && answer.SizeFor(connection.Version) > connection.MaximumPacketSize)
                {
                    isTooLarge = true; // the client waits for it in vain
                    continue;
                }

                answer.WriteTo(output, connection.Version);
                _count.Packets++;
                if (IsEnough(++packets, bytes))
                    break;
            }

            isDone = _isLast && _answers.Count == 0;
            if (_isLast || connection.Session.Connection != connection)
                return _answers.Count > 0;
            var more = true;
            while (more && !IsEnough(packets, bytes))
            {
                more = WriteNext();
                packets++;
            }

            if (connection.Session.Outgoing.TakeIdentifiers() is { } storing)
                _ = WaitForAsync(storing);
            return more;
        }
    }

    // Packet identifiers of QoS 2 messages are stored before they are sent.
    private async Task WaitForAsync(StoringIdentifiers storing)
    {
        var session = connection.Session;
        var isStored = false;
        try
        {
            await storing.Stored;
            isStored = true;
        }
        catch (Exception exception)
        {
            broker.Report("Storing", exception);
            connection.Close(Ending.ServerSays(MqttReasonCode.UnspecifiedError, "The server cannot store at the moment.")); // and tried again for the next
        }

        lock (session.Lock)
            session.Outgoing.OnStored(storing, isStored);
        session.WakeWriter();
    }

    private bool IsEnough(int packets, long before) => packets >= PacketsPerFlush || output.UnflushedBytes - before >= BytesPerFlush;

    private bool WriteNext()
    {
        var outgoing = connection.Session.Outgoing;
        if (outgoing.TryTakeResend(out var old))
        {
            Resend(outgoing, old!);
            return true;
        }

        if (!outgoing.TryTake(out var delivery))
            return false;
        if (delivery.Message.IsExpired)
        {
            broker.Metrics.Expired();
            outgoing.Drop(delivery);
            return true;
        }

        var encoded = Encode(delivery);
        if (IsTooLarge(delivery, encoded))
        {
            outgoing.Drop(delivery);
            return true;
        }

        ushort id = 0;
        if (delivery.QualityOfService != MqttQualityOfService.AtMostOnce && !outgoing.TryTrack(delivery, out id))
        {
            broker.Metrics.QueueFull(1);
            outgoing.CountDropped(1);
            return true;
        }

        if (id != 0 || delivery.QualityOfService == MqttQualityOfService.AtMostOnce)
            Write(delivery, id, delivery.MayBeRepeated, encoded);
        return true;
    }

    private void Resend(OutgoingMessages outgoing, InFlight old)
    {
        if (old.IsReceived)
        {
            PacketWriter.WriteAck(output, connection.Version, PacketType.Pubrel, old.PacketId, MqttReasonCode.Success);
            _count.Packets++;
            return;
        }

        // The client may have come back with a smaller limit than it had.
        var encoded = Encode(old.Delivery);
        if (IsTooLarge(old.Delivery, encoded))
            outgoing.Finish(old.PacketId);
        else
            Write(old.Delivery, old.PacketId, old.WasSent, encoded);
        old.WasSent = true;
    }

    // "discard it without sending and behave as if it had completed" — MQTT 5 §3.1.2.11.4
    private bool IsTooLarge(in Delivery delivery, EncodedPublish encoded)
    {
        var maximum = connection.MaximumPacketSize;
        if (encoded.Size <= maximum || (_aliases.Knows(delivery.Message.Message.Topic) && encoded.SizeAs(TopicForm.Alias) <= maximum))
            return false;
        broker.Metrics.TooLarge();
        return true;
    }

    private EncodedPublish Encode(in Delivery delivery) => delivery.Message.Encode(connection.Version, delivery.QualityOfService, delivery.Identifiers);

    private void Write(in Delivery delivery, ushort id, bool isDuplicate, EncodedPublish encoded)
    {
        var first = PublishWriter.FirstByte(delivery.QualityOfService, delivery.Retain, isDuplicate);
        ushort alias = 0;
        var form = connection.TopicAliasMaximum == 0
            ? TopicForm.Name
            : _aliases.Choose(delivery.Message.Message.Topic, encoded.SizeAs(TopicForm.NameAndAlias) <= connection.MaximumPacketSize, out alias);
        if (form == TopicForm.Name)
            encoded.WriteTo(output, first, id, delivery.Message.RemainingSeconds);
        else
            encoded.WriteTo(output, form, alias, first, id, delivery.Message.RemainingSeconds);
        _count.Packets++;
        _count.Messages++;
        _count.PayloadBytes += delivery.Message.Message.Payload.Length;
    }
}

/// <summary>Something to send that is no message: an acknowledgement, which needs no object, or any other packet.</summary>
internal readonly struct Answer
{
    private readonly MqttPacket? _packet;
    private readonly PacketType _type;
    private readonly ushort _packetId;
    private readonly MqttReasonCode _reason;

    public Answer(MqttPacket packet) => _packet = packet;

    public Answer(PacketType type, ushort packetId, MqttReasonCode reason)
    {
        _type = type;
        _packetId = packetId;
        _reason = reason;
    }

    /// <summary>Roughly the bytes of the packet.</summary>
    public int Size => 16 + (_packet is SubackPacket suback ? suback.ReasonCodes.Count : 0);

    /// <summary>Bytes of the packet. CONNACK and DISCONNECT are made to fit before.</summary>
    public int SizeFor(MqttProtocolVersion version) => _packet switch
    {
        SubackPacket => PacketWriter.SizeOf(version, _packet),
        not null => 0,
        null => _reason == MqttReasonCode.Success ? 4 : 5,
    };

    public void WriteTo(PipeWriter output, MqttProtocolVersion version)
    {
        if (_packet is not null)
            PacketWriter.Write(output, version, _packet);
        else
            PacketWriter.WriteAck(output, version, _type, _packetId, _reason);
    }
}

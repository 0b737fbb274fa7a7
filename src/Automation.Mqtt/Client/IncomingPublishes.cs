using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>
/// Messages from the server: those the application has not taken, and those it has not acknowledged — MQTT 5 §4.3, §4.6, §4.9.
/// All members are called under the session's lock.
/// </summary>
internal sealed class IncomingPublishes(MqttClientOptions options)
{
    private Queue<MqttReceivedMessage> _untaken = new();
    // In the order in which this connection brought them: they are answered in this order.
    private readonly Queue<MqttReceivedMessage> _unanswered = new();
    // Identifiers that count against our Receive Maximum on this connection.
    private readonly HashSet<ushort> _open = [];
    // QoS 2 by identifier until PUBREL; null after PUBREC was sent.
    private readonly Dictionary<ushort, MqttReceivedMessage?> _exactlyOnce = [];
    private long _untakenBytes;
    private bool _isResumed;

    /// <summary>Grows with each connection.</summary>
    public int Generation { get; private set; }

    /// <summary>Grows with whatever the application does.</summary>
    public long Progress { get; private set; }

    /// <summary>Messages that the application has not taken.</summary>
    public int Waiting => _untaken.Count;

    /// <summary>QoS 0 messages that were dropped.</summary>
    public long Dropped { get; private set; }

    /// <summary>Reading goes on although there is no room, because an answer is behind what is not read.</summary>
    public bool IsOverflowing { get; set; }

    /// <summary>Whether reading stops. What waits for PUBREL does not count: that comes only by reading.</summary>
    public bool IsFull(bool isV5) =>
        _untaken.Count >= options.MaxReceivedMessages || _untakenBytes >= options.MaxReceivedBytes
        || (!KeepsToReceiveMaximum(isV5) && _unanswered.Count >= options.ReceiveMaximum);

    public void Connected(bool sessionPresent)
    {
        _isResumed = sessionPresent;
        if (!sessionPresent)
            _exactlyOnce.Clear();
        else
            ForgetUntakenQoS1(); // they come again
    }

    public void Disconnected()
    {
        Generation++;
        _unanswered.Clear();
        _open.Clear();
        IsOverflowing = false;
    }

    public void AddAtMostOnce(MqttReceivedMessage message, bool isV5)
    {
        if (IsOverflowing && IsFull(isV5))
            Dropped++;
        else
            AddUntaken(message);
    }

    /// <summary>A QoS 1 or 2 message. One that the application has, or had, is not given to it again.</summary>
    /// <exception cref="MqttProtocolException">The server broke our Receive Maximum, or used an identifier twice.</exception>
    public void AddAcknowledged(MqttReceivedMessage message, bool isV5, Queue<MqttPacket> answers)
    {
        if (!_open.Add(message.PacketId))
        {
            Repeat(message, isV5, answers);
            return;
        }

        if (KeepsToReceiveMaximum(isV5) && _open.Count > options.ReceiveMaximum)
            throw new MqttProtocolException(MqttReasonCode.ReceiveMaximumExceeded, "More messages are unacknowledged than our Receive Maximum.");
        if (message.Message.QualityOfService == MqttQualityOfService.AtLeastOnce)
        {
            _unanswered.Enqueue(message);
            AddUntaken(message);
        }
        else if (!_exactlyOnce.TryGetValue(message.PacketId, out var known))
        {
            _exactlyOnce.Add(message.PacketId, message);
            _unanswered.Enqueue(message);
            AddUntaken(message);
        }
        else if (known is null)
        {
            answers.Enqueue(new AckPacket(PacketType.Pubrec) { PacketId = message.PacketId });
        }
        else
        {
            _unanswered.Enqueue(known);
            SendAnswers(answers);
        }
    }

    /// <summary>PUBREL — §3.6.</summary>
    /// <exception cref="MqttProtocolException">There was no PUBREC for it.</exception>
    public void Release(ushort id, Queue<MqttPacket> answers)
    {
        var isKnown = _exactlyOnce.TryGetValue(id, out var message);
        if (message is not null)
            throw MqttProtocolException.ProtocolError("A PUBREL came before our PUBREC.");
        if (isKnown)
        {
            _exactlyOnce.Remove(id);
            _open.Remove(id);
        }

        Progress++;
        answers.Enqueue(new AckPacket(PacketType.Pubcomp)
        {
            PacketId = id,
            ReasonCode = isKnown ? MqttReasonCode.Success : MqttReasonCode.PacketIdentifierNotFound,
        });
    }

    public bool TryTake(out MqttReceivedMessage message)
    {
        if (!_untaken.TryDequeue(out message!))
            return false;
        _untakenBytes -= message.Size;
        Progress++;
        if (_untaken.Count <= options.MaxReceivedMessages / 2 && _untakenBytes <= options.MaxReceivedBytes / 2)
            IsOverflowing = false;
        return true;
    }

    /// <returns>False when the acknowledgement is of no use any more.</returns>
    public bool TryAcknowledge(MqttReceivedMessage message, MqttReasonCode reasonCode, Queue<MqttPacket>? answers)
    {
        if (message.IsAcknowledged)
            return false;
        message.IsAcknowledged = true;
        message.Answer = reasonCode;
        Progress++;
        var isCurrent = message.Message.QualityOfService switch
        {
            MqttQualityOfService.AtMostOnce => true,
            MqttQualityOfService.AtLeastOnce => message.Generation == Generation && answers is not null,
            _ => _exactlyOnce.TryGetValue(message.PacketId, out var known) && known == message,
        };
        if (answers is not null)
            SendAnswers(answers);
        return isCurrent;
    }

    // mosquitto 2.0 sends all that waits at once when it takes a session up, whatever our Receive Maximum: ending the connection for it would never end.
    // Such a server is kept waiting, as one of 3.1.1.
    private bool KeepsToReceiveMaximum(bool isV5) => isV5 && !_isResumed && options.EnforceReceiveMaximum;

    private void SendAnswers(Queue<MqttPacket> answers)
    {
        while (_unanswered.TryPeek(out var message) && message.IsAcknowledged)
        {
            _unanswered.Dequeue();
            var isExactlyOnce = message.Message.QualityOfService == MqttQualityOfService.ExactlyOnce;
            answers.Enqueue(new AckPacket(isExactlyOnce ? PacketType.Pubrec : PacketType.Puback) { PacketId = message.PacketId, ReasonCode = message.Answer });
            if (isExactlyOnce && message.Answer < MqttReasonCode.UnspecifiedError)
            {
                _exactlyOnce[message.PacketId] = null;
                continue;
            }

            if (isExactlyOnce)
                _exactlyOnce.Remove(message.PacketId);
            _open.Remove(message.PacketId);
        }
    }

    // "MUST NOT resend at any other time" than after a reconnect — MQTT 5 §4.4. 3.1.1 allows it.
    private void Repeat(MqttReceivedMessage message, bool isV5, Queue<MqttPacket> answers)
    {
        if (isV5)
            throw MqttProtocolException.ProtocolError($"Packet identifier {message.PacketId} is in use.");
        if (message.Message.QualityOfService == MqttQualityOfService.ExactlyOnce && _exactlyOnce.TryGetValue(message.PacketId, out var known) && known is null)
            answers.Enqueue(new AckPacket(PacketType.Pubrec) { PacketId = message.PacketId });
    }

    private void AddUntaken(MqttReceivedMessage message)
    {
        if (_untakenBytes > 2 * options.MaxReceivedBytes)
            throw new MqttProtocolException(MqttReasonCode.QuotaExceeded, "Too many bytes of messages wait for the application.");
        _untaken.Enqueue(message);
        _untakenBytes += message.Size;
    }

    private void ForgetUntakenQoS1()
    {
        _untaken = new Queue<MqttReceivedMessage>(_untaken.Where(static message => message.Message.QualityOfService != MqttQualityOfService.AtLeastOnce));
        _untakenBytes = _untaken.Sum(static message => (long)message.Size);
    }
}

using System.Text;

namespace Automation.Mqtt.Client;

/// <summary>How far an outgoing message is.</summary>
internal enum PublishStage
{
    /// <summary>Not accepted yet: the queue is full.</summary>
    Waiting,

    /// <summary>Accepted, not sent.</summary>
    Queued,

    /// <summary>PUBLISH sent; PUBACK or PUBREC is to come.</summary>
    Sent,

    /// <summary>PUBREC came; PUBCOMP is to come.</summary>
    Released,

    /// <summary>Over.</summary>
    Finished,
}

/// <summary>One message on its way to the server. Changed under the session's lock only.</summary>
internal sealed class OutgoingPublish
{
    // Objects, list nodes and the completion of one message, roughly.
    private const int Overhead = 400;

    private readonly long _accepted;
    private readonly TimeProvider _time;

    public OutgoingPublish(MqttApplicationMessage message, TimeProvider time)
    {
        Message = message;
        _time = time;
        _accepted = time.GetTimestamp();
        Node = new LinkedListNode<OutgoingPublish>(this);
        Size = Overhead + message.Payload.Length + (2 * message.Topic.Length) + (message.CorrelationData?.Length ?? 0)
            + message.UserProperties.Sum(static property => Encoding.UTF8.GetByteCount(property.Name) + Encoding.UTF8.GetByteCount(property.Value));
    }

    public MqttApplicationMessage Message { get; }

    public int Size { get; }

    public PublishStage Stage { get; set; }

    public ushort PacketId { get; set; }

    /// <summary>Its place in the one list that holds it.</summary>
    public LinkedListNode<OutgoingPublish> Node { get; }

    /// <summary>Completes when the message is accepted, for one that had to wait for that.</summary>
    public TaskCompletionSource? Accepted { get; set; }

    public TaskCompletionSource<MqttPublishResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whole seconds that are left of the message's expiry interval; null when it has none.</summary>
    public long? RemainingSeconds => Message.MessageExpiryInterval is { } interval ? interval - (long)_time.GetElapsedTime(_accepted).TotalSeconds : null;

    public void Fail(MqttClientException exception)
    {
        Stage = PublishStage.Finished;
        Completion.TrySetException(exception);
        Accepted?.TrySetResult();
        _ = Completion.Task.Exception; // whoever awaits sees it; nobody has to
    }
}

namespace Automation.Mqtt.Client;

/// <summary>Requests that wait for their response, by correlation data — MQTT 5 §4.10. All members are called under the session's lock.</summary>
internal sealed class PendingResponses
{
    private readonly Dictionary<Guid, TaskCompletionSource<MqttReceivedMessage>> _pending = [];

    public int Count => _pending.Count;

    /// <summary>The topic that responses come on; null before the first request.</summary>
    public string? Topic { get; set; }

    public TaskCompletionSource<MqttReceivedMessage> Add(Guid correlation)
    {
        var completion = new TaskCompletionSource<MqttReceivedMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending.Add(correlation, completion);
        return completion;
    }

    public void Remove(Guid correlation) => _pending.Remove(correlation);

    /// <summary>Whether the message came on the response topic. It is not the application's then, even when nobody waits for it any more.</summary>
    public bool TryComplete(MqttReceivedMessage message)
    {
        if (Topic is null || message.Message.Topic != Topic)
            return false;
        if (message.Message.CorrelationData is { Length: 16 } data && _pending.Remove(new Guid(data.Span), out var completion))
            completion.TrySetResult(message);
        return true;
    }

    public void Close()
    {
        foreach (var completion in _pending.Values)
        {
            completion.TrySetException(new MqttClientException(MqttReasonCode.UnspecifiedError, "The client was closed before the response came."));
            _ = completion.Task.Exception; // whoever awaits sees it; nobody has to
        }

        _pending.Clear();
    }
}

namespace Automation.Mqtt.Client;

/// <summary>A SUBSCRIBE or UNSUBSCRIBE that is not answered. Changed under the session's lock only.</summary>
internal sealed class SubscribeOperation
{
    private SubscribeOperation(IReadOnlyList<MqttSubscription> subscriptions, bool isUnsubscribe, bool isRestore)
    {
        Subscriptions = subscriptions;
        IsUnsubscribe = isUnsubscribe;
        IsRestore = isRestore;
    }

    /// <summary>The subscriptions; for an UNSUBSCRIBE only the filters count.</summary>
    public IReadOnlyList<MqttSubscription> Subscriptions { get; }

    public bool IsUnsubscribe { get; }

    /// <summary>Given back after the server lost the session; nobody waits for it.</summary>
    public bool IsRestore { get; }

    public ushort PacketId { get; set; }

    public TaskCompletionSource<IReadOnlyList<MqttSubscribeResult>> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static SubscribeOperation Subscribe(IReadOnlyList<MqttSubscription> subscriptions) => new(subscriptions, isUnsubscribe: false, isRestore: false);

    public static SubscribeOperation Unsubscribe(IEnumerable<string> filters) =>
        new([.. filters.Select(static filter => new MqttSubscription(filter))], isUnsubscribe: true, isRestore: false);

    public static SubscribeOperation Restore(IReadOnlyList<MqttSubscription> subscriptions) => new(subscriptions, isUnsubscribe: false, isRestore: true);

    /// <summary>Ends the operation with one code for each filter, for all the same.</summary>
    public void Complete(MqttReasonCode code) => Complete([.. Subscriptions.Select(_ => code)]);

    public void Complete(IReadOnlyList<MqttReasonCode> codes) =>
        Completion.TrySetResult([.. Subscriptions.Zip(codes, static (subscription, code) => new MqttSubscribeResult(subscription.Filter, code))]);

    public void Fail(MqttClientException exception)
    {
        Completion.TrySetException(exception);
        _ = Completion.Task.Exception; // whoever awaits sees it; nobody has to
    }
}

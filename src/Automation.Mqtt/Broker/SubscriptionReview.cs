namespace Automation.Mqtt.Broker;

/// <summary>Asks about all subscriptions again, one review at a time; what is asked for during one leads to one more.</summary>
internal sealed class SubscriptionReview(BrokerContext broker)
{
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;

    public Task RunAsync()
    {
        lock (_lock)
        {
            if (_running.IsCompleted)
                return _running = Task.Run(ReviewAsync);
            return _next ??= ContinueAsync(_running);
        }
    }

    private async Task ContinueAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // out of the caller's lock
        lock (_lock)
        {
            _running = _next!;
            _next = null;
        }

        await ReviewAsync();
    }

    private async Task ReviewAsync()
    {
        if (broker.Options.OnSubscribe is not { } hook)
            return;
        foreach (var session in broker.Sessions.Copy())
        {
            MqttClientInfo client;
            Subscription[] subscriptions;
            lock (session.Lock)
            {
                client = session.Connection?.Client ?? MqttClientInfo.OfSession(session);
                subscriptions = [.. session.Subscriptions.Values];
            }

            foreach (var subscription in subscriptions)
            {
                var context = new MqttSubscribeContext { Client = client, Filter = subscription.Filter, QualityOfService = subscription.QualityOfService };
                subscription.IsAllowed = await AskAsync(hook, context) < MqttReasonCode.UnspecifiedError;
            }
        }
    }

    private async ValueTask<MqttReasonCode> AskAsync(Func<MqttSubscribeContext, ValueTask<MqttReasonCode>> hook, MqttSubscribeContext context)
    {
        try
        {
            return await broker.AskAsync(hook, context, "OnSubscribe");
        }
        catch (OperationCanceledException)
        {
            return MqttReasonCode.UnspecifiedError;
        }
    }
}

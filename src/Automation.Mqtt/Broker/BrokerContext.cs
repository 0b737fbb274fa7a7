using System.Collections.Concurrent;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>What the parts of one broker share.</summary>
internal sealed class BrokerContext : IDisposable
{
    private readonly ConcurrentDictionary<Task, bool> _background = new();

    public BrokerContext(MqttBrokerOptions options)
    {
        Options = options;
        Sessions = new SessionTable(this);
        Queues = new QueueBudget(options.MaxQueuedBytesTotal);
        Publishes = new PublishBudget(options.MaxPublishBytes);
        Retained = new RetainedStore(options.MaxRetainedMessages, options.MaxRetainedBytes);
        Metrics = new MqttBrokerMetrics(() => Sessions.Count, Queues, Retained);
        Observers = new Observers(options.TimeProvider);
        Router = new Router(Subscriptions, Retained, Observers, Metrics);
        Redelivery = new Redelivery(this);
        if (options.Store is not null)
            Log = new StoreLog(options.Store, options.TimeProvider, Report);
        Wheel = new TimerWheel(options.TimeProvider);
        SystemTopics = new SystemTopics(this);
    }

    public MqttBrokerOptions Options { get; }
    public MqttBrokerMetrics Metrics { get; }
    public SubscriptionTree Subscriptions { get; } = new();
    public RetainedStore Retained { get; }
    public QueueBudget Queues { get; }
    public PublishBudget Publishes { get; }
    public SessionTable Sessions { get; }
    public Observers Observers { get; }
    public Router Router { get; }
    public Redelivery Redelivery { get; }

    /// <summary>The way to the store; null when nothing is stored.</summary>
    public StoreLog? Log { get; }

    public TimerWheel Wheel { get; }
    public SystemTopics SystemTopics { get; }

    /// <summary>Wills that are being published.</summary>
    public Task Background => Task.WhenAll(_background.Keys);

    /// <summary>What a publish will store; null when it is clear that it stores nothing.</summary>
    /// <param name="message">The message.</param>
    /// <param name="origin">The publisher's session; null when the application publishes.</param>
    /// <param name="incomingId">Packet identifier of a QoS 2 publish; else 0.</param>
    public RoutingUnit? Begin(RoutedMessage message, Session? origin, ushort incomingId = 0)
    {
        if (Log is null)
            return null;
        var mayStore = message.Message.Retain || (message.Message.QualityOfService != MqttQualityOfService.AtMostOnce && Sessions.HasStored);
        return mayStore ? new RoutingUnit(Log, this, message, origin, incomingId) : null;
    }

    /// <summary>Routes a message that no client waits for, and completes when it is stored.</summary>
    /// <returns>The number of sessions that subscribe.</returns>
    public async ValueTask<int> PublishAsync(RoutedMessage message, RoutingUnit? unit)
    {
        if (unit is null)
            return Router.Route(message, origin: null);
        unit.Route();
        try
        {
            if (!unit.IsTaken && unit.Changes.Count > 0)
                await Log!.AppendAsync(unit.Changes);
        }
        catch
        {
            unit.Withdraw();
            throw;
        }

        unit.Release();
        return unit.Receivers;
    }

    /// <summary>Asks a hook; an exception is reported and refuses.</summary>
    /// <exception cref="OperationCanceledException">The hook gave up: there is no answer.</exception>
    public ValueTask<MqttReasonCode> AskAsync<T>(Func<T, ValueTask<MqttReasonCode>>? hook, T context, string what)
    {
        if (hook is null)
            return new ValueTask<MqttReasonCode>(MqttReasonCode.Success);
        try
        {
            var answer = hook(context);
            return answer.IsCompletedSuccessfully ? answer : AwaitAsync(answer, what);
        }
        catch (OperationCanceledException cancelled)
        {
            return ValueTask.FromException<MqttReasonCode>(cancelled);
        }
        catch (Exception exception)
        {
            return new ValueTask<MqttReasonCode>(Failed(what, exception));
        }
    }

    public void Report(string what, Exception exception) => Options.OnError?.Invoke(what, exception);

    /// <summary>Tells the application of a client that came or went.</summary>
    public void Tell(MqttPresence presence)
    {
        try
        {
            Options.OnPresence?.Invoke(presence);
        }
        catch (Exception exception)
        {
            Metrics.HookError();
            Report("OnPresence", exception);
        }
    }

    /// <summary>Publishes a will as if its client had: authorized at CONNECT, given to the publish hook, then routed.</summary>
    /// <remarks>While the hook has all it may hold, the will is dropped and counted: nobody is there who could wait.</remarks>
    public void PublishWill(Will will)
    {
        if (Publishes.IsFull)
        {
            Metrics.Refused();
            return;
        }

        var task = PublishWillAsync(will);
        if (task.IsCompleted)
            return;
        var size = will.Message.Payload.Length;
        Publishes.Take(size);
        _background[task] = true;
        task.ContinueWith(
            done =>
            {
                _background.TryRemove(done, out _);
                Publishes.Release(size);
            }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public void Dispose()
    {
        Wheel.Dispose();
        Metrics.Dispose();
        Subscriptions.Dispose();
    }

    private async Task PublishWillAsync(Will will)
    {
        try
        {
            var message = new RoutedMessage(will.Message, Options.TimeProvider);
            var unit = Begin(message, origin: null);
            if (await AskAboutAsync(will, unit) < MqttReasonCode.UnspecifiedError)
            {
                await PublishAsync(message, unit);
                Tell(new MqttPresence(MqttPresenceKind.Will, will.Client, MqttReasonCode.Success, null, Sessions.Find(will.Client.ClientId) is not null, will.Message));
                return;
            }

            unit?.Withdraw();
            Metrics.Refused();
        }
        catch (Exception exception)
        {
            Report("Publishing a will", exception);
        }
    }

    private async ValueTask<MqttReasonCode> AskAboutAsync(Will will, RoutingUnit? unit)
    {
        try
        {
            return await AskAsync(Options.OnPublish, new MqttPublishContext { Client = will.Client, Message = will.Message, IsWill = true, Unit = unit }, "OnPublish");
        }
        catch (OperationCanceledException)
        {
            return MqttReasonCode.UnspecifiedError;
        }
    }

    private async ValueTask<MqttReasonCode> AwaitAsync(ValueTask<MqttReasonCode> answer, string what)
    {
        try
        {
            return await answer;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return Failed(what, exception);
        }
    }

    private MqttReasonCode Failed(string what, Exception exception)
    {
        Metrics.HookError();
        Report(what, exception);
        return MqttReasonCode.UnspecifiedError;
    }
}

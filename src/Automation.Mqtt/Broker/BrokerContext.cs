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
        Router = new Router(Subscriptions, Retained, Metrics);
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
    public Router Router { get; }
    public TimerWheel Wheel { get; }
    public SystemTopics SystemTopics { get; }

    /// <summary>Wills that are being published.</summary>
    public Task Background => Task.WhenAll(_background.Keys);

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
            var context = new MqttPublishContext { Client = will.Client, Message = will.Message, IsWill = true };
            if (await AskAsync(Options.OnPublish, context, "OnPublish") < MqttReasonCode.UnspecifiedError)
                Router.Route(new RoutedMessage(will.Message, Options.TimeProvider), origin: null);
            else
                Metrics.Refused();
        }
        catch (OperationCanceledException)
        {
            Metrics.Refused();
        }
        catch (Exception exception)
        {
            Report("Publishing a will", exception);
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

using Automation.Mqtt;
using Automation.Mqtt.Client;
using Automation.Server.Steps;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>One named connection to an outside broker: brings its messages to the workflows, and publishes for steps.</summary>
/// <remarks>
/// A message is acknowledged once its events are committed, in the order in which messages came (P1). While intake is full or the journal cannot write,
/// no more than <see cref="MqttConnectionOptions.ReceiveMaximum"/> messages are held here and the broker keeps the rest (P9). After a crash the broker sends
/// again what was not acknowledged: at least once, also with QoS 2, which arrives once as long as this process lives.
/// </remarks>
internal sealed class MqttConnection : IAsyncDisposable
{
    // While the broker is away, the ends of subscriptions do not pile up for it.
    private static readonly TimeSpan EndingPatience = TimeSpan.FromSeconds(30);

    private readonly string server;
    private readonly MqttIntake intake;
    private readonly MqttAnswers answers;
    private readonly MqttSubscriptions subscriptions;
    private readonly MqttClient client;
    private readonly MqttConnectionOptions options;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly SemaphoreSlim places;
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;
    private string? lastReason;
    private long refused;
    private int requests;

    public MqttConnection(string name, MqttConnectionOptions options, MqttClientOptions settings, MqttConnectionFile file, Func<string, MqttAnswers, MqttIntake> intake, TimeProvider time, ILogger log)
    {
        Name = name;
        this.options = options;
        this.time = time;
        this.log = log;
        server = settings.Server.ToString().TrimEnd('/');
        answers = new MqttAnswers(options.RequestsMaximum);
        this.intake = intake(name, answers);
        subscriptions = new MqttSubscriptions(name, options, file, time, log);
        places = new SemaphoreSlim(options.ReceiveMaximum);
        settings.OnStatus = Changed;
        settings.OnSubscriptionLost = subscriptions.Lost;
        settings.OnError = (what, error) => Log.ClientError(log, name, what, error);
        ClientId = settings.ClientId;
        client = new MqttClient(settings);
    }

    public string Name { get; }

    public string ClientId { get; }

    /// <summary>Without user name and password.</summary>
    public string Server => server;

    public string ShareName => options.ShareName;

    public MqttClientStatus Status => client.Status;

    /// <summary>Why there is no connection, or why the last one ended; null when there was none.</summary>
    public string? Reason => Status.Reason is { } reason ? ReasonOf(reason) : null;

    public IReadOnlyList<MqttSubscriptionStatus> Subscriptions => subscriptions.Shown;

    /// <summary>Messages to be sent that the broker has not acknowledged, and their bytes.</summary>
    public (int Messages, long Bytes) Queued => (client.QueuedMessages, client.QueuedBytes);

    /// <summary>Messages from the broker that wait for their commit.</summary>
    public int WaitingMessages => client.WaitingMessages + options.ReceiveMaximum - places.CurrentCount;

    /// <summary>QoS 0 messages that were dropped, because too much waited.</summary>
    public long DroppedMessages => client.DroppedMessages;

    /// <summary>Messages that the database refuses, acknowledged with an error.</summary>
    public long RefusedMessages => Volatile.Read(ref refused);

    /// <summary>Requests of steps that wait for their answer.</summary>
    public int WaitingRequests => Volatile.Read(ref requests);

    /// <summary>As <c>is not connected (waiting): connection refused</c>; for errors of steps.</summary>
    public string Described
    {
        get
        {
            var status = Status;
            return status.State is MqttClientState.Connected
                ? $"The MQTT connection \"{Name}\" is connected"
                : $"The MQTT connection \"{Name}\" is not connected ({status.State.ToString().ToLowerInvariant()} since {status.Since:HH:mm:ss} UTC{(Reason is { } reason ? ": " + reason : "")})";
        }
    }

    public void Start()
    {
        client.Start();
        running = Task.WhenAll(ReceiveAsync(), subscriptions.RunAsync(client, stopping.Token));
    }

    public void Use(WorkflowSet workflows, bool listens = true)
    {
        intake.Use(workflows);
        subscriptions.Use(listens ? workflows : WorkflowSet.Empty); // what its session still brings is taken all the same
    }

    /// <summary>Takes no more messages; returns when those under way are committed or given up. Steps may go on publishing.</summary>
    public async Task StopReceivingAsync()
    {
        await stopping.CancelAsync();
        await running;
    }

    /// <summary>Publishes a message; completes with the broker's acknowledgement.</summary>
    /// <exception cref="StepException">The broker refused it, or it cannot be carried.</exception>
    /// <exception cref="OperationCanceledException">It was not acknowledged until <paramref name="cancellation"/>; it may have been sent.</exception>
    public async Task PublishAsync(MqttApplicationMessage message, CancellationToken cancellation)
    {
        try
        {
            var result = await client.PublishAsync(message, cancellation);
            if (!result.IsSuccess) throw Refused($"the message on \"{message.Topic}\"", result.ReasonCode, result.ReasonString);
        }
        catch (MqttClientException error)
        {
            throw Refused($"the message on \"{message.Topic}\"", error.ReasonCode, error.Message);
        }
    }

    /// <summary>Publishes a request and waits for its answer (MQTT 5 §4.10).</summary>
    /// <param name="message">Its response topic is where the answer is to come, or null for one of the connection's own.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="StepException">The broker refused request or subscription, MQTT 3.1.1 is spoken and there is no response topic, or too many requests wait.</exception>
    /// <exception cref="OperationCanceledException">No answer came until <paramref name="cancellation"/>.</exception>
    public async Task<MqttApplicationMessage> RequestAsync(MqttApplicationMessage message, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref requests) > options.RequestsMaximum)
        {
            Interlocked.Decrement(ref requests);
            throw TooManyRequests(options.RequestsMaximum);
        }

        try
        {
            return message.ResponseTopic is null
                ? (await client.RequestAsync(message, Timeout.InfiniteTimeSpan, cancellation)).Message
                : await RequestOnTopicAsync(message, message.ResponseTopic, cancellation);
        }
        catch (MqttClientException error) when (error.ReasonCode is MqttReasonCode.ImplementationSpecificError && Status.Server?.ProtocolVersion is MqttProtocolVersion.V311)
        {
            throw new StepException(new StepError(
                "mqtt_no_response_topic",
                $"The MQTT connection \"{Name}\" speaks MQTT 3.1.1, which carries no response topic. Give the step a \"responseTopic\" of its own for each request, such as \"answers/${{run.id}}\", and tell it to the device in the payload.",
                Retryable: false));
        }
        catch (MqttClientException error)
        {
            throw Refused($"the request on \"{message.Topic}\"", error.ReasonCode, error.Message);
        }
        finally
        {
            Interlocked.Decrement(ref requests);
        }
    }

    public static StepException TooManyRequests(int maximum) => new("mqtt_busy", $"{maximum} requests wait for their answers, which is the most at a time.");

    /// <summary>Disconnects; the session stays at the broker. Steps that wait for an acknowledgement fail.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopReceivingAsync();
        await client.DisposeAsync();
        subscriptions.Dispose();
        stopping.Dispose();
        places.Dispose();
    }

    private static string ReasonOf(MqttDisconnectReason reason) => reason.ReasonCode is { } code
        ? MqttReasons.InWords(code, reason.Text.Contains(code.ToString(), StringComparison.Ordinal) ? null : reason.Text.TrimEnd('.'))
        : reason.Text.TrimEnd('.');

    private async Task<MqttApplicationMessage> RequestOnTopicAsync(MqttApplicationMessage message, string topic, CancellationToken cancellation)
    {
        using var waiting = answers.Begin(topic, message.CorrelationData ?? default) ?? throw TooManyRequests(options.RequestsMaximum);
        var isBrought = subscriptions.Brings(topic); // a second subscription would start those workflows twice
        try
        {
            if (!isBrought) await SubscribeForAnswersAsync(topic, cancellation);
            await PublishAsync(message, cancellation);
            return await waiting.Answer.WaitAsync(cancellation);
        }
        finally
        {
            waiting.Dispose();
            // Nobody waits for it, and no workflow has begun to listen to it: it would lose its subscription.
            if (!isBrought && !answers.IsAwaited(topic) && !subscriptions.AreWanted(topic)) _ = EndSubscriptionAsync(topic);
        }
    }

    private async Task SubscribeForAnswersAsync(string topic, CancellationToken cancellation)
    {
        uint? identifier = Status.Server is { ProtocolVersion: MqttProtocolVersion.V5, SubscriptionIdentifierAvailable: true } ? MqttSubscriptions.OfRequests : null;
        var subscription = new MqttSubscription(topic, MqttQualityOfService.AtLeastOnce) { Identifier = identifier };
        if ((await client.SubscribeAsync([subscription], cancellation))[0] is { ReasonCode: >= MqttReasonCode.UnspecifiedError } refused)
            throw Refused($"the subscription to \"{topic}\"", refused.ReasonCode, null);
    }

    private async Task EndSubscriptionAsync(string topic)
    {
        using var timer = new CancellationTokenSource(EndingPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping.Token);
        try
        {
            await client.UnsubscribeAsync([topic], either.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or MqttClientException)
        {
            // The server stops, or the broker is away. What comes on the topic then is acknowledged and dropped.
        }
    }

    private StepException Refused(string what, MqttReasonCode code, string? text) =>
        new(new StepError("mqtt_refused", $"The broker of the MQTT connection \"{Name}\" refused {what}: {MqttReasons.InWords(code, text)}.", Retryable: MqttReasons.MayPass(code)));

    private async Task ReceiveAsync()
    {
        try
        {
            await foreach (var message in client.ReceiveAsync(stopping.Token))
            {
                await places.WaitAsync(stopping.Token);
                _ = TakeAsync(message); // begins in order; ends when it is committed
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops: what is under way ends first.
        }

        for (var place = 0; place < options.ReceiveMaximum; place++) await places.WaitAsync(CancellationToken.None);
    }

    private async Task TakeAsync(MqttReceivedMessage message)
    {
        var topic = message.Message.Topic;
        try
        {
            var code = await intake.AcceptAsync(message.Message, route => subscriptions.IsFor(message, route), stopping.Token);
            if (code >= MqttReasonCode.UnspecifiedError)
            {
                Interlocked.Increment(ref refused);
                Log.MessageRefused(log, Name, topic);
            }

            message.Acknowledge(code is MqttReasonCode.NoMatchingSubscribers ? MqttReasonCode.Success : code); // only servers say that nobody subscribes, MQTT 5 §3.4.2.1
        }
        catch (OperationCanceledException)
        {
            // The server stops. The broker keeps the message.
        }
        catch (Exception defect)
        {
            Interlocked.Increment(ref refused);
            Log.MessageFailed(log, Name, topic, defect);
            message.Acknowledge(MqttReasonCode.UnspecifiedError);
        }
        finally
        {
            places.Release();
        }
    }

    private void Changed(MqttClientStatus status)
    {
        if (status.Server is { } info)
        {
            lastReason = null;
            subscriptions.Connected(info);
            Log.Connected(log, Name, server, info.ClientId, info.SessionPresent);
            return;
        }

        // Once for each reason, not for each attempt.
        if (status is not { State: MqttClientState.Waiting, Reason: { } reason } || ReasonOf(reason) is var text && text == lastReason) return;
        lastReason = ReasonOf(reason);
        Log.NotConnected(log, Name, server, lastReason);
    }
}

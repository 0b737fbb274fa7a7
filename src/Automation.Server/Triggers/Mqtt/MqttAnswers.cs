using Automation.Mqtt;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Requests of runs that wait for the first message on their response topic (MQTT 5 §4.10). In memory only: a run that is taken up again asks again.</summary>
internal sealed class MqttAnswers(int maximum)
{
    private readonly Lock gate = new();
    private readonly List<Waiting> all = [];
    private volatile int count;

    /// <summary>Requests that wait.</summary>
    public int Count => count;

    /// <summary>Begins to wait. Disposing the place ends it.</summary>
    /// <param name="topic">Where the answer is to come.</param>
    /// <param name="correlation">An answer with other correlation data is another request's; one without any is taken.</param>
    /// <returns>Null when too many wait.</returns>
    public Waiting? Begin(string topic, ReadOnlyMemory<byte> correlation)
    {
        lock (gate)
        {
            if (all.Count >= maximum) return null;
            var waiting = new Waiting(this, topic, correlation);
            all.Add(waiting);
            count = all.Count;
            return waiting;
        }
    }

    /// <summary>Whether others wait on that topic too.</summary>
    public bool IsAwaited(string topic)
    {
        lock (gate) return all.Exists(waiting => waiting.Topic == topic);
    }

    /// <summary>Gives a message to the request that it answers, the oldest if there are several. False when it answers none.</summary>
    public bool Offer(MqttApplicationMessage message)
    {
        if (count == 0) return false;
        lock (gate)
        {
            return all.Find(waiting => waiting.Takes(message)) is { } first && first.TryComplete(message);
        }
    }

    internal sealed class Waiting(MqttAnswers owner, string topic, ReadOnlyMemory<byte> correlation) : IDisposable
    {
        private readonly TaskCompletionSource<MqttApplicationMessage> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Topic => topic;

        public Task<MqttApplicationMessage> Answer => answer.Task;

        public bool Takes(MqttApplicationMessage message) =>
            !answer.Task.IsCompleted && message.Topic == topic && (message.CorrelationData is not { } data || data.Span.SequenceEqual(correlation.Span));

        public bool TryComplete(MqttApplicationMessage message) => answer.TrySetResult(message);

        public void Dispose()
        {
            lock (owner.gate)
            {
                owner.all.Remove(this);
                owner.count = owner.all.Count;
            }
        }
    }
}

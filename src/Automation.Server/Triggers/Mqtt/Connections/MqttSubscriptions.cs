using System.Collections.Concurrent;
using System.Collections.Immutable;
using Automation.Mqtt;
using Automation.Mqtt.Client;
using Automation.Mqtt.Topics;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>Keeps what is subscribed at a connection's broker the same as what the active workflows listen to.</summary>
/// <remarks>
/// One loop: it looks when the workflows change, when the connection is there, and each minute for what the broker refused. Each topic filter is subscribed
/// once, with an identifier of its own, so that a message the broker sends for several filters starts each trigger once. Retained messages go only to triggers
/// that began to listen with the SUBSCRIBE that brought them.
/// </remarks>
internal sealed class MqttSubscriptions(string connection, MqttConnectionOptions options, MqttConnectionFile file, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan RefusedPause = TimeSpan.FromMinutes(1), Patience = TimeSpan.FromSeconds(30), FailurePause = TimeSpan.FromSeconds(1);

    // AWS IoT Core takes no more filters in one packet; and so many are answered at once.
    private const int RequestsAtATime = 8;

    private readonly Lock gate = new();
    private readonly Dictionary<string, State> states = new(StringComparer.Ordinal);
    /// <summary>Carried by what comes because a request of a run waits for it (§3.8.2.1.2): no trigger's, whatever else brings it.</summary>
    public const uint OfRequests = 268_435_455;

    // By identifier, also those of SUBSCRIBEs that a later one took the place of: their messages may still be on the way.
    private readonly ConcurrentDictionary<uint, Granted> granted = new();
    private readonly SemaphoreSlim signal = new(0, 1);
    private ImmutableSortedDictionary<string, MqttListeners> wanted = ImmutableSortedDictionary<string, MqttListeners>.Empty;
    private uint lastIdentifier = file.Subscriptions.Values.Select(s => s.Identifier).DefaultIfEmpty().Max();
    private int connections;

    public void Use(WorkflowSet workflows)
    {
        lock (gate) wanted = MqttListeners.Of(workflows, connection);
        Signal();
    }

    /// <summary>Before the first message of a connection is read.</summary>
    public void Connected(MqttServerInfo server)
    {
        lock (gate)
        {
            if (connections++ == 0) TakeUp(server);
            else if (!server.SessionPresent) ForgetNewcomers(); // the client subscribes again by itself
        }

        Signal();
    }

    /// <summary>The client gave a subscription back after the broker had lost it, and was refused.</summary>
    public void Lost(MqttSubscribeResult refused)
    {
        lock (gate)
        {
            if (states.Values.FirstOrDefault(s => Shared(s.Filter) == refused.Filter) is { } state) states[state.Filter] = state with { Answer = refused.ReasonCode, AskedAt = time.GetTimestamp() };
        }

        Log.SubscriptionRefused(log, connection, refused.Filter, MqttReasons.InWords(refused.ReasonCode));
    }

    /// <summary>Whether a message that matches a trigger's filter is for that trigger.</summary>
    public bool IsFor(MqttReceivedMessage message, MqttRoute route)
    {
        var retained = message.Message.Retain; // RETAIN as published is not asked for: it says that this comes of a SUBSCRIBE, §3.3.1.3
        if (retained && route.Config.Retained is RetainedUse.None) return false;
        var filter = route.Pattern.Filter.Filter;
        Granted? by = null;
        var known = false;
        foreach (var identifier in message.SubscriptionIdentifiers)
        {
            known |= identifier == OfRequests;
            if (!granted.TryGetValue(identifier, out var one)) continue;
            known = true;
            if (one.Filter == filter) by = one;
        }

        if (known && by is null) return false;
        if (!retained || route.Config.Retained is RetainedUse.All || message.IsDuplicate) return true; // one that came before may have been for any
        if (by is null)
        {
            lock (gate) by = states.GetValueOrDefault(filter)?.By;
        }

        return by?.Newcomers is not { } newcomers || newcomers.Contains(route.Name);
    }

    /// <summary>For the API: each filter that workflows listen to, and the broker's answer.</summary>
    public IReadOnlyList<MqttSubscriptionStatus> Shown
    {
        get
        {
            lock (gate)
            {
                return [.. wanted.Select(w => new MqttSubscriptionStatus(Shared(w.Key), QosOf(w.Value), states.GetValueOrDefault(w.Key)?.Answer, [.. w.Value.Triggers.Keys]))];
            }
        }
    }

    /// <summary>Whether what comes on a topic comes here anyhow, because workflows listen to it. With a share it may come to another server.</summary>
    public bool Brings(string topic)
    {
        if (options.ShareName.Length > 0) return false;
        lock (gate) return wanted.Keys.Any(key => states.GetValueOrDefault(key) is { Answer: < MqttReasonCode.UnspecifiedError } && TopicFilter.TryParse(key, out var filter) && filter.Matches(topic));
    }

    /// <summary>Whether workflows listen to this very filter.</summary>
    public bool AreWanted(string filter)
    {
        lock (gate) return options.ShareName.Length == 0 && wanted.ContainsKey(filter);
    }

    /// <summary>Brings subscriptions up to date until it is cancelled.</summary>
    public async Task RunAsync(MqttClient client, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(stopping);
                if (client.Status.Server is { } server) await RunOnceAsync(client, server, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The connection went, or the file cannot be written.
                Log.SubscriptionsFailed(log, connection, error.Message);
                await Task.Delay(FailurePause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Signal();
            }
        }
    }

    public void Dispose() => signal.Dispose();

    private async Task RunOnceAsync(MqttClient client, MqttServerInfo server, CancellationToken stopping)
    {
        // First what is new: a trigger that moves from one filter to another misses nothing.
        var requests = NextRequests(server);
        foreach (var request in requests)
        {
            var heard = file.Subscriptions.TryGetValue(request.By.Filter, out var before) ? before.Heard : [];
            file.Subscriptions[request.By.Filter] = new MqttConnectionFile.Subscription(request.By.Identifier, heard);
        }

        if (requests.Count > 0) file.Save(); // before the broker has them, so that the next start knows what to take back
        foreach (var some in requests.Chunk(RequestsAtATime))
        {
            var answers = await WithinPatienceAsync(token => Task.WhenAll(some.Select(request => client.SubscribeAsync([request.Ask], token))), stopping);
            foreach (var (request, answer) in some.Zip(answers)) Took(request, answer[0].ReasonCode);
            file.Save();
        }

        foreach (var some in Gone().Chunk(RequestsAtATime))
        {
            await WithinPatienceAsync(token => client.UnsubscribeAsync([.. some.Select(Shared)], token), stopping);
            foreach (var filter in some) Forget(filter);
            file.Save();
        }
    }

    private async Task<T> WithinPatienceAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken stopping)
    {
        using var timer = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            throw new TimeoutException($"The broker did not answer within {Patience.TotalSeconds:0} s.");
        }
    }

    private void Took(Request request, MqttReasonCode code)
    {
        var (filter, heard) = (request.By.Filter, request.Listeners.Taking.ToImmutableHashSet(StringComparer.Ordinal));
        lock (gate) states[filter] = new State(filter, request.By, QosOf(request.Listeners), code, connections, time.GetTimestamp(), heard);
        if (code < MqttReasonCode.UnspecifiedError) file.Subscriptions[filter] = new MqttConnectionFile.Subscription(request.By.Identifier, [.. heard]);
        else Log.SubscriptionRefused(log, connection, Shared(filter), MqttReasons.InWords(code));
    }

    private void Forget(string filter)
    {
        lock (gate) states.Remove(filter);
        foreach (var (identifier, _) in granted.Where(g => g.Value.Filter == filter)) granted.TryRemove(identifier, out _);
        file.Subscriptions.Remove(filter);
    }

    private List<Request> NextRequests(MqttServerInfo server)
    {
        lock (gate)
        {
            var requests = new List<Request>();
            if (connections == 0) return requests; // the client knows of the connection, and is about to say so here
            foreach (var (filter, listeners) in wanted)
            {
                var state = states.GetValueOrDefault(filter);
                // A filter that the broker has and nobody here has asked for yet: from an earlier start.
                var heard = state is { IsAsked: false } or { Answer: < MqttReasonCode.UnspecifiedError } ? state.Heard : null;
                var newcomers = heard is null ? null : listeners.Taking.Except(heard).ToImmutableHashSet(StringComparer.Ordinal);
                if (!IsDue(state, listeners, newcomers)) continue;
                var isForSome = newcomers is not null && (newcomers.Count > 0 || listeners.AnyAlways); // those that have heard do not hear again
                var by = state?.By is { } same && !isForSome ? same : new Granted(++lastIdentifier, filter, isForSome ? newcomers : null);
                granted[by.Identifier] = by;
                if (state is not null) states[filter] = state with { By = by };
                else states[filter] = new State(filter, by, QosOf(listeners), null, 0, 0, []);
                var handling = !listeners.Taking.Any() ? MqttRetainHandling.DoNotSend : isForSome ? MqttRetainHandling.SendAlways : MqttRetainHandling.SendIfNew;
                requests.Add(new Request(by, listeners, new MqttSubscription(Shared(filter), (MqttQualityOfService)QosOf(listeners))
                {
                    RetainHandling = handling,
                    Identifier = server.SubscriptionIdentifierAvailable ? by.Identifier : null,
                }));
            }

            return requests;
        }
    }

    private bool IsDue(State? state, MqttListeners listeners, ImmutableHashSet<string>? newcomers)
    {
        if (state is not { Answer: { } answer }) return true;
        if (state.Qos != QosOf(listeners) || newcomers is { Count: > 0 }) return true;
        var isNewConnection = state.Connection != connections;
        return answer >= MqttReasonCode.UnspecifiedError
            ? isNewConnection || time.GetElapsedTime(state.AskedAt) >= RefusedPause
            : isNewConnection && listeners.AnyAlways;
    }

    private List<string> Gone()
    {
        lock (gate) return connections == 0 ? [] : [.. states.Keys.Concat(file.Subscriptions.Keys).Distinct(StringComparer.Ordinal).Where(filter => !wanted.ContainsKey(filter))];
    }

    /// <summary>The first connection of this process: what the broker's session still has was subscribed by an earlier one.</summary>
    private void TakeUp(MqttServerInfo server)
    {
        if (!server.SessionPresent) return;
        foreach (var (filter, known) in file.Subscriptions)
        {
            if (known.Identifier == 0) continue;
            // MQTT 3.1.1 sends retained messages at each SUBSCRIBE; 5.0 does not, so those that come are left of the earlier process.
            var by = new Granted(known.Identifier, filter, server.ProtocolVersion is MqttProtocolVersion.V5 ? null : []);
            granted[known.Identifier] = by;
            states[filter] = new State(filter, by, 0, null, 0, 0, [.. known.Heard]);
        }
    }

    private void ForgetNewcomers()
    {
        foreach (var state in states.Values.ToList())
        {
            var by = state.By with { Newcomers = null };
            states[state.Filter] = state with { By = by, Connection = state.Answer < MqttReasonCode.UnspecifiedError ? connections : state.Connection };
            granted[by.Identifier] = by;
        }
    }

    private async Task WaitAsync(CancellationToken stopping)
    {
        using var timer = new CancellationTokenSource(RefusedPause, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        try
        {
            await signal.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // The minute is over.
        }
    }

    private void Signal()
    {
        lock (signal)
        {
            if (signal.CurrentCount == 0) signal.Release();
        }
    }

    private int QosOf(MqttListeners listeners) => Math.Min(listeners.Qos, options.MaximumQos);

    private string Shared(string filter) => options.ShareName.Length == 0 ? filter : $"$share/{options.ShareName}/{filter}";

    /// <summary>What messages of one SUBSCRIBE are for.</summary>
    /// <param name="Identifier">That they carry, where the broker knows identifiers.</param>
    /// <param name="Filter">Without the share.</param>
    /// <param name="Newcomers">The triggers that its retained messages are for; null for all.</param>
    private sealed record Granted(uint Identifier, string Filter, ImmutableHashSet<string>? Newcomers);

    /// <param name="Filter">Without the share.</param>
    /// <param name="By">Its last SUBSCRIBE.</param>
    /// <param name="Qos">That was asked for.</param>
    /// <param name="Answer">The broker's; null while there is none in this process.</param>
    /// <param name="Connection">Number of the connection it was asked on.</param>
    /// <param name="AskedAt">Time stamp of the answer.</param>
    /// <param name="Heard">Triggers that have had the retained messages, or were sent them.</param>
    private sealed record State(string Filter, Granted By, int Qos, MqttReasonCode? Answer, int Connection, long AskedAt, ImmutableHashSet<string> Heard)
    {
        public bool IsAsked => Answer is not null;
    }

    private sealed record Request(Granted By, MqttListeners Listeners, MqttSubscription Ask);
}

/// <summary>A subscription of a connection.</summary>
/// <param name="Filter">As the broker has it, with the share.</param>
/// <param name="Qos">Asked for.</param>
/// <param name="Answer">The broker's; null while there is none.</param>
/// <param name="Triggers">That listen to it, as <c>cold-room/reading</c>.</param>
internal sealed record MqttSubscriptionStatus(string Filter, int Qos, MqttReasonCode? Answer, IReadOnlyList<string> Triggers);

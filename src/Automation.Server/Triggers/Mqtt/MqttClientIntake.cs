using System.Threading.Channels;
using Automation.Mqtt.Broker;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>
/// Hands clients that come and go to the workflows they trigger, in the order in which they did. The broker never waits: what happens stands in a line of
/// bounded length until intake has stored it, and what finds the line full is dropped, counted and logged.
/// </summary>
/// <remarks>The line is in memory. A crash of the server loses what stands in it; a stop empties it first.</remarks>
internal sealed class MqttClientIntake(Intake intake, IdSource ids, TimeProvider time, ILogger<MqttClientIntake> log) : IDisposable
{
    /// <summary>What may wait: as many clients as a broker has by default, all of them coming back at once.</summary>
    public const int MaxWaiting = 10_000;

    // Of wills, which have up to 128 KiB each.
    private const long MaxWaitingBytes = 32 << 20;
    private const int MostAtATime = 64;

    // Between two tries while intake is full or the journal cannot write.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Channel<Waiting> line = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly LogGate gate = new();
    private readonly CancellationTokenSource stop = new();
    private volatile Route[] routes = [];
    private long waitingBytes;
    private long dropped;
    private Task working = Task.CompletedTask;

    /// <summary>What was dropped because the line was full, or could not be stored before the server ended.</summary>
    public long Dropped => Volatile.Read(ref dropped);

    public void Use(WorkflowSet workflows) => routes = [.. RoutesOf(workflows)];

    /// <summary>Takes a note and returns at once.</summary>
    public void Note(MqttPresence presence)
    {
        if (!Array.Exists(routes, route => route.Takes(presence.Kind))) return;
        var size = presence.Will is { } will ? will.Payload.Length + (2 * will.Topic.Length) : 0;
        if (Interlocked.Add(ref waitingBytes, size) <= MaxWaitingBytes && line.Writer.TryWrite(new Waiting(presence, time.GetUtcNow(), size))) return;
        Interlocked.Add(ref waitingBytes, -size);
        Drop(1);
    }

    public void Start() => working = WorkAsync(stop.Token);

    /// <summary>Nothing more comes: stores what stands in the line, until <paramref name="cancellation"/>.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        line.Writer.TryComplete();
        await using (cancellation.Register(stop.Cancel)) await working;
    }

    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
    }

    private async Task WorkAsync(CancellationToken cancellation)
    {
        var batch = new List<Waiting>();
        try
        {
            while (await line.Reader.WaitToReadAsync(cancellation))
            {
                while (batch.Count < MostAtATime && line.Reader.TryRead(out var next)) batch.Add(next);
                await StoreAsync(batch, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Drop(batch.Count + line.Reader.Count);
        }
    }

    private async Task StoreAsync(List<Waiting> batch, CancellationToken cancellation)
    {
        var size = batch.Count;
        while (batch.Count > 0)
        {
            var some = batch.Take(size).ToList();
            var outcome = await TryStoreAsync(some);
            if (outcome is IntakeOutcome.Accepted || (outcome is IntakeOutcome.Refused && size == 1))
            {
                batch.RemoveRange(0, some.Count);
                Interlocked.Add(ref waitingBytes, -some.Sum(waiting => (long)waiting.Bytes));
                continue;
            }

            size = 1; // there may be room for one where there is none for many, and one that is refused takes no others with it
            if (outcome is not IntakeOutcome.Refused) await Task.Delay(Pause, time, cancellation);
        }
    }

    private async Task<IntakeOutcome> TryStoreAsync(List<Waiting> some)
    {
        var current = routes;
        var offers = some.SelectMany(waiting => OffersOf(waiting, current)).ToList();
        if (offers.Count == 0) return IntakeOutcome.Accepted;
        return (await intake.AcceptAsync(offers, fromRun: true)).Outcome; // also while the server stops: its clients go then
    }

    private IEnumerable<Offer> OffersOf(Waiting waiting, Route[] current)
    {
        // Triggers that see the same event share it; those that name other parts of the client identifier get their own.
        foreach (var same in current.Where(route => route.Matches(waiting.Presence)).GroupBy(route => route.Config.ClientId, StringComparer.Ordinal))
        {
            var parameters = same.First().ClientId.Match(waiting.Presence.Client.ClientId)!;
            yield return new Offer(MqttClientEvents.Create(ids.Next(), waiting.Presence, parameters, waiting.At), [.. same.Select(route => route.Target)]);
        }
    }

    private void Drop(int count)
    {
        if (count == 0) return;
        var all = Interlocked.Add(ref dropped, count);
        if (gate.TryPass(time, out _)) Log.ClientEventsDropped(log, all);
    }

    private static IEnumerable<Route> RoutesOf(WorkflowSet workflows)
    {
        foreach (var version in workflows.Active.OrderBy(v => v.WorkflowId, StringComparer.Ordinal))
        {
            foreach (var trigger in version.Triggers.Values)
            {
                if (trigger.Config is not MqttClientTrigger.Config config || !ClientPattern.TryParse(config.ClientId, out var clientId, out _)) continue;
                ClientPattern? userName = null;
                if (config.UserName is null || ClientPattern.TryParse(config.UserName, out userName, out _)) yield return new Route(config, clientId, userName, new TriggerTarget(version, trigger));
            }
        }
    }

    private readonly record struct Waiting(MqttPresence Presence, DateTimeOffset At, int Bytes);

    private sealed record Route(MqttClientTrigger.Config Config, ClientPattern ClientId, ClientPattern? UserName, TriggerTarget Target)
    {
        public bool Takes(MqttPresenceKind kind) => kind switch
        {
            MqttPresenceKind.Online => Config.Events is null || Config.Events.Contains(MqttClientEvent.Online),
            MqttPresenceKind.Offline => Config.Events is null || Config.Events.Contains(MqttClientEvent.Offline),
            _ => Config.Events?.Contains(MqttClientEvent.Will) == true,
        };

        public bool Matches(MqttPresence presence) =>
            Takes(presence.Kind)
            && ClientId.Match(presence.Client.ClientId) is not null
            && (UserName is null || (presence.Client.UserName is { } name && UserName.Match(name) is not null));
    }
}

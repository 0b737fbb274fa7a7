using System.Threading.Channels;
using Automation.Server.Measures;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Deliveries;

/// <summary>Makes the deliveries: those the run engine hands over right after their commit, and those that wait in the journal.</summary>
/// <remarks>
/// Claims due deliveries at the start, when the next one is due, when room becomes free and every second. Two servers on one journal never make the same
/// attempt at the same time, as a delivery is held by one of them. What is in order (<see cref="DeliveryRequest.OrderKey"/>) is due when the one before has ended, by the journal's word. A delivery is made at least once: a server that dies between the receiver's answer and the commit makes
/// that attempt again after its restart, with the same idempotency key. Deliveries to one destination start in about their order and may overtake each other.
/// </remarks>
internal sealed class DeliveryWorker(
    DeliveryLanes lanes,
    DeliverySender sender,
    Journal journal,
    DeliveryOptions options,
    TimeProvider time,
    ILogger<DeliveryWorker> log,
    EndpointDisabled? endpointDisabled = null) : BackgroundService
{
    private const int ReleasesPerCommit = 500;
    private static readonly TimeSpan SafetyNet = TimeSpan.FromSeconds(1), FirstCommitPause = TimeSpan.FromSeconds(1), LongestCommitPause = TimeSpan.FromSeconds(30), LongestCommits = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stopping = new(), cutOff = new();

    /// <summary>When the first delivery comes due that was not yet at the last claim; null for none.</summary>
    private DateTimeOffset? nextDue;

    /// <summary>Takes room for one delivery to <paramref name="destination"/> (<see cref="Delivery.Destination"/>); call it before the commit that queues the delivery.</summary>
    /// <returns>
    /// True: queue the delivery with <see cref="DeliveryQueued.Held"/>, then call <see cref="Start"/> after the commit or <see cref="Release"/> when it failed; one of both, once.
    /// False: queue it without, and it is claimed when there is room.
    /// </returns>
    public bool TryReserve(string destination) => lanes.TryReserve(destination);

    /// <summary>Takes room for a delivery that may be tried at once, as <see cref="TryReserve(string)"/>.</summary>
    public bool TryReserve(Delivery delivery) => delivery.GoesAtOnce && lanes.TryReserve(delivery.Destination);

    /// <summary>Makes a delivery whose room was reserved and whose commit is done. Returns at once.</summary>
    public void Start(Delivery delivery) => Put(lanes.Enter(delivery, out var startRunner), delivery, startRunner);

    /// <summary>Gives back the room of a delivery whose commit failed.</summary>
    public void Release(string destination)
    {
        if (lanes.Release(destination)) wake.Writer.TryWrite(true);
    }

    /// <inheritdoc cref="Release(string)"/>
    public void Release(Delivery delivery) => Release(delivery.Destination);

    /// <summary>Looks for due deliveries now, as after a replay.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    /// <summary>A destination's rate is another now, for what waits too; null for the server's.</summary>
    public void SetRate(string destination, double? rate)
    {
        if (lanes.SetRate(destination, rate) is { } lane) StartRunners(lane, lanes.Resume(lane));
    }

    /// <summary>Completes when no delivery is waiting in memory or under way.</summary>
    public Task WhenIdleAsync() => lanes.WhenIdleAsync();

    /// <summary>Claims what is due and starts it, until there is no more or no room. Returns how many.</summary>
    public async Task<int> RunOnceAsync()
    {
        var started = 0;
        nextDue = null;
        foreach (var chunk in lanes.Shed().Chunk(ReleasesPerCommit)) await GiveBackAsync(chunk);
        while (lanes.WantsMore(out var limit, out var except))
        {
            var claimed = await journal.ClaimDeliveriesAsync(time.GetUtcNow(), limit, except);
            foreach (var delivery in claimed.Deliveries) Put(lanes.Admit(delivery, out var startRunner), delivery, startRunner);
            started += claimed.Deliveries.Count;
            nextDue = claimed.NextDue;
            if (claimed.Deliveries.Count == limit) continue;
            lanes.CaughtUp(except);
            break;
        }

        return started;
    }

    /// <summary>Gives untried deliveries back, lets attempts under way finish for <see cref="DeliveryOptions.StopGrace"/>, then cuts them off and gives those back too.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var waiting = lanes.Close();
        await stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
        foreach (var chunk in waiting.Chunk(ReleasesPerCommit)) await GiveBackAsync(chunk);
        try
        {
            await lanes.WhenIdleAsync().WaitAsync(options.StopGrace, time, cancellationToken);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            await cutOff.CancelAsync();
            await EndCommitsAsync();
        }

        Log.Stopped(log, waiting.Count);
    }

    /// <summary>What is left are commits; the journal ends each of them, one way or the other. What it does not end in time is found by the next start.</summary>
    private async Task EndCommitsAsync()
    {
        try
        {
            await lanes.WhenIdleAsync().WaitAsync(LongestCommits, time);
        }
        catch (TimeoutException)
        {
            Log.StillHeld(log, lanes.Held);
        }
    }

    /// <summary>For a server that is let go without a stop: attempts under way are cut off and given back. What is cut off later would look like a defect of the attempt, and its delivery dead.</summary>
    public override void Dispose()
    {
        stopping.Cancel();
        cutOff.Cancel();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = time.CreateTimer(_ => wake.Writer.TryWrite(true), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = SafetyNet;
            try
            {
                await RunOnceAsync();
                // What is due by now goes to a destination without room: its lane wakes this loop.
                if (nextDue - time.GetUtcNow() is { } rest && rest < pause) pause = rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
            }
            catch (Exception error)
            {
                Log.ClaimFailed(log, error);
            }

            timer.Change(pause, Timeout.InfiniteTimeSpan);
            try
            {
                await wake.Reader.ReadAsync(stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Put(DeliveryLanes.Lane? lane, Delivery delivery, bool startRunner)
    {
        if (lane is null) _ = GiveBackAsync([delivery]);
        else if (startRunner) StartRunners(lane, 1);
    }

    private void StartRunners(DeliveryLanes.Lane lane, int count)
    {
        for (; count > 0; count--) ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Worker.RunAsync(work.Lane), (Worker: this, Lane: lane), preferLocal: false);
    }

    private void ResumeAt(DeliveryLanes.Lane lane, DateTimeOffset at)
    {
        var rest = at - time.GetUtcNow();
        ITimer? timer = null;
        timer = time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                StartRunners(lane, lanes.Resume(lane));
            },
            null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        timer.Change(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Makes the deliveries of a lane one after the other; as many of these run as the destination's concurrency allows.</summary>
    private async Task RunAsync(DeliveryLanes.Lane lane)
    {
        DateTimeOffset? resumeAt;
        while (lanes.TryNext(lane, out var delivery, out resumeAt))
        {
            if (delivery.Owner != journal.Server)
            {
                Log.Superseded(log, Id(delivery)); // others took this server for dead meanwhile
                if (lanes.Done(delivery.Destination)) wake.Writer.TryWrite(true);
                continue;
            }

            SendResult result;
            try
            {
                result = await sender.SendAsync(delivery, cutOff.Token);
            }
            catch (OperationCanceledException)
            {
                await GiveBackAsync([delivery]);
                continue;
            }
            catch (Exception error)
            {
                result = sender.Broken(delivery, error); // this lane, its room and the stop wait for an end of each
            }

            if (result.IsUnsent)
            {
                await GiveBackAsync([delivery]);
                continue;
            }

            StartRunners(lane, lanes.Report(lane, result));
            // The destination need not wait for our disk: the next attempt starts while this one is being stored.
            _ = RecordAsync(delivery, result);
        }

        if (resumeAt is { } at) ResumeAt(lane, at);
    }

    /// <summary>Stores an attempt, however long that takes.</summary>
    /// <remarks>
    /// Until then the delivery keeps its room, so a journal that cannot write slows deliveries down instead of losing them. An attempt that the journal refuses for good
    /// is given up: the delivery stays held, so that its receiver is not called again and again, and is made again after the next start.
    /// </remarks>
    private async Task RecordAsync(Delivery delivery, SendResult result)
    {
        var change = new DeliveryAttempted(delivery.Id, delivery.Owner, result.Attempt, result.State, result.NextAttemptAt)
        {
            Order = delivery.Request.OrderKey is { } key ? (delivery.Destination, key) : null,
            Endpoint = delivery.Request.Endpoint is { } endpoint
                ? new EndpointAttempted(endpoint, result.State == DeliveryState.Succeeded, result.Attempt.Status == 410, options.DisableEndpointsAfter, options.DisableFailuresApart, result.Attempt.Error, time.GetUtcNow())
                : null,
        };
        for (var pause = FirstCommitPause; ; pause = Longer(pause))
        {
            try
            {
                await journal.CommitAsync(change);
                Report(delivery, result);
                if (change.Endpoint is { IsDisabled: true } disabled)
                {
                    Log.EndpointDisabled(log, disabled.Id, disabled.Error);
                    endpointDisabled?.Invoke();
                }

                if (change.Order is not null) Wake(); // it may be the next one's turn
                break;
            }
            catch (JournalException error) when (error.Superseded)
            {
                Log.Superseded(log, Id(delivery));
                break;
            }
            catch (JournalException error) when (error.Refused)
            {
                Log.ResultRefused(log, error, Id(delivery));
                break;
            }
            catch (JournalException error)
            {
                if (!cutOff.IsCancellationRequested) Log.ResultNotStored(log, error, Id(delivery), pause);
            }

            try
            {
                await Task.Delay(pause, time, cutOff.Token);
            }
            catch (OperationCanceledException)
            {
                Log.ResultLost(log, Id(delivery));
                break;
            }
        }

        if (lanes.Done(delivery.Destination)) wake.Writer.TryWrite(true);
    }

    /// <summary>Frees held deliveries in the journal, however long that takes; while the server stops, once, as its next start finds them anyway.</summary>
    private async Task GiveBackAsync(Delivery[] deliveries)
    {
        var changes = deliveries.Select(d => (Change)new DeliveryReleased(d.Id, d.Owner)).ToArray();
        for (var pause = FirstCommitPause; ; pause = Longer(pause))
        {
            var last = stopping.IsCancellationRequested;
            try
            {
                await journal.CommitAsync(changes);
                break;
            }
            catch (JournalException error) when (last || error.Refused)
            {
                Log.NotGivenBack(log, error, deliveries.Length);
                break;
            }
            catch (JournalException error)
            {
                Log.ReleaseFailed(log, error, deliveries.Length, pause);
            }

            try
            {
                await Task.Delay(pause, time, stopping.Token);
            }
            catch (OperationCanceledException)
            {
                // One more try.
            }
        }

        foreach (var delivery in deliveries)
        {
            if (lanes.Done(delivery.Destination)) wake.Writer.TryWrite(true);
        }
    }

    private void Report(Delivery delivery, SendResult result)
    {
        ServerMeter.DeliveryAttempts.Add(1, KeyValuePair.Create(ServerMeter.Outcome, (object?)(result.Attempt.Error is null ? "succeeded" : "failed")));
        if (result.State == DeliveryState.Dead) Log.Dead(log, Id(delivery), delivery.Destination, result.Attempt.Number, result.Attempt.Error);
        else if (result.State == DeliveryState.Retrying && log.IsEnabled(LogLevel.Debug))
            Log.Retrying(log, result.Attempt.Number, Id(delivery), delivery.Destination, result.Attempt.Error, result.NextAttemptAt);
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestCommitPause ? pause * 2 : LongestCommitPause;

    private static string Id(Delivery delivery) => PublicId.Format(PublicId.Delivery, delivery.Id);
}

/// <summary>Called when an attempt has disabled its endpoint, after that is stored with the event that tells of it.</summary>
internal delegate void EndpointDisabled();

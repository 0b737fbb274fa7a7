using System.Diagnostics.CodeAnalysis;

namespace Automation.Server.Deliveries;

/// <summary>The deliveries this server holds, a lane a destination: who may come in, and who is next. All calls are short and may come from any thread.</summary>
/// <remarks>
/// A lane may hold half as much as is free in all, and never more than its own limit (dynamic thresholds, Choudhury and Hahne 1998); when little is free, lanes give back
/// what waits beyond a fair share (<see cref="Shed"/>). So destinations that hang cannot starve the rest, until <c>MaxHeld / Concurrency</c> of them (125 by default) hang at the same time.
/// When a lane is full its new deliveries stay in the journal, and so do later ones until the journal has none left for it: nothing overtakes what waits there for long.
/// </remarks>
internal sealed class DeliveryLanes(DeliveryOptions options, TimeProvider time)
{
    // Destinations that are remembered although nothing is held for them, because they are failing or asked for fewer calls.
    private const int MostRemembered = 10_000;

    // One claim: large enough to share a commit widely, small enough to overshoot a lane's limit by little.
    private const int LargestClaim = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Lane> lanes = new(StringComparer.Ordinal);
    private readonly HashSet<string> untold = new(StringComparer.Ordinal);
    private int held;
    private int entered;
    private bool behind;
    private bool closed;
    private TaskCompletionSource? idle;

    /// <summary>Deliveries held: room that is reserved, waiting, under way or about to be recorded.</summary>
    public int Held => Volatile.Read(ref held);

    /// <summary>What this server knows of the destinations that it holds deliveries for, or that are failing.</summary>
    public IReadOnlyList<DestinationState> States()
    {
        var now = time.GetUtcNow();
        lock (gate) return [.. lanes.Values.Select(lane => new DestinationState(lane.Destination, lane.Gate.IsOpen, lane.Gate.ClosedUntil(now), lane.Gate.Rate))];
    }

    /// <summary>Takes room for one delivery that is about to be queued; false when it has to wait in the journal.</summary>
    public bool TryReserve(string destination)
    {
        lock (gate)
        {
            if (closed) return false;
            lanes.TryGetValue(destination, out var lane);
            if (held >= options.MaxHeld || lane is { Behind: true } || lane?.Held >= Share || lane?.Gate.IsClosedAt(time.GetUtcNow()) is true)
            {
                if (lane is null) behind = true;
                else lane.Behind = true;
                return false;
            }

            Hold(destination, lane);
            return true;
        }
    }

    /// <summary>Gives room back; true when the journal should be asked for what waits there.</summary>
    public bool Release(string destination)
    {
        lock (gate) return Leave(lanes[destination]);
    }

    /// <summary>Puts a delivery into the room reserved for it. Null after <see cref="Close"/>: then it has to be given back, and ends with <see cref="Done"/> all the same.</summary>
    public Lane? Enter(Delivery delivery, out bool startRunner)
    {
        lock (gate)
        {
            entered++;
            var lane = lanes[delivery.Destination];
            if (delivery.Request.Endpoint is not null) Keep(lane, delivery.Request.RatePerSecond); // it is as new as its delivery
            return Put(delivery, lane, out startRunner);
        }
    }

    /// <summary>Takes a claimed delivery in, limits or not. Null after <see cref="Close"/>, as with <see cref="Enter"/>.</summary>
    public Lane? Admit(Delivery delivery, out bool startRunner)
    {
        lock (gate)
        {
            entered++;
            var isKnown = lanes.TryGetValue(delivery.Destination, out var lane);
            lane = Hold(delivery.Destination, lane);
            if (!isKnown) Keep(lane, delivery.Request.RatePerSecond); // until an attempt says what it is now
            return Put(delivery, lane, out startRunner);
        }
    }

    /// <summary>The next delivery of a lane, for one of its runners; false ends the runner.</summary>
    /// <param name="resumeAt">When <see cref="Resume"/> is to be called because the destination may not be called before; null when it need not be.</param>
    public bool TryNext(Lane lane, [NotNullWhen(true)] out Delivery? delivery, out DateTimeOffset? resumeAt)
    {
        lock (gate)
        {
            delivery = null;
            resumeAt = null;
            if (lane.Runners <= lane.Gate.Window && lane.Waiting.Count > 0)
            {
                if (lane.Gate.TryPass(time.GetUtcNow(), out var again)) return lane.Waiting.TryDequeue(out delivery);
                if (!lane.IsResuming) resumeAt = again;
                lane.IsResuming = true;
            }

            lane.Runners--;
            RemoveIfEmpty(lane);
            return false;
        }
    }

    /// <summary>The destination may be called again: returns how many runners to start.</summary>
    public int Resume(Lane lane)
    {
        lock (gate)
        {
            lane.IsResuming = false;
            return MoreRunners(lane);
        }
    }

    /// <summary>What an attempt told of its destination. Returns how many runners to start, as more calls at a time may be made.</summary>
    public int Report(Lane lane, SendResult result)
    {
        lock (gate)
        {
            if (result.Target is { } target) Keep(lane, target.RatePerSecond);
            var wasOpen = lane.Gate.IsOpen;
            lane.Gate.Report(result.Health, result.RetryAfter, result.Attempt.Status is not null, time.GetUtcNow());
            if (wasOpen && !lane.Gate.IsOpen) lane.IsResuming = false; // what waits for the end of its pause need not
            return lane.IsResuming ? 0 : MoreRunners(lane);
        }
    }

    /// <summary>A destination's rate is another now; null for the server's. Returns its lane when its calls wait, to be resumed; else null.</summary>
    public Lane? SetRate(string destination, double? rate)
    {
        lock (gate)
        {
            if (!lanes.TryGetValue(destination, out var lane)) return null;
            Keep(lane, rate);
            return lane.IsResuming ? lane : null;
        }
    }

    /// <summary>A delivery that had entered is recorded or given back; true when the journal should be asked for what waits there.</summary>
    public bool Done(string destination)
    {
        lock (gate)
        {
            if (--entered == 0) idle?.TrySetResult();
            return Leave(lanes[destination]);
        }
    }

    /// <summary>How many deliveries to claim, and which destinations to leave out: those more than half full, and those that may not be called now. False when there is no room.</summary>
    public bool WantsMore(out int limit, out IReadOnlyCollection<string> except)
    {
        lock (gate)
        {
            limit = Math.Min(LargestClaim, (options.MaxHeld - held + 1) / 2);
            var now = time.GetUtcNow();
            Forget(now);
            except = closed || limit <= 0 ? [] : [.. lanes.Values.Where(l => l.Held > Share / 2 || l.Gate.IsClosedAt(now)).Select(l => l.Destination)];
            return !closed && limit > 0;
        }
    }

    /// <summary>The journal has no due delivery left but for the destinations that were left out.</summary>
    public void CaughtUp(IReadOnlyCollection<string> except)
    {
        lock (gate)
        {
            behind = false;
            untold.UnionWith(except);
            foreach (var lane in lanes.Values)
            {
                if (!untold.Contains(lane.Destination)) lane.Behind = false;
            }

            untold.Clear();
        }
    }

    /// <summary>When three quarters are taken: what waits beyond a fair share of one half, to be given back to the journal; each of it ends with <see cref="Done"/>.</summary>
    public List<Delivery> Shed()
    {
        var excess = new List<Delivery>();
        lock (gate)
        {
            if (closed || held <= options.MaxHeld * 3 / 4) return excess;
            var fair = Math.Max(1, options.MaxHeld / 2 / lanes.Values.Count(l => l.Held > 0));
            foreach (var lane in lanes.Values)
            {
                for (var over = lane.Held - fair; over > 0 && lane.Waiting.TryDequeue(out var delivery); over--)
                {
                    lane.Behind = true;
                    excess.Add(delivery);
                }
            }
        }

        return excess;
    }

    /// <summary>Lets nothing more in and hands out what waits; each of it ends with <see cref="Done"/>.</summary>
    public List<Delivery> Close()
    {
        lock (gate)
        {
            closed = true;
            var waiting = new List<Delivery>();
            foreach (var lane in lanes.Values)
            {
                while (lane.Waiting.TryDequeue(out var delivery)) waiting.Add(delivery);
            }

            return waiting;
        }
    }

    /// <summary>Completes when nothing that entered is left.</summary>
    public Task WhenIdleAsync()
    {
        lock (gate)
        {
            if (entered == 0) return Task.CompletedTask;
            if (idle is null or { Task.IsCompleted: true }) idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return idle.Task;
        }
    }

    private int Share => Math.Min(options.MaxHeldPerDestination, Math.Max(1, (options.MaxHeld - held) / 2));

    private Lane Hold(string destination, Lane? lane)
    {
        if (lane is null) lanes.Add(destination, lane = new Lane(destination, new DestinationGate(options)));
        lane.Held++;
        held++;
        return lane;
    }

    private Lane? Put(Delivery delivery, Lane lane, out bool startRunner)
    {
        startRunner = !closed && !lane.IsResuming && lane.Runners < lane.Gate.Window;
        if (closed) return null;
        lane.Waiting.Enqueue(delivery);
        if (startRunner) lane.Runners++;
        return lane;
    }

    private void Keep(Lane lane, double? rate) => lane.Gate.Rate = rate ?? options.RatePerDestination;

    private bool Leave(Lane lane)
    {
        held--;
        lane.Held--;
        RemoveIfEmpty(lane);
        return (lane.Behind && lane.Held <= Share / 2) || (behind && held <= options.MaxHeld / 2);
    }

    private void RemoveIfEmpty(Lane lane)
    {
        if (lane is { Held: 0, Runners: 0 } && (lanes.Count > MostRemembered || lane.Gate.IsAtRest(time.GetUtcNow()))) lanes.Remove(lane.Destination);
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var lane in lanes.Values)
        {
            if (lane is { Held: 0, Runners: 0 } && lane.Gate.IsAtRest(now)) lanes.Remove(lane.Destination);
        }
    }

    private int MoreRunners(Lane lane)
    {
        var more = closed ? 0 : Math.Clamp(Math.Min(lane.Gate.Window - lane.Runners, lane.Waiting.Count), 0, options.Concurrency);
        lane.Runners += more;
        return more;
    }

    /// <summary>One destination. Its fields belong to <see cref="DeliveryLanes"/>, under its lock.</summary>
    internal sealed class Lane(string destination, DestinationGate gate)
    {
        public DestinationGate Gate { get; } = gate;

        /// <summary>True while a timer is to start its runners again.</summary>
        public bool IsResuming { get; set; }

        public string Destination { get; } = destination;

        public Queue<Delivery> Waiting { get; } = new();

        public int Held { get; set; }

        public int Runners { get; set; }

        /// <summary>True while deliveries for it may wait in the journal.</summary>
        public bool Behind { get; set; }
    }
}

/// <summary>How one server calls a destination at the moment.</summary>
/// <param name="Destination">As in <see cref="Delivery.Destination"/>.</param>
/// <param name="IsOpen">Whether its circuit is open: it failed too often in a row.</param>
/// <param name="NotBefore">When it may be called again, by its circuit or because it asked for that; null for now.</param>
/// <param name="RatePerSecond">Calls in a second; zero for no limit.</param>
internal readonly record struct DestinationState(string Destination, bool IsOpen, DateTimeOffset? NotBefore, double RatePerSecond);

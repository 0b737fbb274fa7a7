using System.Threading.Channels;
using Automation.Server.Deliveries;
using Automation.Server.Steps.Types;
using Automation.Server.Storage.Sql;
using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>The durable record of everything accepted and of what became of it.</summary>
/// <remarks>
/// One thread writes. It takes all units that are waiting, applies them in their order in one transaction and commits it (group commit): one fsync serves
/// all who wait, and while it runs the next units gather. A unit whose rows are refused does not harm the others: the transaction is rolled back and each unit
/// is tried in a transaction of its own. When the disk fails, every waiting unit fails, and <see cref="Failure"/> says why. From then on units fail at once, until a trial, made every half second,
/// has opened the database anew and written to it; a damaged database is not tried again.
/// </remarks>
internal sealed class Journal : IAsyncDisposable
{
    // Bounds what one transaction holds: past some hundred units the fsync is already shared so widely that waiting longer gains nothing.
    private const int UnitsPerCommit = 1024;

    private const int MaxAttempts = 5; // of transactions that others were in the way of

    private static readonly TimeSpan TrialPause = TimeSpan.FromMilliseconds(500);

    private readonly Channel<JournalUnit> waiting;
    private readonly JournalUnit trial = new(); // in the line of those that wait: look whether the database can be written again
    private readonly ITimer trialTimer;
    private readonly SqlSession session;
    private readonly SqlWriter writer;
    private readonly ILogger<Journal> log;
    private readonly Thread thread;
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider time;
    private volatile string? failure;
    private long server;

    /// <param name="session">Closed with the journal.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Says when the journal cannot write, and when it can again.</param>
    public Journal(SqlSession session, TimeProvider time, ILogger<Journal> log)
    {
        this.log = log;
        waiting = Channel.CreateUnbounded<JournalUnit>(new UnboundedChannelOptions { SingleReader = true });
        this.session = session;
        session.Ids = Ids = new IdSource(time);
        this.time = time;
        writer = new SqlWriter(session, time.GetUtcNow());
        server = session.Server;
        trialTimer = time.CreateTimer(_ => waiting.Writer.TryWrite(trial), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        GreatestId = writer.GreatestId();
        Ids.StartAfter(GreatestId);
        (OpenRunsAtStart, ClaimableAtStart) = writer.OpenRuns();
        DisabledAtStart = writer.DisabledWorkflows();
        WaitTopicsAtStart = writer.WaitTopics();
        thread = new Thread(WriteLoop) { IsBackground = true, Name = "journal" };
        thread.Start();
    }

    /// <summary>Why the database cannot be written, and what to do; null while it can.</summary>
    public string? Failure => failure;

    /// <summary>As whom this process holds runs and deliveries: another one after it was taken for dead.</summary>
    public long Server
    {
        get => Volatile.Read(ref server);
        private set => Volatile.Write(ref server, value);
    }

    public long GreatestId { get; }

    /// <summary>Makes ids greater than all that are stored.</summary>
    public IdSource Ids { get; }

    /// <summary>Runs that had not ended and did not wait when the journal was opened.</summary>
    public long OpenRunsAtStart { get; }

    /// <summary>Those of them that are not blocked by another run of their key.</summary>
    public long ClaimableAtStart { get; }

    /// <summary>Workflows that an operator had switched off when the journal was opened.</summary>
    public IReadOnlyList<string> DisabledAtStart { get; }

    /// <summary>MQTT messages that runs waited for when the journal was opened.</summary>
    public IReadOnlyList<WaitTopic> WaitTopicsAtStart { get; }

    /// <summary>Commits so far, and the units in them: their ratio is how many share an fsync.</summary>
    public long Commits { get; private set; }

    /// <inheritdoc cref="Commits"/>
    public long Units { get; private set; }

    /// <summary>Stores the changes as one unit; completes after the transaction they went into is committed and fsynced. Await it once.</summary>
    /// <remarks>How many units may wait is bounded by the callers: each accepted event, run and delivery in memory has one at the most.</remarks>
    /// <exception cref="JournalException">Nothing of the unit is stored.</exception>
    public ValueTask CommitAsync(params ReadOnlySpan<Change> unit)
    {
        var entry = JournalUnit.Pool.Rent();
        var stored = entry.Begin(unit);
        if (!waiting.Writer.TryWrite(entry)) entry.Failed(new JournalException("The journal is closed."));
        return stored;
    }

    /// <summary>
    /// Takes hold of up to <paramref name="limit"/> deliveries that are due and that no live server holds, oldest due first, leaving out the given
    /// destinations. A held delivery is this server's until a <see cref="DeliveryAttempted"/> or <see cref="DeliveryReleased"/>, or until the server dies.
    /// Costs a look-up for each destination with deliveries that nobody holds, and one for each delivery that is taken; not for those that have to wait.
    /// </summary>
    public async ValueTask<DeliveriesClaimed> ClaimDeliveriesAsync(DateTimeOffset now, int limit, IReadOnlyCollection<string> except)
    {
        var claim = new DeliveriesClaimed(now, limit, except);
        await CommitAsync(claim);
        return claim;
    }

    /// <summary>Takes hold of up to <paramref name="limit"/> open runs that no live server holds, oldest first; fewer once their events' bodies have <paramref name="bytes"/>.</summary>
    public async ValueTask<IReadOnlyList<ClaimedRun>> ClaimRunsAsync(int limit, long bytes = long.MaxValue, DateTimeOffset now = default)
    {
        var claim = new RunsClaimed(limit, bytes) { Now = now };
        await CommitAsync(claim);
        return claim.Runs;
    }

    /// <summary>Stores what is waiting, then closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await stopped.Task;
    }

    private void WriteLoop()
    {
        var batch = new List<JournalUnit>(UnitsPerCommit);
        var reader = waiting.Reader;
        while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            var isTrial = false;
            while (batch.Count < UnitsPerCommit && reader.TryRead(out var unit))
            {
                if (unit == trial) isTrial = true;
                else batch.Add(unit);
            }

            if (failure is null || (isTrial && TryRecover())) Store(batch);
            else Fail(batch, new JournalException(failure));
        }

        trialTimer.Dispose();
        TryLeave();
        writer.Dispose();
        stopped.SetResult();
    }

    private void TryLeave()
    {
        try
        {
            if (failure is null) writer.Leave();
        }
        catch (JournalException error)
        {
            Log.NotLeft(log, error.Message);
        }
    }

    private bool TryRecover()
    {
        try
        {
            session.Reopen();
            if (TryStore([]) is JournalException refused) throw refused; // as when it cannot be a server
            failure = null;
            Log.Recovered(log);
            return true;
        }
        catch (JournalException error)
        {
            Note(error);
            return false;
        }
    }

    private void Store(List<JournalUnit> batch)
    {
        if (batch.Count == 0) return;
        var error = TryStore(batch);
        if (error is not null and not JournalException { Refused: false } && batch.Count > 1)
        {
            foreach (var unit in batch) Complete([unit], failure is null ? TryStore([unit]) : new JournalException(failure));
            return;
        }

        Complete(batch, error);
    }

    private Exception? TryStore(List<JournalUnit> units)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                writer.Begin();
                foreach (var unit in units)
                {
                    foreach (var change in unit.Changes) writer.Apply(change);
                }

                writer.Commit();
                Commits++;
                Units += units.Count;
                return null;
            }
            catch (JournalException fenced) when (fenced.IsFencedOff)
            {
                TryRollback();
                if (TryRegister(fenced.Message) is { } failed) return failed;
            }
            catch (Exception error)
            {
                TryRollback();
                if (error is not JournalException { Passes: true } || attempt == MaxAttempts) return error;
            }
        }
    }

    /// <summary>Goes on as another server. What was held as the one before is others' now; what is about to be stored of it is superseded.</summary>
    private Exception? TryRegister(string why)
    {
        try
        {
            writer.Register(time.GetUtcNow());
            Server = session.Server;
            Log.FencedOff(log, why);
            return null;
        }
        catch (Exception error)
        {
            return error;
        }
    }

    private void TryRollback()
    {
        try
        {
            writer.Rollback();
        }
        catch (JournalException error)
        {
            Log.RollbackFailed(log, error);
        }
    }

    private void Complete(List<JournalUnit> units, Exception? error)
    {
        if (error is null)
        {
            foreach (var unit in units) unit.Stored();
            return;
        }

        if (error is JournalException { Refused: false } fault) Note(fault);
        else if (error is not JournalException { Superseded: true }) Log.UnitRefused(log, error);
        Fail(units, error);
    }

    /// <summary>The database cannot be written.</summary>
    private void Note(JournalException fault)
    {
        if (fault.Message != failure) Log.CommitFailed(log, fault.Message);
        failure = fault.Message;
        if (!fault.IsDamage) trialTimer.Change(TrialPause, Timeout.InfiniteTimeSpan);
    }

    private static void Fail(List<JournalUnit> units, Exception error)
    {
        foreach (var unit in units) unit.Failed(new JournalException("The journal could not store this: " + error.Message, error));
    }
}

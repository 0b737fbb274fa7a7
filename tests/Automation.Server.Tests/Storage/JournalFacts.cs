using Automation.Server.Deliveries;
using Automation.Server.Storage;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Storage;

/// <summary>What every journal does, whatever its database. A subclass gives an empty database.</summary>
public abstract class JournalFacts : IAsyncLifetime
{
    private protected Journal Journal { get; set; } = null!;

    public ValueTask InitializeAsync()
    {
        Journal = OpenJournal();
        return ValueTask.CompletedTask;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Journal.DisposeAsync();
        Test.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Commit_IsDurable_WhenAwaited()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));

        Assert.Equal("accepted", Value("SELECT state FROM events WHERE id = 1"));
        Assert.Equal("pending", Value("SELECT state FROM runs WHERE id = 2"));
    }

    [Fact]
    public async Task Unit_IsStoredWholeOrNotAtAll()
    {
        await Journal.CommitAsync(Sample.Run(2, 1));

        await Assert.ThrowsAsync<JournalException>(async () => await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1)));

        Assert.Equal(0L, Count("events"));
    }

    [Fact]
    public async Task RefusedUnit_DoesNotFailItsNeighbours()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1));

        var commits = Enumerable.Range(1, 20).Select(id => Journal.CommitAsync(new EventAccepted(Sample.Event(id), 1)).AsTask()).ToList();

        await Assert.ThrowsAsync<JournalException>(() => commits[0]);
        await Task.WhenAll(commits[1..]);
        Assert.Equal(20L, Count("events"));
        Assert.Null(Journal.Failure);
    }

    [Fact]
    public async Task UnitThatCannotBeApplied_DoesNotFailItsNeighbours()
    {
        var bad = Journal.CommitAsync(new UnknownChange()).AsTask();
        var good = Enumerable.Range(1, 20).Select(id => Journal.CommitAsync(new EventAccepted(Sample.Event(id), 1)).AsTask()).ToList();

        await Assert.ThrowsAsync<JournalException>(() => bad);
        await Task.WhenAll(good);
        Assert.Null(Journal.Failure);
    }

    [Fact]
    public async Task Claim_AnswersEachRunOnce_WhenANeighbourIsRefused()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1, held: false), new DeliveryQueued(Sample.Delivery(3), Held: false));
        var runs = new RunsClaimed(10);
        var deliveries = new DeliveriesClaimed(Sample.Time, 10, []);

        // One batch: the thread that writes is kept busy until all three wait.
        var busy = Enumerable.Range(100, 50).Select(id => Journal.CommitAsync(new EventAccepted(Sample.Event(id), 1)).AsTask()).ToList();
        var claimed = Journal.CommitAsync(runs, deliveries).AsTask();
        var refused = Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1)).AsTask();
        await Assert.ThrowsAsync<JournalException>(() => refused);
        await Task.WhenAll([.. busy, claimed]);

        Assert.Single(runs.Runs);
        Assert.Single(deliveries.Deliveries);
    }

    [Fact]
    public async Task ManyCommits_ShareFewTransactions()
    {
        var before = Journal.Commits;

        await Task.WhenAll(Enumerable.Range(1, 1000).Select(id => Journal.CommitAsync(new EventAccepted(Sample.Event(id), 1)).AsTask()));

        Assert.Equal(1000L, Count("events"));
        Assert.InRange(Journal.Commits - before, 1, 250);
    }

    [Fact]
    public async Task Event_IsDone_WhenItsLastRunSucceeds()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 2), Sample.Run(2, 1), Sample.Run(3, 1));

        await Journal.CommitAsync(Sample.Ended(2, 1));
        Assert.Equal("accepted", Value("SELECT state FROM events WHERE id = 1"));

        await Journal.CommitAsync(Sample.Ended(3, 1));
        Assert.Equal("done", Value("SELECT state FROM events WHERE id = 1"));
    }

    [Fact]
    public async Task Event_IsFailed_WhenAnyOfItsRunsFailed()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 2), Sample.Run(2, 1), Sample.Run(3, 1));

        await Journal.CommitAsync(Sample.Ended(2, 1, "failed", failedStep: "slack", error: """{"code":"timed_out","message":"Late."}"""));
        await Journal.CommitAsync(Sample.Ended(3, 1));

        Assert.Equal("failed", Value("SELECT state FROM events WHERE id = 1"));
        Assert.Equal("slack", Value("SELECT failed_step FROM runs WHERE id = 2"));
    }

    [Fact]
    public async Task EventWithoutRuns_IsFiltered()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 0));

        Assert.Equal("filtered", Value("SELECT state FROM events WHERE id = 1"));
    }

    [Fact]
    public async Task RunThatEndsTwice_CountsOnce()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 2), Sample.Run(2, 1), Sample.Run(3, 1));

        await Journal.CommitAsync(Sample.Ended(2, 1));
        await SupersededAsync(Sample.Ended(2, 1, "failed"));

        Assert.Equal(1L, Value("SELECT open_runs FROM events WHERE id = 1"));
        Assert.Equal("succeeded", Value("SELECT state FROM runs WHERE id = 2"));
    }

    [Fact]
    public async Task SaveAfterTheEnd_ChangesNothing()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1), Sample.Ended(2, 1));

        await SupersededAsync(new RunSaved(2, 1, Sample.Time, Json.Parse("{}"), Json.Parse("[]")));

        Assert.Equal("succeeded", Value("SELECT state FROM runs WHERE id = 2"));
        Assert.Equal(0L, Count("run_saves"));
    }

    [Fact]
    public async Task WhatAnotherHolds_IsNotChanged_AndTheUnitIsRefused()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1), new DeliveryQueued(Sample.Delivery(3), Held: true));

        await SupersededAsync(new EventAccepted(Sample.Event(9), 1), new RunSaved(2, 7, Sample.Time, Json.Parse("{}"), Json.Parse("[]")));
        await SupersededAsync(new EventAccepted(Sample.Event(9), 1), Sample.Ended(2, 1, owner: 7));
        await SupersededAsync(new EventAccepted(Sample.Event(9), 1), Sample.Attempted(3, owner: 7));
        await Journal.CommitAsync(new DeliveryReleased(3, 7));

        Assert.Equal(1L, Count("events"));
        Assert.Equal("pending", Value("SELECT state FROM runs WHERE id = 2"));
        Assert.Equal(1L, Value("SELECT owner FROM deliveries WHERE id = 3"));
    }

    [Fact]
    public async Task ClaimedRuns_AreOldestFirst_AndOnlyOnce()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 4), Sample.Run(4, 1, held: false), Sample.Run(2, 1, held: false), Sample.Run(3, 1, held: false), Sample.Run(5, 1));

        var first = await Journal.ClaimRunsAsync(2);
        var second = await Journal.ClaimRunsAsync(10);

        Assert.Equal([2, 3], first.Select(r => r.RunId));
        Assert.Equal([4], second.Select(r => r.RunId));
    }

    [Fact]
    public async Task ClaimedRun_BringsItsEventAndItsSnapshot()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1, body: "", subject: "Größe ✓ 😀", type: "", contentType: null, attributes: """{"params":{"ä":""}}"""), 1), Sample.Run(2, 1));
        await Journal.CommitAsync(new RunSaved(2, 1, Sample.Time, Json.Parse("""{"at":"ж"}"""), Json.Parse("[]")));

        await Journal.DisposeAsync();
        Journal = OpenJournal();
        var run = Assert.Single(await Journal.ClaimRunsAsync(10));

        Assert.Equal("Größe ✓ 😀", run.Event.Subject);
        Assert.Equal("", run.Event.Type);
        Assert.Null(run.Event.ContentType);
        Assert.Equal(0, run.Event.Body.Length);
        Assert.Equal("""{"params":{"ä":""}}""", run.Event.Attributes.ToString());
        Assert.Equal("""{"at":"ж"}""", run.Snapshot.ToString());
        Assert.Equal(Sample.Time, run.StartedAt);
        Assert.Equal(Sample.Time, run.Event.AcceptedAt);
    }

    [Fact]
    public async Task ClaimedDeliveries_AreDue_OldestFirst_AndNotExcepted()
    {
        await Journal.CommitAsync(
            new DeliveryQueued(Sample.Delivery(1, createdAt: Sample.Time.AddSeconds(2)), Held: false),
            new DeliveryQueued(Sample.Delivery(2, createdAt: Sample.Time.AddSeconds(1)), Held: false),
            new DeliveryQueued(Sample.Delivery(3, createdAt: Sample.Time.AddSeconds(9)), Held: false),
            new DeliveryQueued(Sample.Delivery(4, destination: "https://slow:443"), Held: false),
            new DeliveryQueued(Sample.Delivery(5), Held: true));

        var first = await Journal.ClaimDeliveriesAsync(Sample.Time.AddSeconds(5), 1, ["https://slow:443"]);
        var rest = await Journal.ClaimDeliveriesAsync(Sample.Time.AddSeconds(5), 10, ["https://slow:443"]);
        var slow = await Journal.ClaimDeliveriesAsync(Sample.Time.AddSeconds(5), 10, []);

        Assert.Equal([2], first.Deliveries.Select(d => d.Id));
        Assert.Equal([1], rest.Deliveries.Select(d => d.Id));
        Assert.Equal([4], slow.Deliveries.Select(d => d.Id));
        Assert.Equal(Sample.Time.AddSeconds(9), slow.NextDue);
        Assert.Null((await Journal.ClaimDeliveriesAsync(Sample.Time.AddSeconds(9), 10, [])).NextDue);
    }

    [Fact]
    public async Task ClaimedDelivery_IsTheQueuedOne()
    {
        var queued = Sample.Delivery(1, request: Sample.Request(url: "https://${secret.HOST}/ü", body: "", maxAttempts: 7));
        await Journal.CommitAsync(new DeliveryQueued(queued, Held: false));

        var claimed = Assert.Single((await Journal.ClaimDeliveriesAsync(Sample.Time, 10, [])).Deliveries);

        Assert.Equal(queued with { Request = claimed.Request, Owner = 1 }, claimed);
        Assert.Equal(queued.Request with { Headers = claimed.Request.Headers, Body = claimed.Request.Body }, claimed.Request);
        Assert.Equal(queued.Request.Headers, claimed.Request.Headers);
        Assert.Equal(0, claimed.Request.Body.Length);
    }

    [Fact]
    public async Task Attempt_CountsOnlyFromTheHolder()
    {
        await Journal.CommitAsync(new DeliveryQueued(Sample.Delivery(1), Held: true));
        await Journal.CommitAsync(Sample.Attempted(1));

        await SupersededAsync(Sample.Attempted(1, DeliveryState.Dead, error: "receiver_refused"));

        Assert.Equal("succeeded", Value("SELECT state FROM deliveries WHERE id = 1"));
        Assert.Equal(200L, Value("SELECT status FROM attempts WHERE delivery_id = 1 AND number = 1"));
    }

    [Fact]
    public async Task RetryingDelivery_IsFreeFromItsNextAttemptOn()
    {
        await Journal.CommitAsync(new DeliveryQueued(Sample.Delivery(1), Held: true));
        await Journal.CommitAsync(Sample.Attempted(1, DeliveryState.Retrying, nextAttemptAt: Sample.Time.AddSeconds(5), error: "receiver_timed_out"));

        Assert.Empty((await Journal.ClaimDeliveriesAsync(Sample.Time.AddSeconds(4), 10, [])).Deliveries);
        Assert.Equal(1, Assert.Single((await Journal.ClaimDeliveriesAsync(Sample.Time.AddSeconds(5), 10, [])).Deliveries).Attempts);
    }

    [Fact]
    public async Task ReleasedDelivery_IsFreeAtOnce_Untried()
    {
        await Journal.CommitAsync(new DeliveryQueued(Sample.Delivery(1), Held: true));

        await Journal.CommitAsync(new DeliveryReleased(1, 1));

        Assert.Equal(0, Assert.Single((await Journal.ClaimDeliveriesAsync(Sample.Time, 10, [])).Deliveries).Attempts);
    }

    [Fact]
    public async Task ReplayedDelivery_IsMadeAgain_WithAFreshCountOfAttempts()
    {
        await Journal.CommitAsync(new DeliveryQueued(Sample.Delivery(1), Held: true));
        await Journal.CommitAsync(Sample.Attempted(1, DeliveryState.Dead, number: 3, error: "receiver_refused"));

        var replay = new DeliveryReplayed(1, Sample.Time.AddHours(1));
        await Journal.CommitAsync(replay);

        var again = Assert.Single((await Journal.ClaimDeliveriesAsync(Sample.Time.AddHours(1), 10, [])).Deliveries);
        Assert.True(replay.Replayed);
        Assert.Equal(3, again.Attempts);
        Assert.Equal(3, again.AttemptsBeforeReplay);
        Assert.Equal(6, again.Request.MaxAttempts);
        Assert.Equal("run_2.send.0", again.IdempotencyKey);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(99)]
    public async Task OpenOrMissingDelivery_IsNotReplayed(long id)
    {
        await Journal.CommitAsync(new DeliveryQueued(Sample.Delivery(1), Held: true));

        var replay = new DeliveryReplayed(id, Sample.Time);
        await Journal.CommitAsync(replay);

        Assert.False(replay.Replayed);
        Assert.Equal("pending", Value("SELECT state FROM deliveries WHERE id = 1"));
    }

    [Fact]
    public async Task WhatADeadServerHeld_IsFreeAfterReopening()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 2), Sample.Run(2, 1), Sample.Run(3, 1), Sample.Ended(3, 1), new DeliveryQueued(Sample.Delivery(4), Held: true));
        await Journal.DisposeAsync();

        Journal = OpenJournal();

        Assert.Equal(4, Journal.GreatestId);
        Assert.Equal(1, Journal.OpenRunsAtStart);
        Assert.Equal([2], (await Journal.ClaimRunsAsync(10)).Select(r => r.RunId));
        Assert.Equal([4], (await Journal.ClaimDeliveriesAsync(Sample.Time, 10, [])).Deliveries.Select(d => d.Id));
    }

    [Fact]
    public async Task VersionStoredTwice_ChangesNothing()
    {
        await Journal.CommitAsync(Sample.Version());

        await Journal.CommitAsync(Sample.Version(document: "{}", at: Sample.Time.AddHours(1)));

        Assert.Equal("{\"steps\":{}}", Value("SELECT document FROM versions"));
        Assert.Equal(Sample.Time.ToUnixTimeMilliseconds(), Value("SELECT changed_at FROM workflows"));
    }

    [Fact]
    public async Task EarlierVersionStoredAgain_IsTheActiveOne()
    {
        await Journal.CommitAsync(Sample.Version(hash: "a"), Sample.Version(hash: "b"));

        await Journal.CommitAsync(Sample.Version(hash: "a"));

        Assert.Equal("a", Value("SELECT active_hash FROM workflows"));
        Assert.Equal(2L, Count("versions"));
    }

    [Fact]
    public async Task Commit_IsNotedOfTheNewestVersion_IfThatIsOfTheCommittedFiles()
    {
        await Journal.CommitAsync(Sample.Version(hash: "a") with { Files = new FileState("f1", null) }, Sample.Version(hash: "b") with { Files = new FileState("f2", "c0") });

        await Journal.CommitAsync(new VersionCommitted("orders", "f1", "c1"));
        Assert.Equal("c0", Value("SELECT commit_id FROM activations WHERE hash = 'b'"));
        await Journal.CommitAsync(new VersionCommitted("orders", "f2", "c2"));

        Assert.Equal("c2", Value("SELECT commit_id FROM activations WHERE hash = 'b'"));
        Assert.Equal(1L, Value("SELECT count(*) FROM activations WHERE commit_id IS NULL"));
    }

    [Fact]
    public async Task SwitchedOffWorkflow_StaysOff_WhenAVersionIsStored()
    {
        await Journal.CommitAsync(new WorkflowSwitched("orders", false, Sample.Time));

        await Journal.CommitAsync(Sample.Version());

        Assert.Equal(0L, Value("SELECT enabled FROM workflows WHERE id = 'orders'"));
    }

    [Fact]
    public async Task Pruning_DeletesHandledEventsWithAllThatCameOfThem()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1), new RunSaved(2, 1, Sample.Time, Json.Parse("{}"), Json.Parse("[]")), Sample.Ended(2, 1), new DeliveryQueued(Sample.Delivery(3), Held: true), Sample.Attempted(3));

        var pruned = new EventsPruned([1]);
        await Journal.CommitAsync(pruned);

        Assert.Equal(1, pruned.Deleted);
        foreach (var table in new[] { "events", "runs", "run_saves", "deliveries", "attempts" }) Assert.Equal(0L, Count(table));
    }

    [Fact]
    public async Task Pruning_KeepsOpenEvents_OpenDeliveries_AndNewerOnes()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));
        await Journal.CommitAsync(new EventAccepted(Sample.Event(3), 1), Sample.Run(4, 3), Sample.Ended(4, 3), new DeliveryQueued(Sample.Delivery(5, runId: 4), Held: false));
        await Journal.CommitAsync(new EventAccepted(Sample.Event(6), 1), Sample.Run(7, 6), Sample.Ended(7, 6));

        var (events, runs) = (new EventsPruned([1, 3]), new RunsPruned([2, 4]));
        await Journal.CommitAsync(events, runs);

        Assert.Equal((0, 0), (events.Deleted, runs.Deleted));
        Assert.Equal(3L, Count("events"));
    }

    [Fact]
    public async Task PrunedRun_GoesWithItsDeliveries_AndItsEventWithTheLastRun()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 2), Sample.Run(2, 1), Sample.Run(3, 1, "other"), Sample.Ended(2, 1), Sample.Ended(3, 1), new DeliveryQueued(Sample.Delivery(4), Held: true), Sample.Attempted(4));

        await Journal.CommitAsync(new RunsPruned([2]));

        Assert.Equal((1L, 1L, 0L, 0L), (Count("events"), Count("runs"), Count("deliveries"), Count("attempts")));
        await Journal.CommitAsync(new RunsPruned([3]));
        Assert.Equal((0L, 0L), (Count("events"), Count("runs")));
    }

    [Fact]
    public async Task Pruning_KeepsARunThatParksItsKey()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1) with { Key = "pump" });
        await Journal.CommitAsync(Sample.Ended(2, 1, "failed") with { Key = new RunKey("orders", "pump") { Parks = true, ChangedAt = Sample.Time } });

        var (events, runs) = (new EventsPruned([1]), new RunsPruned([2]));
        await Journal.CommitAsync(events, runs);

        Assert.Equal((0, 0), (events.Deleted, runs.Deleted));
    }

    [Fact]
    public async Task ClosedJournal_RefusesUnits()
    {
        await Journal.DisposeAsync();

        await Assert.ThrowsAsync<JournalException>(async () => await Journal.CommitAsync(Sample.Version()));
    }

    private protected abstract TestDatabase Test { get; }

    private protected Journal OpenJournal() => new(Test.Database.Open(TimeProvider.System), TimeProvider.System, NullLogger<Journal>.Instance);

    private protected object? Value(string sql) => Test.Scalar(sql);

    private async Task SupersededAsync(params Change[] unit) => Assert.True((await Assert.ThrowsAsync<JournalException>(async () => await Journal.CommitAsync(unit))).Superseded);

    private protected long Count(string table) => (long)Value($"SELECT count(*) FROM {table}")!;

    private sealed record UnknownChange : Change;
}

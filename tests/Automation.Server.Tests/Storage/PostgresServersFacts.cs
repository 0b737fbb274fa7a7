using Automation.Mqtt.Storage;
using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Storage.Postgres;
using Automation.Server.Storage.Sql;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Automation.Server.Tests.Storage;

/// <summary>Two servers on one PostgreSQL.</summary>
public sealed class PostgresServersFacts : IAsyncLifetime
{
    private readonly TestDatabase.OfPostgres database = new();
    private Journal first = null!;
    private Journal second = null!;

    public ValueTask InitializeAsync()
    {
        first = Open("first");
        second = Open("second");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
        database.Dispose();
    }

    [Fact]
    public async Task ServerThatWasTakenForDead_StoresNothingMoreOfWhatItHeld_AndGoesOnAsAnother()
    {
        await first.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1), new DeliveryQueued(Sample.Delivery(3), Held: true));
        var before = first.Server;
        LetLeaseEnd("first");

        Assert.Equal(["first"], (await LookAsync(second)).Dead);

        Assert.Equal([2], (await second.ClaimRunsAsync(10)).Select(run => run.RunId));
        Assert.Equal([3], (await second.ClaimDeliveriesAsync(Sample.Time, 10, [])).Deliveries.Select(d => d.Id));
        var ended = await Assert.ThrowsAsync<JournalException>(async () => await first.CommitAsync(Sample.Ended(2, 1, owner: before)));
        var attempted = await Assert.ThrowsAsync<JournalException>(async () => await first.CommitAsync(Sample.Attempted(3, owner: before)));
        Assert.True(ended.Superseded && attempted.Superseded);
        Assert.NotEqual(before, first.Server);
        await first.CommitAsync(new EventAccepted(Sample.Event(5), 1), Sample.Run(6, 5));
        Assert.Equal(first.Server, database.Scalar("SELECT owner FROM runs WHERE id = 6"));
        Assert.Equal(second.Server, database.Scalar("SELECT owner FROM runs WHERE id = 2"));
        Assert.Null(first.Failure);
    }

    [Fact]
    public async Task Look_SaysThatSecretsChanged()
    {
        var before = (await LookAsync(second)).Revisions.GetValueOrDefault(SqlRevisions.Secrets);
        await first.CommitAsync(new SecretStored(new SealedSecret("A", "k", [1], [2], Sample.Time, null), null, 10));

        Assert.Equal(before + 1, (await LookAsync(second)).Revisions[SqlRevisions.Secrets]);
    }

    [Fact]
    public async Task ServerThatLives_KeepsWhatItHolds()
    {
        await first.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));

        Assert.Empty((await LookAsync(second)).Dead);

        Assert.Empty(await second.ClaimRunsAsync(10));
    }

    [Fact]
    public async Task ServerThatStops_FreesWhatItHeld_AtOnce()
    {
        await first.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));

        await first.DisposeAsync();

        Assert.Equal([2], (await second.ClaimRunsAsync(10)).Select(run => run.RunId));
    }

    [Fact]
    public void NameOfALiveServer_IsRefused_ButNotToItsOwnDataFolder()
    {
        var other = new PostgresDatabase(database.Address, () => new ServerIdentity("first", "another folder", TimeSpan.FromSeconds(15)));

        var error = Assert.Throws<JournalException>(() => new Journal(other.Open(TimeProvider.System), TimeProvider.System, NullLogger<Journal>.Instance));

        Assert.Contains("Server:Name", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // of its data folder
    public async Task ServerThatWasTakenForDead_StoresNothing_WhileAnotherHasItsName_AndGoesOnWhenThatLeaves(bool isACopy)
    {
        var time = new ManualTime();
        await using var frozen = Open("frozen", time: time);
        await frozen.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));
        var before = frozen.Server;
        LetLeaseEnd("frozen");
        await LookAsync(second);
        var namesake = Open("frozen", isACopy ? "frozen" : "another folder");

        for (var id = 11; id < 14; id++)
        {
            var error = await Assert.ThrowsAsync<JournalException>(async () => await frozen.CommitAsync(new EventAccepted(Sample.Event(id), 1)));
            Assert.Contains("Server:Name", error.Message, StringComparison.Ordinal);
            time.Advance(TimeSpan.FromSeconds(1)); // a trial, before what comes next
        }

        await namesake.CommitAsync(new EventAccepted(Sample.Event(15), 1));
        await namesake.DisposeAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        await frozen.CommitAsync(new EventAccepted(Sample.Event(21), 1), Sample.Run(22, 21));
        Assert.NotEqual(before, frozen.Server);
        Assert.Equal((frozen.Server, 3L), (database.Scalar("SELECT owner FROM runs WHERE id = 22"), database.Scalar("SELECT count(*) FROM events")));
    }

    [Fact]
    public async Task ServersOnCopiesOfADataFolder_LeaveEachOtherAlone()
    {
        await first.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));

        await using var copy = Open("copy", "first");

        Assert.Empty(await copy.ClaimRunsAsync(10));
        await first.CommitAsync(Sample.Ended(2, 1, owner: first.Server));
        Assert.Equal(3, (await LookAsync(copy)).Servers);
    }

    [Fact]
    public async Task ServerThatWasKilled_TakesUpItsOwnAtOnce()
    {
        await first.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));

        await using var again = Open("first");

        Assert.Equal([2], (await again.ClaimRunsAsync(10)).Select(run => run.RunId));
    }

    [Fact]
    public async Task Duty_IsOneServers_AndGoesToAnother_WhenItDies()
    {
        Assert.Equal(["mqtt/plant"], (await LookAsync(first, "mqtt/plant")).Held);
        Assert.Empty((await LookAsync(second, "mqtt/plant")).Held);
        LetLeaseEnd("first");

        Assert.Equal(["mqtt/plant"], (await LookAsync(second, "mqtt/plant")).Held);
        Assert.Empty((await LookAsync(first, "mqtt/plant")).Held);
    }

    [Fact]
    public async Task CancellingARunOfAnotherServer_TellsThatOne()
    {
        await first.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));

        var cancel = new RunCancelled(2, Sample.Time);
        await second.CommitAsync(cancel);

        Assert.True(cancel.IsHeldElsewhere);
        Assert.False(cancel.Cancelled);
        Assert.Equal([2], (await LookAsync(first)).Cancelled);
        Assert.Empty((await LookAsync(second)).Cancelled);
    }

    [Fact]
    public async Task RunsOfAKey_GoOneAtATime_AcrossServers()
    {
        RunAccepted Keyed(long id, long of) => Sample.Run(id, of) with { Key = "k" };
        var (a, b) = (Keyed(2, 1), Keyed(4, 3));
        await first.CommitAsync(new EventAccepted(Sample.Event(1), 1), a);
        await second.CommitAsync(new EventAccepted(Sample.Event(3), 1), b);
        Assert.Equal((false, true), (a.IsBlocked, b.IsBlocked));
        Assert.Empty(await second.ClaimRunsAsync(10));

        await first.CommitAsync(Sample.Ended(2, 1, owner: first.Server) with { Key = new RunKey("orders", "k") { State = Json.Parse("""{"n":1}"""), ChangedAt = Sample.Time } });

        var next = Assert.Single(await second.ClaimRunsAsync(10));
        Assert.Equal((4, """{"n":1}"""), (next.RunId, next.State.ToString()));
    }

    [Fact]
    public async Task ScheduleThatIsDue_IsLeftToTheFirstServer_ForAMoment()
    {
        var now = Sample.Time;
        foreach (var server in new[] { first, second }) await server.CommitAsync(new ScheduleStarted(new ScheduleId("w", "t"), "every 1s", now));

        Assert.Single((await DueAsync(first, now)).Due);
        var later = await DueAsync(second, now);
        Assert.Empty(later.Due);
        Assert.Equal(now.AddSeconds(2), later.Next);
        Assert.Single((await DueAsync(second, now.AddSeconds(2))).Due);
    }

    [Fact]
    public async Task SessionsOfTheirBrokers_AreKeptApart()
    {
        foreach (var (journal, client) in new[] { (first, "a"), (second, "b") })
        {
            await journal.CommitAsync(new MqttStored([new MqttSessionChanged(1, client, null, 60, null, true), new MqttRetainedSet("t", 7)]));
        }

        foreach (var (journal, client) in new[] { (first, "a"), (second, "b") })
        {
            var load = new MqttLoaded();
            await journal.CommitAsync(load);
            Assert.Equal((1L, client), load.Changes.OfType<MqttSessionChanged>().Select(s => (s.SessionId, s.ClientId)).Single());
            Assert.Equal(("t", 7L), load.Changes.OfType<MqttRetainedSet>().Select(r => (r.Topic, r.MessageId)).Single());
        }
    }

    [Fact]
    public async Task ServerThatDoesNotComeBack_IsForgotten_FirstItsFolder_ThenItsBroker()
    {
        foreach (var (journal, id) in new[] { (first, "a"), (second, "b") })
        {
            await journal.CommitAsync(Sample.Version(id), new ScheduleStarted(new ScheduleId(id, "t"), "every 1s", Sample.Time), new MqttStored([new MqttSessionChanged(1, id, null, 60, null, true), new MqttRetainedSet("t", 7)]));
        }

        await second.DisposeAsync();
        var now = DateTimeOffset.FromUnixTimeMilliseconds((long)database.Scalar("SELECT max(seen_at) FROM brokers")!);
        await PruneAsync(now + TimeSpan.FromHours(23));
        Assert.Equal(2L, database.Scalar("SELECT count(*) FROM schedules"));
        await PruneAsync(now + TimeSpan.FromDays(2));
        Assert.Equal(("a", "a"), (database.Scalar("SELECT string_agg(workflow_id, ' ') FROM schedules"), database.Scalar("SELECT string_agg(workflow_id, ' ') FROM folder_workflows")));
        Assert.Equal(2L, database.Scalar("SELECT count(*) FROM mqtt_sessions"));
        await PruneAsync(now + TimeSpan.FromDays(31));
        Assert.Equal(("first", "a"), (database.Scalar("SELECT string_agg(name, ' ') FROM brokers"), database.Scalar("SELECT string_agg(client_id, ' ') FROM mqtt_sessions")));
        Assert.Equal(1L, database.Scalar("SELECT count(*) FROM mqtt_retained"));
    }

    [Fact]
    public void IdsOfTwoServers_Differ()
    {
        var ids = Enumerable.Range(0, 1000).SelectMany(_ => new[] { first.Ids.Next(), second.Ids.Next() }).ToList();

        Assert.Equal(2000, ids.Distinct().Count());
    }

    [Fact]
    public async Task WhatIsLeftForOthers_IsHeard()
    {
        using var end = new CancellationTokenSource();
        var heard = new SemaphoreSlim(0);
        var listening = database.Named("second").ListenAsync(() => heard.Release(), end.Token);
        await heard.WaitAsync(); // it listens

        await first.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1, held: false));

        await heard.WaitAsync(TimeSpan.FromSeconds(30), end.Token);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }

    [Fact]
    public async Task ServerThatWasFrozenInATransaction_IsCutOff_AndHoldsUpNobody()
    {
        // A session as a frozen server leaves it: in a transaction, with the lock that all take.
        using var frozen = database.Named("third", TimeSpan.FromSeconds(1)).Open(TimeProvider.System);
        frozen.Ids = new IdSource(TimeProvider.System);
        frozen.Begin();
        frozen.Register(Sample.Time);
        frozen.Commit();
        frozen.Begin();
        var locked = frozen.Sql("SELECT 1");
        while (locked.Read())
        {
        }

        using var end = new CancellationTokenSource();
        var listening = database.Named("second", TimeSpan.FromSeconds(1)).ListenAsync(() => { }, end.Token);

        await second.CommitAsync(new EventAccepted(Sample.Event(1), 1)).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }

    [Fact]
    public async Task CalledRunOfAServerThatDies_IsAnsweredOnce_ByTheOneThatTakesItOver()
    {
        var child = Sample.Run(4, 3, held: false) with { CalledBy = "run_2.call" };
        await first.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));
        var wait = new Wait(9, "call", Sample.Time, null, WaitMatch.OfRun(4), Json.Null);
        await first.CommitAsync(
            new EventAccepted(Sample.Event(3, trigger: Event.OfCall), 1),
            child,
            new RunSaved(2, first.Server, Sample.Time, Json.Parse("{}"), Json.Parse("[]")) { Waits = [wait], IsWaiting = true });
        Assert.Equal([4], (await second.ClaimRunsAsync(10)).Select(run => run.RunId));
        var dead = second.Server;
        LetLeaseEnd("second");

        Assert.Equal(["second"], (await LookAsync(first)).Dead);
        Assert.Equal([4], (await first.ClaimRunsAsync(10)).Select(run => run.RunId));
        RunEnded Ends(long owner, int n) => Sample.Ended(4, 3, owner: owner) with { IsCalled = true, Output = Json.Parse($"{n}") };
        var late = await Assert.ThrowsAsync<JournalException>(async () => await second.CommitAsync(Ends(dead, 1)));
        var end = Ends(first.Server, 2);
        await first.CommitAsync(end);
        var again = await Assert.ThrowsAsync<JournalException>(async () => await second.CommitAsync(Ends(dead, 3)));

        Assert.True(late.Superseded && again.Superseded);
        Assert.Equal(1, end.Ended.Runs);
        var caller = Assert.Single(await second.ClaimRunsAsync(10));
        Assert.Equal((2, 9), (caller.RunId, Assert.Single(caller.Woken).WaitId));
        Assert.Contains("\"output\":2", caller.Woken[0].Data!.Value.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListeningThatEndsByADefect_IsBegunAgain_AndEndsNothing()
    {
        var time = new ManualTime();
        var settings = new ServerSettings();
        var deaf = new DeafAtFirst(database.Named("second"));
        using var servers = new Servers(second, deaf, Options.Create(settings), time, NullLogger<Servers>.Instance);
        await servers.StartAsync(CancellationToken.None);
        await WorkflowServer.UntilAsync(() =>
        {
            time.Advance(settings.Lease);
            return deaf.Heard.IsCompleted;
        });

        await servers.StopAsync(CancellationToken.None);

        Assert.True(servers.ExecuteTask!.IsCompletedSuccessfully);
    }

    /// <summary>Its first listening meets a defect.</summary>
    private sealed class DeafAtFirst(PostgresDatabase database) : JournalDatabase
    {
        private readonly TaskCompletionSource heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool hasListened;

        public Task Heard => heard.Task;

        public override string Description => database.Description;

        public override SqlSession Open(TimeProvider time) => database.Open(time);

        public override void Configure(DbContextOptionsBuilder options) => database.Configure(options);

        public override Task ListenAsync(Action heard, CancellationToken cancellation)
        {
            if (hasListened) return database.ListenAsync(heard + (() => this.heard.TrySetResult()), cancellation);
            hasListened = true;
            throw new InvalidOperationException("A defect.");
        }
    }

    private async Task PruneAsync(DateTimeOffset now)
    {
        for (var step = new LeftoversPruned(now, 1); ; step = new LeftoversPruned(now, 1))
        {
            await first.CommitAsync(step);
            if (!step.HasMore) return;
        }
    }

    private static async Task<ServersLooked> LookAsync(Journal journal, params string[] duties)
    {
        var look = new ServersLooked(duties);
        await journal.CommitAsync(look);
        return look;
    }

    private static async Task<SchedulesDue> DueAsync(Journal journal, DateTimeOffset now)
    {
        var due = new SchedulesDue(now, 10);
        await journal.CommitAsync(due);
        return due;
    }

    private Journal Open(string name, string? instance = null, TimeProvider? time = null) =>
        new(new PostgresDatabase(database.Address, () => new ServerIdentity(name, instance ?? name, TimeSpan.FromHours(1))).Open(time ?? TimeProvider.System), time ?? TimeProvider.System, NullLogger<Journal>.Instance);

    private void LetLeaseEnd(string name) => database.Execute($"UPDATE servers SET lease_until = 0 WHERE name = '{name}'");
}

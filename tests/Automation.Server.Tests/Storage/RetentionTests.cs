using System.ComponentModel.DataAnnotations;
using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Storage.Sqlite;
using Automation.Server.Triggers.Filters;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Automation.Server.Tests.Storage;

public sealed class RetentionTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("automation-").FullName;
    private readonly Dictionary<string, WorkflowRetention> rules = [];
    private readonly ManualTime time = new();
    private readonly IdSource ids;
    private readonly ServiceProvider services;
    private readonly Journal journal;
    private readonly TestDatabase database;

    public RetentionTests()
    {
        database = TestDatabase.Create(folder);
        ids = new IdSource(time);
        journal = new Journal(database.Database.Open(time), time, NullLogger<Journal>.Instance);
        services = new ServiceCollection().AddSingleton(database.Database).AddManagement().BuildServiceProvider();
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await journal.DisposeAsync();
        database.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task HandledEvents_GoWhenTheyAreTooOld()
    {
        await AddHandledAsync(3);
        time.Advance(TimeSpan.FromDays(1));
        var kept = await AddHandledAsync(2);
        time.Advance(TimeSpan.FromDays(29.5));

        var counts = await Service(new RetentionOptions()).RunOnceAsync(CancellationToken.None);

        Assert.Equal(new RetentionCounts(3, 0), counts);
        Assert.Equal(kept, EventIds());
    }

    [Fact]
    public async Task OldestHandledEvents_GoWhenThereAreTooMany()
    {
        var all = await AddHandledAsync(7);

        var counts = await Service(new RetentionOptions { MaxEvents = 4 }).RunOnceAsync(CancellationToken.None);

        Assert.Equal(new RetentionCounts(0, 3), counts);
        Assert.Equal(all[3..], EventIds());
    }

    [Fact]
    public async Task OldestDuplicates_GoWhenThereAreTooMany()
    {
        var first = Assert.Single(await AddHandledAsync(1));
        var all = Enumerable.Range(0, 7).Select(_ => ids.Next()).ToList();
        foreach (var id in all) await journal.CommitAsync(new EventRepeated(Sample.Event(id), first));

        var counts = await Service(new RetentionOptions { MaxEvents = 4 }).RunOnceAsync(CancellationToken.None);

        Assert.Equal(new RetentionCounts(0, 3), counts);
        Assert.Equal([first, .. all[3..]], EventIds());
    }

    [Fact]
    public async Task WhatFiltersRemember_GoesWithTheirTrigger_OnceItIsOld()
    {
        foreach (var (workflow, trigger) in new[] { ("there", "in"), ("there", "removed"), ("gone", "in"), ("young", "in") })
        {
            if (workflow == "young") time.Advance(TimeSpan.FromDays(1));
            for (var key = 0; key < 5; key++) await journal.CommitAsync(new FilterPassed(new FilterId(workflow, trigger, $"k{key}"), new FilterMemory(Json.Null, null, null, null, null), 0, ids.Next(), null));
            await journal.CommitAsync(new FilterCounted(workflow, trigger, new FilterTally(5, 0, 0, 0, 0, 0, null), time.GetUtcNow()));
        }

        await journal.CommitAsync(new FilterPassed(new FilterId("uncounted", "in", "k"), new FilterMemory(Json.Null, null, null, null, null), 0, ids.Next(), null)); // the server crashed before it counted
        time.Advance(TimeSpan.FromDays(29.5));
        var options = new RetentionOptions { BatchSize = 2, Pause = TimeSpan.Zero };
        Assert.Equal(10, (await Service(options).RunOnceAsync(CancellationToken.None)).States);
        Assert.Equal((11L, 3L), (Count("filter_states"), Count("filter_counts")));
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(6, (await Service(options).RunOnceAsync(CancellationToken.None)).States);
        Assert.Equal((5L, 1L), (Count("filter_states"), Count("filter_counts")));
    }

    [Fact]
    public async Task JustAsManyAsAllowed_AllStay()
    {
        await AddHandledAsync(4);

        Assert.Equal(default, await Service(new RetentionOptions { MaxEvents = 4 }).RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task OpenEvents_AndOpenDeliveries_Stay()
    {
        long open = ids.Next(), sent = ids.Next(), run = ids.Next();
        await journal.CommitAsync(new EventAccepted(Sample.Event(open), 1), Sample.Run(ids.Next(), open));
        await journal.CommitAsync(new EventAccepted(Sample.Event(sent), 1), Sample.Run(run, sent), Sample.Ended(run, sent), new DeliveryQueued(Sample.Delivery(ids.Next(), runId: run), Held: false));
        await AddHandledAsync(2);
        time.Advance(TimeSpan.FromDays(60));

        var counts = await Service(new RetentionOptions { MaxEvents = 1 }).RunOnceAsync(CancellationToken.None);

        Assert.Equal(new RetentionCounts(2, 0), counts);
        Assert.Equal([open, sent], EventIds());
    }

    [Fact]
    public async Task ManyEvents_GoInSmallTransactions_WithPausesBetween()
    {
        await AddHandledAsync(7);
        time.Advance(TimeSpan.FromDays(60));
        var before = journal.Commits;

        var round = Service(new RetentionOptions { BatchSize = 3, Pause = TimeSpan.FromMilliseconds(50) }).RunOnceAsync(CancellationToken.None);
        var pauses = 0;
        for (; !round.IsCompleted; pauses++)
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.WhenAny(round, Task.Run(() => { }));
        }

        Assert.Equal(7, (await round).TooOld);
        Assert.Equal(6, journal.Commits - before); // the last three look for states of keys, for what is nobody's and for free space
        Assert.True(pauses >= 2);
    }

    [Fact]
    public async Task WorkflowsOwnAge_GoesBeforeTheServers_BothWays()
    {
        rules["short"] = new WorkflowRetention(TimeSpan.FromDays(1), null, null);
        rules["long"] = new WorkflowRetention(TimeSpan.FromDays(90), null, null);
        await AddHandledAsync(2, "short");
        var plain = await AddHandledAsync(2);
        var lasting = await AddHandledAsync(2, "long");
        time.Advance(TimeSpan.FromDays(2));

        Assert.Equal(2, (await Service(new RetentionOptions()).RunOnceAsync(CancellationToken.None)).TooOld);
        Assert.Equal([.. plain, .. lasting], EventIds());
        time.Advance(TimeSpan.FromDays(40));
        await Service(new RetentionOptions()).RunOnceAsync(CancellationToken.None);
        Assert.Equal(lasting, EventIds());
    }

    [Fact]
    public async Task NewestRunsOfAWorkflow_Stay_WhereTheirNumberIsLimited()
    {
        rules["orders"] = new WorkflowRetention(null, 3, null);
        var others = await AddHandledAsync(5, "others");
        var limited = await AddHandledAsync(8);

        await Service(new RetentionOptions { BatchSize = 2, Pause = TimeSpan.Zero }).RunOnceAsync(CancellationToken.None);

        Assert.Equal([.. others, .. limited[5..]], EventIds());
    }

    [Fact]
    public async Task FailedRuns_StayLonger_WhereTheyMay()
    {
        rules["orders"] = new WorkflowRetention(TimeSpan.FromDays(1), 1, TimeSpan.FromDays(10));
        var failed = await AddHandledAsync(3, state: "failed");
        await AddHandledAsync(3);
        time.Advance(TimeSpan.FromDays(2));

        await Service(new RetentionOptions()).RunOnceAsync(CancellationToken.None);

        Assert.Equal(failed, EventIds());
        time.Advance(TimeSpan.FromDays(9));
        await Service(new RetentionOptions()).RunOnceAsync(CancellationToken.None);
        Assert.Empty(EventIds());
    }

    [Fact]
    public async Task FreeSpace_GoesBackToTheDisk()
    {
        Assert.SkipWhen(TestDatabase.IsPostgres, "PostgreSQL sees to it by itself.");
        var file = SqliteDatabase.FileIn(folder);
        for (var i = 0; i < 10; i++)
        {
            long id = ids.Next(), run = ids.Next();
            await journal.CommitAsync(new EventAccepted(Sample.Event(id, new string('x', 1 << 20)), 1), Sample.Run(run, id), Sample.Ended(run, id));
        }

        time.Advance(TimeSpan.FromDays(60));
        await Service(new RetentionOptions { Pause = TimeSpan.Zero }).RunOnceAsync(CancellationToken.None);

        using var connection = SqliteDatabase.OpenForReading(file);
        Assert.InRange((long)SqliteDatabase.Scalar(connection, "PRAGMA page_count")!, 0, 1300); // of some 2,600
        Assert.Equal("ok", SqliteDatabase.Scalar(connection, "PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Log_IsCutBack_AfterAReaderHasKeptItFromBeginningAnew()
    {
        Assert.SkipWhen(TestDatabase.IsPostgres, "PostgreSQL sees to it by itself.");
        var log = new FileInfo(SqliteDatabase.FileIn(folder) + "-wal");
        using (var reader = SqliteDatabase.OpenForReading(SqliteDatabase.FileIn(folder)))
        {
            SqliteDatabase.Execute(reader, "BEGIN; SELECT count(*) FROM events");
            for (var i = 0; i < 40; i++) await journal.CommitAsync(new EventAccepted(Sample.Event(ids.Next(), new string('x', 1 << 20)), 0));
            log.Refresh();
            Assert.True(log.Length > SqliteDatabase.LogBytes);
        }

        for (var i = 0; i < 210; i++) await journal.CommitAsync(new EventAccepted(Sample.Event(ids.Next()), 0));

        log.Refresh();
        Assert.InRange(log.Length, 0, SqliteDatabase.LogBytes);
    }

    [Fact]
    public async Task OldVersions_Go_ButWhatIsActive_OfARun_OrMadeByAServersFiles()
    {
        for (var i = 0; i < 10; i++) await journal.CommitAsync(Sample.Version(hash: $"v{i}") with { Files = new FileState($"f{i}", null), Cause = ActivationCause.File });
        await AddHandledAsync(1); // of v1
        await journal.CommitAsync(Sample.Version("others", "v0") with { Files = new FileState("f", null) });

        var counts = await Service(new RetentionOptions { MaxVersions = 3, BatchSize = 4, Pause = TimeSpan.Zero }).RunOnceAsync(CancellationToken.None);

        Assert.Equal(new RetentionCounts(0, 0, Versions: 7 + 6), counts);
        Assert.Equal("v1 v7 v8 v9", Versions("orders"));
        Assert.Equal("v0", Versions("others"));
        await journal.CommitAsync(Sample.Version(hash: "v7") with { Files = new FileState("f9", null), Cause = ActivationCause.Rollback });
        await Service(new RetentionOptions { MaxVersions = 1, Pause = TimeSpan.Zero }).RunOnceAsync(CancellationToken.None);
        Assert.Equal("v1 v7 v9", Versions("orders"));
    }

    [Fact]
    public async Task VersionOfAWaitingRun_Stays_AlthoughItWasMovedThereMeanwhile()
    {
        for (var i = 0; i < 3; i++) await journal.CommitAsync(Sample.Version(hash: $"v{i}"));
        var run = await AddWaitingAsync("event:paid\n\n");
        await journal.CommitAsync(new ActivationsPruned("orders", long.MaxValue, 10));
        var move = new RunMoved(run, "v1", "v0", Json.Parse("{}"), Json.Parse("[]"));
        await journal.CommitAsync(move, new VersionsPruned("orders", ["v0", "v1"]));

        Assert.True(move.Moved);
        Assert.Equal("v0 v2", Versions("orders"));
        move = new RunMoved(run, "v0", "v1", Json.Parse("{}"), Json.Parse("[]"));
        await journal.CommitAsync(move);
        Assert.False(move.Moved);
    }

    [Fact]
    public async Task WhatNoRunWaitsForAnyMore_Goes_AndIsFoundAgainWhenOneDoes()
    {
        var first = await AddWaitingAsync("event:paid\nevent.data\n7");
        await Service(new RetentionOptions()).RunOnceAsync(CancellationToken.None);
        Assert.Equal(1L, database.Scalar("SELECT count(*) FROM wait_sources"));
        await journal.CommitAsync(new RunCancelled(first, Sample.Time));
        await Service(new RetentionOptions()).RunOnceAsync(CancellationToken.None);
        Assert.Equal(0L, database.Scalar("SELECT count(*) FROM wait_sources"));

        await AddWaitingAsync("event:paid\nevent.data\n7");
        var paid = new EventAccepted(Sample.Event(ids.Next(), "7", "paid"), 0);
        await journal.CommitAsync(paid);
        Assert.NotNull(paid.Ended);
    }

    [Fact]
    public async Task WorkflowWhoseFileIsGone_IsForgotten_WithItsKeys_InAMonth_UnlessItComesBack()
    {
        foreach (var id in new[] { "gone", "back" })
        {
            await journal.CommitAsync(Sample.Version(id), new WorkflowSwitched(id, false, time.GetUtcNow()), new KeyStateSet(id, "k", Json.Parse("1"), time.GetUtcNow(), null));
        }

        await journal.CommitAsync(new FolderLooked([]));
        await RoundAsync();
        time.Advance(TimeSpan.FromDays(29));
        await RoundAsync();
        Assert.Equal(2L, database.Scalar("SELECT count(*) FROM workflows"));
        await journal.CommitAsync(new FolderLooked(["back"]));
        time.Advance(TimeSpan.FromDays(2));
        await RoundAsync();
        Assert.Equal("back", database.Scalar("SELECT id FROM workflows WHERE enabled = 0"));
        Assert.Equal(("", "v1"), (Versions("gone"), Versions("back")));
        Assert.Equal("back", database.Scalar("SELECT workflow_id FROM keys"));
        await journal.CommitAsync(new FolderLooked([]));
        await RoundAsync();
        time.Advance(TimeSpan.FromDays(2));
        await RoundAsync();
        Assert.Equal("v1", Versions("back"));

        Task<RetentionCounts> RoundAsync() => Service(new RetentionOptions { BatchSize = 1, Pause = TimeSpan.Zero }).RunOnceAsync(CancellationToken.None);
    }

    [Fact]
    public void Defaults_AreValid_AndNonsenseIsNot()
    {
        Validate(new RetentionOptions());

        Assert.Throws<ValidationException>(() => Validate(new RetentionOptions { MaxAge = TimeSpan.Zero }));
    }

    [Fact]
    public void LowestIdOfATime_ComesBeforeEveryIdOfThatTime_AndAfterEarlierOnes()
    {
        var earlier = ids.Next();
        time.Advance(TimeSpan.FromMilliseconds(1));

        var lowest = IdSource.LowestAt(time.GetUtcNow());

        Assert.True(earlier < lowest);
        Assert.True(lowest <= new IdSource(time).Next());
        Assert.Equal(0, IdSource.LowestAt(DateTimeOffset.UnixEpoch));
        Assert.True(IdSource.LowestAt(DateTimeOffset.MaxValue) > lowest);
    }

    private static void Validate(RetentionOptions options) => Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);

    private Retention Service(RetentionOptions options) => new(journal, services.GetRequiredService<IServiceScopeFactory>(), Options.Create(options), id => rules.GetValueOrDefault(id), (id, trigger) => id == "there" && trigger == "in", time, NullLogger<Retention>.Instance);

    private async Task<List<long>> AddHandledAsync(int count, string workflow = "orders", string state = "succeeded")
    {
        var added = new List<long>();
        for (var i = 0; i < count; i++)
        {
            long id = ids.Next(), run = ids.Next();
            await journal.CommitAsync(new EventAccepted(Sample.Event(id), 1), Sample.Run(run, id, workflow), Sample.Ended(run, id, state));
            added.Add(id);
        }

        return added;
    }

    private long Count(string table) => Convert.ToInt64(database.Scalar($"SELECT count(*) FROM {table}"), null);

    private async Task<long> AddWaitingAsync(string match)
    {
        long id = ids.Next(), run = ids.Next();
        await journal.CommitAsync(new EventAccepted(Sample.Event(id), 1), Sample.Run(run, id));
        await journal.CommitAsync(new RunSaved(run, journal.Server, Sample.Time, Json.Parse("{}"), Json.Parse("[]"))
        {
            At = Sample.Time,
            IsWaiting = true,
            Waits = [new Wait(ids.Next(), "a", Sample.Time, null, match, Json.Null)],
        });
        return run;
    }

    private string Versions(string workflow)
    {
        using var scope = services.CreateScope();
        return string.Join(' ', scope.ServiceProvider.GetRequiredService<ManagementDb>().Versions.Where(v => v.WorkflowId == workflow).Select(v => v.Hash).ToList().Order(StringComparer.Ordinal));
    }

    private List<long> EventIds()
    {
        using var scope = services.CreateScope();
        return [.. scope.ServiceProvider.GetRequiredService<ManagementDb>().Events.Select(e => e.Id).OrderBy(id => id)];
    }
}

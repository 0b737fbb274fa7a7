using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Storage.Postgres;
using Automation.Server.Tests.Runs;
using Automation.Server.Values;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Storage;

/// <summary>Commits that were made, of which the server does not get to know it.</summary>
public sealed class PostgresDoubtFacts : IDisposable
{
    private const string Body = "\"in doubt\"";

    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(31);

    private readonly TestDatabase.OfPostgres database = new();
    private readonly LostAnswers way;
    private readonly ManualTime time = new();

    public PostgresDoubtFacts() => way = new LostAnswers(database.Address);

    public void Dispose()
    {
        way.Dispose();
        database.Dispose();
    }

    [Fact]
    public async Task RunOfACommitInDoubt_IsFreeAgain_AndStoredOnce()
    {
        await using var journal = new Journal(new PostgresDatabase(way.Address, () => new ServerIdentity("one", "one", TimeSpan.FromHours(1))).Open(time), time, NullLogger<Journal>.Instance);
        await journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1));
        var before = journal.Server;
        var saved = new RunSaved(2, before, Sample.Time, Json.Parse("{}"), Json.Parse("[]"));

        await Assert.ThrowsAsync<JournalException>(() => InDoubtAsync(() => journal.CommitAsync(saved, new EventAccepted(Sample.Event(3, Body), 1), Sample.Run(4, 3)).AsTask()));

        Assert.Equal(before, database.Scalar("SELECT owner FROM runs WHERE id = 4")); // it was made
        way.Open();
        await WorkflowServer.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return journal.Failure is null;
        });
        var again = await Assert.ThrowsAsync<JournalException>(async () => await journal.CommitAsync(saved, new EventAccepted(Sample.Event(5), 1), Sample.Run(6, 5)));
        Assert.True(again.Superseded);
        Assert.NotEqual(before, journal.Server);
        Assert.Equal([2, 4], (await journal.ClaimRunsAsync(10)).Select(run => run.RunId));
        Assert.Equal((1L, 0L), (database.Scalar("SELECT count(*) FROM servers"), database.Scalar("SELECT count(*) FROM runs WHERE id = 6")));
    }

    [Fact]
    public async Task RunOfACommitInDoubt_IsWalked_WithoutARestart()
    {
        await using var server = await WorkflowServer.StartAsync(time, ("Database", way.Address));
        var id = await server.AddAsync("""{ "steps": { "a": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${event.data}" } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(id)!;

        await InDoubtAsync(() => server.PostAsync($"/api/workflows/{id}/run", Body, 503));

        way.Open();
        var told = server.Receiver.NextAsync("/told");
        await WorkflowServer.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return told.IsCompleted;
        });
        Assert.Equal(Body, (await told).Body);
        Assert.Equal("succeeded", (await server.EndAsync(ends)).State);
        await WorkflowServer.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return (server.Engine.Open, server.Engine.Unclaimed) == (0, 0);
        });
    }

    /// <summary>Loses the answer to the commit, and lets the time go by for which the server asks.</summary>
    private async Task InDoubtAsync(Func<Task> commit)
    {
        var lost = way.LoseCommitOfAsync(Body);
        var committed = commit();
        await lost;
        await WorkflowServer.UntilAsync(() =>
        {
            time.Advance(Doubt);
            return committed.IsCompleted;
        });
        await committed;
    }
}

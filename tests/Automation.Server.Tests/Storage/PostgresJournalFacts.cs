using Automation.Server.Storage;
using Automation.Server.Storage.Postgres;
using Automation.Server.Values;
using Npgsql;

namespace Automation.Server.Tests.Storage;

public sealed class PostgresJournalFacts : JournalFacts
{
    private readonly TestDatabase.OfPostgres database = new();

    private protected override TestDatabase Test => database;

    [Fact]
    public async Task DatabaseOfANewerSchema_IsRefused()
    {
        await Journal.DisposeAsync();
        database.Execute("INSERT INTO schema_migrations (name) VALUES ('9999_later')");

        var error = Assert.Throws<JournalException>(OpenJournal);

        Assert.Contains("9999_later", error.Message, StringComparison.Ordinal);
        Assert.Contains("newer program", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoServersThatStartAtOnce_MigrateOnce()
    {
        using var empty = new TestDatabase.OfPostgres();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => empty.Database.Open(TimeProvider.System).Dispose())));

        Assert.Equal(0L, empty.Scalar("SELECT count(*) FROM events"));
    }

    [Fact]
    public async Task CutConnection_FailsNothing()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1));
        Cut();

        await Journal.CommitAsync(new EventAccepted(Sample.Event(2), 1)); // on a new connection

        Assert.Null(Journal.Failure);
        Assert.Equal(2L, Count("events"));
    }

    [Fact]
    public async Task DatabaseThatIsGone_FailsUnits_UntilItIsBack()
    {
        using (database.Lock())
        {
            var error = await Assert.ThrowsAsync<JournalException>(async () => await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1)));
            Assert.False(error.Refused);
            Assert.NotNull(Journal.Failure);
        }

        await UntilItWritesAsync();
        await Journal.CommitAsync(new EventAccepted(Sample.Event(2), 1));
        Assert.Equal(1L, Count("events"));
    }

    [Fact]
    public async Task CommitWhoseAnswerWasLost_IsAskedFor_AndNotDone_Twice()
    {
        // A deferred trigger runs within COMMIT: it cuts the connection that commits, after which nothing is stored.
        database.Execute("""
            CREATE FUNCTION cut() RETURNS trigger AS 'BEGIN IF NEW.id = 7 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END' LANGUAGE plpgsql;
            CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()
            """);

        var error = await Assert.ThrowsAsync<JournalException>(async () => await Journal.CommitAsync(new EventAccepted(Sample.Event(7), 1)));

        Assert.False(error.Refused);
        Assert.Equal(0L, Count("events"));
        await UntilItWritesAsync();
        await Journal.CommitAsync(new EventAccepted(Sample.Event(8), 1));
    }

    [Fact]
    public async Task UnitThatIsSuperseded_WhileItReads_LeavesItsStatementsAsTheyWere()
    {
        var key = new RunKey("orders", "k") { State = Json.Parse("{}"), ChangedAt = Sample.Time };
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1), 1), Sample.Run(2, 1) with { Key = "k" });

        var error = await Assert.ThrowsAsync<JournalException>(async () => await Journal.CommitAsync(Sample.Ended(2, 1, owner: 7) with { Key = key }));
        Assert.True(error.Superseded);

        await Journal.CommitAsync(Sample.Ended(2, 1) with { Key = key });
        Assert.Equal("succeeded", Value("SELECT state FROM runs WHERE id = 2"));
    }

    [Fact]
    public async Task CharacterThatPostgresHasNot_IsStoredAsAnother()
    {
        await Journal.CommitAsync(new EventAccepted(Sample.Event(1, subject: "a\0b"), 1));

        Assert.Equal("a\uFFFDb", Value("SELECT subject FROM events"));
    }

    [Fact]
    public async Task LargeUnits_AreSentInParts_AndStoredWhole()
    {
        var body = new string('x', 1_000_000);

        await Journal.CommitAsync([.. Enumerable.Range(1, 12).Select(id => new EventAccepted(Sample.Event(id, body: body), 1))]);

        Assert.Equal(12_000_000L, Value("SELECT sum(length(body))::bigint FROM events"));
    }

    [Theory]
    [InlineData("Port", "1", "cannot be reached")]
    [InlineData("Database", "not_there", "CREATE DATABASE")]
    [InlineData("Username", "nobody_here", "nobody_here")]
    public void DatabaseThatCannotBeOpened_IsNamed_WithWhatToDo(string setting, string value, string says)
    {
        var address = new NpgsqlConnectionStringBuilder(database.Address) { Password = "hush", [setting] = value };

        var error = Assert.Throws<JournalException>(() => Of(address.ToString()).Open(TimeProvider.System));

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Database=x;Username=me")]
    [InlineData("Hots=here;Password=hush")]
    [InlineData("Host=here;Port=hush")]
    public void AddressThatCannotBeRead_IsExplained_AndNotQuoted(string address)
    {
        var error = Assert.Throws<JournalException>(() => Of(address));

        Assert.Contains("Host=", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void SessionThatWouldNotWaitForTheDisk_DoesAllTheSame()
    {
        var address = new NpgsqlConnectionStringBuilder(database.Address) { Options = "-c synchronous_commit=off" }.ToString();

        using var connection = Of(address).OpenForWriting();
        using var show = new NpgsqlCommand("SHOW synchronous_commit", connection);

        Assert.Equal("on", show.ExecuteScalar());
    }

    private static PostgresDatabase Of(string address) => new(address, () => new ServerIdentity("test", "test", TimeSpan.FromSeconds(15)));

    private Task UntilItWritesAsync() => Runs.WorkflowServer.UntilAsync(() => Journal.Failure is null);

    /// <summary>Ends all connections, as a restart of the database does.</summary>
    private void Cut() => database.Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

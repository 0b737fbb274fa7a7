using Automation.Server.Storage;
using Automation.Server.Storage.Sqlite;

namespace Automation.Server.Tests.Storage;

public sealed class SqliteJournalFacts : JournalFacts
{
    private readonly string folder = Directory.CreateTempSubdirectory("automation-").FullName;

    private string File => SqliteDatabase.FileIn(folder);

    private protected override TestDatabase Test => new TestDatabase.OfSqlite(folder);

    [Fact]
    public void FileOfAnOlderSchema_IsBroughtUpToDate()
    {
        var file = Path.Combine(folder, "older.db");
        using (var empty = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=False"))
        {
            empty.Open();
            SqliteDatabase.Execute(empty, "PRAGMA user_version=0");
        }

        using var connection = SqliteDatabase.OpenForWriting(file);

        Assert.True((long)SqliteDatabase.Scalar(connection, "PRAGMA user_version")! >= 1);
        Assert.Equal(0L, SqliteDatabase.Scalar(connection, "SELECT count(*) FROM events"));
    }

    [Fact]
    public void FileThatIsDamagedWhileItIsReopened_IsSaidAsThat()
    {
        var file = Path.Combine(folder, "damaged.db");
        System.IO.File.WriteAllBytes(file, Enumerable.Repeat((byte)'x', 8192).ToArray());

        var error = Assert.Throws<JournalException>(() => SqliteDatabase.Reopen(file));

        Assert.True(error.IsDamage);
        Assert.Contains("SQLite answered 26: file is not a database", error.Message, StringComparison.Ordinal);
        Assert.Contains("docs/backup.md", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileOfANewerSchema_IsRefused_AndLeftAlone()
    {
        await Journal.DisposeAsync();
        using (var connection = SqliteDatabase.OpenForWriting(File)) SqliteDatabase.Execute(connection, "PRAGMA user_version=999");

        var error = Assert.Throws<JournalException>(OpenJournal);

        Assert.Contains("newer program", error.Message, StringComparison.Ordinal);
        Assert.Equal(999L, Value("PRAGMA user_version"));
    }

    [Fact]
    public void FileThatCannotBeOpened_IsNamed()
    {
        var error = Assert.Throws<JournalException>(() => SqliteDatabase.OpenForWriting(folder));

        Assert.Contains(folder, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatIsNoDatabase_IsRefused()
    {
        var file = Path.Combine(folder, "text.db");
        System.IO.File.WriteAllText(file, new string('x', 5000));

        Assert.Throws<JournalException>(() => SqliteDatabase.OpenForWriting(file));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}

using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Storage.Backups;
using Automation.Server.Storage.Sqlite;
using Automation.Server.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Secrets;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class StoredSecretsTests : IAsyncLifetime
{
    private const string Value = "xoxb-a-value-that-must-not-show";

    private readonly string folder = Directory.CreateTempSubdirectory("automation-").FullName;
    private readonly ListLogger<StoredSecrets> log = new();
    private TestDatabase database = null!;
    private Journal journal = null!;

    private string KeyFile => Path.Combine(folder, SecretKeys.FileName);

    public ValueTask InitializeAsync()
    {
        database = TestDatabase.Create(folder);
        journal = Open();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await journal.DisposeAsync();
        database.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task FirstStart_MakesAKeyThatOnlyItsOwnerReads()
    {
        using var stored = await LoadAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.NotNull(stored.KeyId);
        using var again = await LoadAsync();
        Assert.Equal(stored.KeyId, again.KeyId);
    }

    [Fact]
    public async Task Secret_IsInUseAtOnce_AndAfterARestart_AndNowhereInTheDatabase()
    {
        using var stored = await LoadAsync();
        await stored.SetAsync("SLACK", Value, "anna");

        Assert.Equal(Value, stored.Find("SLACK")!.Value);
        using var again = await LoadAsync();
        Assert.Equal(Value, again.Find("SLACK")!.Value);
        Assert.Equal("anna", again.All["SLACK"].Row.ChangedBy);
        Assert.Equal(0L, Convert.ToInt64(database.Scalar("SELECT count(*) FROM secrets WHERE length(sealed) <> 31 + 16"), null)); // no longer than value and tag
        if (database is TestDatabase.OfSqlite)
        {
            foreach (var file in Directory.GetFiles(folder, "automation.db*")) Assert.DoesNotContain(Value, System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnotherServer_SeesAChange_AtItsNextLook()
    {
        using var one = await LoadAsync();
        using var other = await LoadAsync();
        await one.SetAsync("SLACK", Value, null);
        await one.SetAsync("SLACK", Value + "2", null);
        await one.SetAsync("OLD", Value, null);
        await one.DeleteAsync("OLD");

        other.Follow(4);
        await UntilAsync(() => other.Find("SLACK")?.Value == Value + "2" && other.Find("OLD") is null);
    }

    [Fact]
    public async Task RowUnderAnotherName_DoesNotOpen()
    {
        using (var stored = await LoadAsync()) await stored.SetAsync("ONE", Value, null);
        await journal.DisposeAsync();
        database.Execute("UPDATE secrets SET name = 'OTHER'");
        journal = Open();

        using var again = await LoadAsync();

        Assert.Null(again.Find("OTHER"));
        Assert.Contains("changed by something other", again.WhyLocked("OTHER"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewKey_SealsAllAnew_AndTheOldOneIsNeededNoMore()
    {
        using var stored = await LoadAsync();
        var old = stored.KeyId;
        await stored.SetAsync("ONE", Value, "anna");
        await stored.SetAsync("TWO", Value, null);
        var first = new SecretKeys(null, folder).Add().Id;

        var (key, count, locked) = await stored.SealAnewAsync();

        Assert.Equal((first, 2), (key, count));
        Assert.Empty(locked);
        Assert.NotEqual(old, first);
        await File.WriteAllLinesAsync(KeyFile, (await File.ReadAllLinesAsync(KeyFile)).Take(1));
        using var again = await LoadAsync();
        Assert.Equal(Value, again.Find("ONE")!.Value);
        Assert.Equal("anna", again.All["ONE"].Row.ChangedBy);
        Assert.Equal(0, (await again.SealAnewAsync()).Sealed);
    }

    [Fact]
    public async Task ServerWithoutTheKey_GoesOn_AndSaysWhatToDo_AndMakesNoneOfItsOwn()
    {
        using (var stored = await LoadAsync()) await stored.SetAsync("SLACK", Value, null);
        var elsewhere = Path.Combine(folder, "elsewhere");
        Directory.CreateDirectory(elsewhere);

        using var without = await LoadAsync(elsewhere);

        Assert.Null(without.Find("SLACK"));
        Assert.Contains("put the file secrets.key", without.WhyLocked("SLACK"), StringComparison.Ordinal);
        Assert.Contains(log.Lines, line => line.Contains("has no such key", StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<SecretException>(() => without.SetAsync("OTHER", Value, null));
        Assert.Contains("secrets.key", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(elsewhere));

        File.Copy(KeyFile, Path.Combine(elsewhere, SecretKeys.FileName));
        using var with = await LoadAsync(elsewhere);
        Assert.Equal(Value, with.Find("SLACK")!.Value);
    }

    [Fact]
    public async Task KeyInTheEnvironment_IsTaken_AndNoFileIsMade()
    {
        var key = Convert.ToBase64String(new byte[32]);
        using var stored = await LoadAsync(configured: key);
        await stored.SetAsync("SLACK", Value, null);

        Assert.False(File.Exists(KeyFile));
        using var again = await LoadAsync(configured: Convert.ToBase64String([.. new byte[31], 1]) + ", " + key);
        Assert.Equal(Value, again.Find("SLACK")!.Value);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("no base64 at all, really")]
    public void KeyThatCannotBeRead_StopsTheStart_AndIsNotQuoted(string key)
    {
        var error = Assert.Throws<Automation.Server.Hosting.StartupException>(() => new SecretKeys(key, folder));

        Assert.Contains(SecretKeys.Variable, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lower", "value")]
    [InlineData("", "value")]
    [InlineData("NAME", "")]
    public async Task BadNamesAndValues_AreRefused(string name, string value)
    {
        using var stored = await LoadAsync();

        await Assert.ThrowsAsync<SecretException>(() => stored.SetAsync(name, value, null));
        await Assert.ThrowsAsync<SecretException>(() => stored.SetAsync("LONG", new string('x', StoredSecrets.MaxBytes + 1), null));
    }

    [Fact]
    public async Task FileWins_ThenTheDatabase_ThenTheEnvironment()
    {
        using var stored = await LoadAsync();
        var store = new SecretStore(new SecretsOptions { Folder = folder }, new Dictionary<string, string> { [SecretStore.Prefix + "A"] = "environment" }, TimeProvider.System, NullLogger<SecretStore>.Instance, stored);

        var environment = store.Find("A")!.Value;
        await store.SetAsync("A", "database");
        var set = store.Find("A")!.Value;
        await File.WriteAllTextAsync(Path.Combine(folder, "A"), "file");

        Assert.Equal(("environment", "database", "file"), (environment, set, store.Find("A")!.Value));
        Assert.Equal((true, true, true), store.SourcesOf("A"));
    }

    [Fact]
    public async Task Backup_HoldsTheSecretsButNotTheKey_AndOpensWithIt()
    {
        if (database is not TestDatabase.OfSqlite) return; // PostgreSQL has backups of its own
        using (var stored = await LoadAsync()) await stored.SetAsync("SLACK", Value, null);
        var (backups, restored) = (Directory.CreateTempSubdirectory("automation-").FullName, Directory.CreateTempSubdirectory("automation-").FullName);
        try
        {
            DataBackup.Create(folder, Path.Combine(backups, "b.tar"));
            DataRestore.Restore(Path.Combine(backups, "b.tar"), restored);
            Assert.False(File.Exists(Path.Combine(restored, SecretKeys.FileName)));
            await journal.DisposeAsync();
            journal = new Journal(new SqliteFile(SqliteDatabase.FileIn(restored)).Open(TimeProvider.System), TimeProvider.System, NullLogger<Journal>.Instance);

            using (var without = await LoadAsync(restored)) Assert.Contains("secrets.key", without.WhyLocked("SLACK"), StringComparison.Ordinal);
            File.Copy(KeyFile, Path.Combine(restored, SecretKeys.FileName));
            using (var with = await LoadAsync(restored)) Assert.Equal(Value, with.Find("SLACK")!.Value);
            await journal.DisposeAsync();
        }
        finally
        {
            Directory.Delete(backups, recursive: true);
            Directory.Delete(restored, recursive: true);
        }
    }

    private Journal Open() => new(database.Database.Open(TimeProvider.System), TimeProvider.System, NullLogger<Journal>.Instance);

    private async Task<StoredSecrets> LoadAsync(string? elsewhere = null, string? configured = null)
    {
        var keys = new SecretKeys(configured, elsewhere ?? folder);
        var stored = new StoredSecrets(() => journal, () => keys, TimeProvider.System, log);
        await stored.LoadAsync();
        return stored;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds()) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
    }
}

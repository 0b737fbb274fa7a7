using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Secrets;

/// <summary>The keys that callback links and the secrets of endpoints follow from.</summary>
public sealed class ServerKeysTests : IAsyncLifetime
{
    private static readonly byte[] Older = [.. "an older key that signs links!!!"u8], Newer = [.. "the newer key that signs links!!"u8], OfEndpoints = [.. "what endpoints' secrets hang on!"u8];

    private readonly string folder = Directory.CreateTempSubdirectory("automation-").FullName;
    private readonly ListLogger<ServerKeys> log = new();
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
    public async Task FirstStart_MakesThem_SealedAndTheSameForAllServers_AndNoListShowsThem()
    {
        var (stored, keys) = await LoadAsync();
        var (_, other) = await LoadAsync();

        Assert.Equal(32, keys.Of(ServerKeys.Callbacks).Single().Length);
        Assert.Equal(keys.Of(ServerKeys.Callbacks), other.Of(ServerKeys.Callbacks));
        Assert.Equal(keys.Of(ServerKeys.Endpoints), other.Of(ServerKeys.Endpoints));
        Assert.NotEqual(keys.Of(ServerKeys.Callbacks), keys.Of(ServerKeys.Endpoints));
        Assert.Equal((2L, 0L), (Count("secrets"), PlainRows()));
        var store = new SecretStore(new SecretsOptions(), new Dictionary<string, string>(), TimeProvider.System, NullLogger<SecretStore>.Instance, stored);
        Assert.Empty(store.Names);
        Assert.Null(store.Find(ServerKeys.Callbacks));
        Assert.Equal((false, false, false), store.SourcesOf(ServerKeys.Callbacks));
        await Assert.ThrowsAsync<SecretException>(() => store.SetAsync(ServerKeys.Callbacks, "mine"));
        Assert.False(await stored.DeleteAsync(ServerKeys.Callbacks));
        Assert.Equal(2L, Count("secrets"));
    }

    [Fact]
    public async Task PlainKeysOfAnOlderDatabase_AreSealed_AndTheirBytesAreGone()
    {
        StorePlain();

        var (_, keys) = await LoadAsync();

        Assert.Equal([Newer, Older], keys.Of(ServerKeys.Callbacks));
        Assert.Equal([OfEndpoints], keys.Of(ServerKeys.Endpoints));
        Assert.Equal(0L, PlainRows());
        await journal.DisposeAsync();
        if (database is TestDatabase.OfSqlite)
        {
            database.Dispose();
            foreach (var file in Directory.GetFiles(folder, "automation.db*"))
            {
                var text = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
                foreach (var key in new[] { Older, Newer, OfEndpoints }) Assert.DoesNotContain(System.Text.Encoding.Latin1.GetString(key), text, StringComparison.Ordinal);
            }
        }

        journal = Open();
        var (_, again) = await LoadAsync();
        Assert.Equal([Newer, Older], again.Of(ServerKeys.Callbacks));
    }

    [Fact]
    public async Task NewKey_SealsThemAnew_AndTheyStayWhatTheyAre()
    {
        var (stored, keys) = await LoadAsync();
        var before = keys.Of(ServerKeys.Callbacks);
        var first = new SecretKeys(null, folder).Add().Id;

        var (key, count, locked) = await stored.SealAnewAsync();

        Assert.Equal((first, 2), (key, count));
        Assert.Empty(locked);
        await File.WriteAllLinesAsync(KeyFile, (await File.ReadAllLinesAsync(KeyFile)).Take(1));
        var (_, again) = await LoadAsync();
        Assert.Equal(before, again.Of(ServerKeys.Callbacks));
    }

    [Fact]
    public async Task ServerWithoutTheKey_SaysWhatDoesNotWork_AndMakesNoOthers()
    {
        var (_, keys) = await LoadAsync();
        var elsewhere = Directory.CreateDirectory(Path.Combine(folder, "elsewhere")).FullName;

        var (stored, without) = await LoadAsync(elsewhere);

        var links = Assert.Throws<ServerKeyException>(() => without.Of(ServerKeys.Callbacks)).Message;
        Assert.StartsWith("Callback links can neither be made nor taken. callback-keys is in the database, but sealed with", links, StringComparison.Ordinal);
        Assert.Contains("put the file secrets.key", links, StringComparison.Ordinal);
        Assert.Contains("endpoints cannot be had", Assert.Throws<ServerKeyException>(() => without.Of(ServerKeys.Endpoints)).Message, StringComparison.Ordinal);
        Assert.Equal(2, log.Lines.Count);
        Assert.Equal(2L, Count("secrets"));

        File.Copy(KeyFile, Path.Combine(elsewhere, SecretKeys.FileName));
        Assert.Empty((await stored.SealAnewAsync()).Locked);
        Assert.Equal(keys.Of(ServerKeys.Callbacks), without.Of(ServerKeys.Callbacks));
    }

    [Fact]
    public async Task KeyThatIsLostForGood_LocksThem_AndDeletedOnesAreMadeAnewAtTheNextStart()
    {
        var (_, keys) = await LoadAsync();
        var before = keys.Of(ServerKeys.Callbacks);
        File.Delete(KeyFile);
        new SecretKeys(null, folder).Add();

        var (stored, _) = await LoadAsync();
        Assert.Equal([ServerKeys.Callbacks, ServerKeys.Endpoints], (await stored.SealAnewAsync()).Locked);
        Assert.True(await stored.DeleteAsync(ServerKeys.Callbacks));
        Assert.True(await stored.DeleteAsync(ServerKeys.Endpoints));

        var (_, again) = await LoadAsync();
        Assert.NotEqual(before, again.Of(ServerKeys.Callbacks));
        Assert.Equal(2L, Count("secrets"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")] // not that of the database
    public async Task ServerWithoutTheKey_UsesPlainOnes_AndLeavesThemToWhoHasIt(string? configured)
    {
        using (var stored = Stored(new SecretKeys(null, folder))) await stored.LoadAsync(); // the database has a key
        StorePlain();

        var (_, without) = await LoadAsync(Path.Combine(folder, "elsewhere"), configured);

        Assert.Equal([Newer, Older], without.Of(ServerKeys.Callbacks));
        Assert.Equal((0L, 3L), (Count("secrets"), PlainRows()));
        var (_, with) = await LoadAsync();
        Assert.Equal([Newer, Older], with.Of(ServerKeys.Callbacks));
        Assert.Equal((2L, 0L), (Count("secrets"), PlainRows()));
    }

    [Fact]
    public async Task WholeServerWithoutTheKey_RefusesLinksAndSecretsWithTheReason_AndGoesOnWhenTheKeyIsBack()
    {
        await using var server = await WorkflowServer.StartAsync();
        using (var put = await server.Http.PutAsync(new Uri("/api/endpoints/acme", UriKind.Relative), WorkflowServer.Json($$"""{ "url": "{{server.Receiver.Url}}/acme", "events": ["*"] }"""))) Assert.True(put.IsSuccessStatusCode);
        var secret = (await server.GetAsync("/api/endpoints/acme/secret")).ToJsonString();
        var asking = await server.AddAsync("""{ "steps": { "ask": { "type": "webhook.send", "url": "RECEIVER/ask", "body": "${run.callbacks.answer}", "next": "answer" }, "answer": { "type": "wait", "callback": {}, "timeout": "2d", "next": "done" }, "done": { "type": "webhook.send", "url": "RECEIVER/done", "body": 1 } } }""");
        await server.RunUntilItWaitsAsync(asking);
        var link = (await server.Receiver.NextAsync("/ask")).Body.Trim('"');
        var path = new Uri(new Uri(link).AbsolutePath, UriKind.Relative);
        await server.StopAsync();
        var (file, aside) = (Path.Combine(server.Data, SecretKeys.FileName), Path.Combine(server.Folder, "aside"));
        File.Move(file, aside);

        await server.StartAsync();

        using (var taken = await server.Http.PostAsync(path, null)) Assert.Equal(503, (int)taken.StatusCode);
        using (var shown = await server.Http.GetAsync(new Uri("/api/endpoints/acme/secret", UriKind.Relative)))
        {
            Assert.Equal(503, (int)shown.StatusCode);
            Assert.Contains("put the file secrets.key", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using (var rotated = await server.Http.PostAsync(new Uri("/api/endpoints/acme/rotate", UriKind.Relative), null)) Assert.Equal(503, (int)rotated.StatusCode);
        var failed = await server.RunByIdAsync(asking);
        Assert.Equal(("failed", "callbacks_locked"), (failed.State, failed.ErrorCode));
        await server.PostAsync("/api/emissions", """{ "type": "a", "data": 1 }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM attempts WHERE error = 'endpoint_secrets_locked'") > 0);
        Assert.Equal(0, server.Receiver.Waiting("/acme"));

        File.Move(aside, file);
        await server.PostAsync("/api/secrets/seal", "", 200);

        Assert.Equal(secret, (await server.GetAsync("/api/endpoints/acme/secret")).ToJsonString());
        using (var taken = await server.Http.PostAsync(path, null)) Assert.Equal(200, (int)taken.StatusCode);
        await server.Receiver.NextAsync("/done");
        Assert.Contains("webhook-signature", (await server.Receiver.NextAsync("/acme")).Headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.Empty((await server.GetAsync("/api/secrets"))["items"]!.AsArray());
    }

    private Journal Open() => new(database.Database.Open(TimeProvider.System), TimeProvider.System, NullLogger<Journal>.Instance);

    private StoredSecrets Stored(SecretKeys keys) => new(() => journal, () => keys, TimeProvider.System, NullLogger<StoredSecrets>.Instance);

    private async Task<(StoredSecrets Stored, ServerKeys Keys)> LoadAsync(string? elsewhere = null, string? configured = null)
    {
        var stored = Stored(new SecretKeys(configured, elsewhere ?? folder));
        await stored.LoadAsync();
        var keys = new ServerKeys(stored, () => journal, log);
        await keys.LoadAsync();
        return (stored, keys);
    }

    private void StorePlain()
    {
        database.Execute($"INSERT INTO callback_keys (id, secret, created_at) VALUES (1, {Blob(Older)}, 1), (2, {Blob(Newer)}, 2)");
        database.Execute($"INSERT INTO endpoint_keys (id, secret) VALUES (1, {Blob(OfEndpoints)})");
    }

    private string Blob(byte[] bytes) => database is TestDatabase.OfSqlite ? $"x'{Convert.ToHexString(bytes)}'" : $"'\\x{Convert.ToHexString(bytes)}'";

    private long Count(string table) => Convert.ToInt64(database.Scalar("SELECT count(*) FROM " + table), null);

    private long PlainRows() => Count("callback_keys") + Count("endpoint_keys");
}

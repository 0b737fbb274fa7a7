using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Server.Editing;
using Automation.Server.Tests.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Editing;

public sealed class SavedFilesTests : EditingTest
{
    private const string Script = "export default () => 1\n";

    [Theory]
    [InlineData("other.json")]
    [InlineData("other.layout.json")]
    [InlineData("endpoints/evil.json")]
    [InlineData("endpoints/evil.js")]
    [InlineData("connectors/evil.json")]
    [InlineData("connectors/evil.schema.json")]
    [InlineData("event-types.json")]
    [InlineData("package.json")]
    [InlineData("workflow.schema.json")]
    [InlineData("a\n.ts")]
    [InlineData("a.ts ")]
    [InlineData("\"><script>.ts")]
    [InlineData("u\u0308.ts")]
    public async Task Save_WritesNoFileThatIsNotTheWorkflows(string path)
    {
        var refused = await PutAsync("order", null, ("order.json", Order), (path, "{}"));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Empty(Directory.GetFileSystemEntries(Workflows));
    }

    [Fact]
    public async Task Save_OfANameThatIsTooLong_IsRefused_AndNothingIsWritten()
    {
        var refused = await PutAsync("order", null, ("a.ts", Script), ("order.json", Order), (new string('z', 300) + ".ts", Script));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Empty(Directory.GetFileSystemEntries(Workflows));
    }

    [Fact]
    public async Task Save_WhereAFileIsAFolder_IsRefused_AndNothingIsWritten()
    {
        Directory.CreateDirectory(Path.Combine(Workflows, "b.ts"));

        var refused = await PutAsync("order", null, ("a.ts", Script), ("order.json", Order), ("b.ts", Script));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("b.ts", refused.Body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Workflows));
    }

    [Theory]
    [InlineData("abc%0A")]
    [InlineData("endpoints%2Fx")]
    [InlineData("connectors%2Fx")]
    [InlineData("event-types")]
    [InlineData("package")]
    [InlineData("node_modules%2Fx")]
    public async Task Save_RefusesIdsThatTheFolderWouldNotFind(string id) => Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync(id, null, (Uri.UnescapeDataString(id) + ".json", Order))).Status);

    [Fact]
    public async Task Save_OfAnIdThatDiffersByCaseAlone_IsRefused()
    {
        Write(("order.json", Order));
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync("ORDER", null, ("ORDER.json", Order))).Status);
    }

    [Fact]
    public async Task Save_OverAFileThatTheAuthorWasNotShown_ShowsIt_AndWritesOnlyThen()
    {
        Write(("order.json", Order.Replace("order.ts", "old.ts", StringComparison.Ordinal)), ("order.ts", "theirs"));
        var read = await BaseAsync("order");

        var refused = await PutAsync("order", read, ("order.json", Order), ("order.ts", Script));

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Equal("theirs", refused.Body["current"]!["files"]!["order.ts"]!.GetValue<string>());
        Assert.Equal("theirs", await File.ReadAllTextAsync(Path.Combine(Workflows, "order.ts")));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("order", refused.Body["current"]!["base"]!.GetValue<string>(), ("order.json", Order), ("order.ts", Script))).Status);
        Assert.Equal(Script, await File.ReadAllTextAsync(Path.Combine(Workflows, "order.ts")));
    }

    [Fact]
    public async Task Save_ThatNamesAFileInTheFolder_AnswersWithIt()
    {
        await File.WriteAllTextAsync(Path.Combine(Workflows, "order.ts"), Script);

        var saved = await PutAsync("order", null, ("order.json", Order));

        Assert.Equal(HttpStatusCode.OK, saved.Status);
        Assert.Equal(Script, saved.Body["files"]!["order.ts"]!.GetValue<string>());
        var read = await Server.GetAsync("/api/workflows/order/files");
        foreach (var name in new[] { "base", "files", "hidden" }) Assert.Equal(read[name]!.ToJsonString(), saved.Body[name]!.ToJsonString());
        using var deleted = await Server.Http.DeleteAsync($"/api/workflows/order/files?base={read["base"]!.GetValue<string>()}");
        var left = JsonNode.Parse(await deleted.Content.ReadAsStringAsync())!;
        Assert.Null(left["base"]);
        Assert.Empty(left["files"]!.AsObject());
    }

    [Fact]
    public async Task TokenOfOneWorkflow_NeitherSeesNorWritesTheScriptOfAnother()
    {
        Write(("order.json", Order), ("order.ts", Script), ("mine.json", Order));
        var made = await Server.PostAsync("/api/tokens", """{"name":"one","role":"editor","names":["mine"]}""", 200);
        Server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", made["token"]!.GetValue<string>());

        var files = await Server.GetAsync("/api/workflows/mine/files");
        var refused = await PutAsync("mine", files["base"]!.GetValue<string>(), ("order.ts", "mine"));

        Assert.Equal(["mine.json"], files["files"]!.AsObject().Select(file => file.Key));
        Assert.Contains("order", files["hidden"]!["order.ts"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Equal(Script, await File.ReadAllTextAsync(Path.Combine(Workflows, "order.ts")));
    }

    [Fact]
    public async Task TokenOfOneWorkflow_CannotNameTheScriptOfAnother_AlsoOfOneThatIsBroken()
    {
        const string Mine = """{ "steps": { "a": { "type": "log", "message": "x" } } }""";
        Write(("order.json", Order[..^3]), ("order.ts", Script), ("mine.json", Mine));
        var made = await Server.PostAsync("/api/tokens", """{"name":"one","role":"editor","names":["mine"]}""", 200);
        Server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", made["token"]!.GetValue<string>());

        var saved = await PutAsync("mine", await BaseAsync("mine"), ("mine.json", Order));
        var check = await Server.PostAsync("/api/workflows/mine/check", new JsonObject { ["files"] = new JsonObject { ["mine.json"] = Order } }.ToJsonString(), 200);

        Assert.Equal(HttpStatusCode.BadRequest, saved.Status);
        Assert.Contains("order.ts", saved.Body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(Mine, await File.ReadAllTextAsync(Path.Combine(Workflows, "mine.json")));
        Assert.Contains(check["problems"]!.AsArray(), problem => problem!["message"]!.GetValue<string>().Contains("of the workflow \"order\" too", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FileThatCannotBeShown_IsNamedWithTheReason_AndNotOverwritten()
    {
        Write(("order.json", Order));
        await File.WriteAllBytesAsync(Path.Combine(Workflows, "order.ts"), [0x2F, 0x2F, 0x20, 0xFC]);
        await File.WriteAllTextAsync(Path.Combine(Workflows, "big.json"), new string(' ', 1_100_000));

        var files = await Server.GetAsync("/api/workflows/order/files");
        var script = await PutAsync("order", files["base"]!.GetValue<string>(), ("order.ts", Script));
        var big = await PutAsync("big", null, ("big.json", Order));

        Assert.Contains("UTF-8", files["hidden"]!["order.ts"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (script.Status, big.Status));
        Assert.Equal(4, new FileInfo(Path.Combine(Workflows, "order.ts")).Length);
        Assert.Equal(1_100_000, new FileInfo(Path.Combine(Workflows, "big.json")).Length);
        Assert.Contains("larger", (await Server.GetAsync("/api/workflows/big/files"))["hidden"]!["big.json"]!.GetValue<string>(), StringComparison.Ordinal);
        using var deleted = await Server.Http.DeleteAsync($"/api/workflows/big/files?base={await BaseAsync("big")}");
        Assert.Equal(HttpStatusCode.BadRequest, deleted.StatusCode);
    }

    [Fact]
    public async Task WithoutASandbox_FilesAreReadAndSaved()
    {
        await using var server = await WorkflowServer.StartAsync(("Sandbox:RuntimePath", Path.Combine(Server.Folder, "nothing")));
        server.Write(("order.json", Order), ("order.ts", Script));

        var files = await server.GetAsync("/api/workflows/order/files");
        using var saved = await server.Http.PutAsJsonAsync("/api/workflows/order/files", new { @base = files["base"]!.GetValue<string>(), files = new Dictionary<string, string> { ["order.ts"] = "// new\n" } });

        Assert.Equal(["order.json", "order.ts"], files["files"]!.AsObject().Select(file => file.Key));
        Assert.Equal(HttpStatusCode.OK, saved.StatusCode);
        Assert.Equal("// new\n", await File.ReadAllTextAsync(Path.Combine(server.Folder, "workflows", "order.ts")));
    }

    [Fact]
    public async Task Save_ThatWaitsForAnotherProcess_SeesWhatThatWrote()
    {
        Write(("order.json", Order), ("order.ts", Script));
        var read = await BaseAsync("order");
        var other = await FolderLock.TakeAsync(Workflows, Time, CancellationToken.None);
        var saving = PutAsync("order", read, ("order.ts", "mine"));
        await WorkflowServer.UntilAsync(() => Time.IsAwaited(Time.GetUtcNow() + FolderLock.Pause));
        await File.WriteAllTextAsync(Path.Combine(Workflows, "order.ts"), "theirs");
        other.Dispose();
        Time.Advance(FolderLock.Pause);

        var refused = await saving;

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Equal("theirs", refused.Body["current"]!["files"]!["order.ts"]!.GetValue<string>());
        Assert.Equal("theirs", await File.ReadAllTextAsync(Path.Combine(Workflows, "order.ts")));
    }

    [Fact]
    public async Task Save_OverAFileThatTheAuthorWasNotShown_MayLeaveItAsItIs()
    {
        Write(("order.json", Order.Replace("order.ts", "old.ts", StringComparison.Ordinal)), ("order.ts", "theirs"));
        var refused = await PutAsync("order", await BaseAsync("order"), ("order.json", Order), ("order.ts", Script));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("order", refused.Body["current"]!["base"]!.GetValue<string>(), ("order.json", Order))).Status);
        Assert.Equal("theirs", await File.ReadAllTextAsync(Path.Combine(Workflows, "order.ts")));
    }

    [Fact]
    public async Task WorkflowThatIsNoJson_StillHasItsScripts()
    {
        Write(("order.json", Order), ("order.ts", Script));
        Write(("order.json", Order[..60]));
        var files = await Server.GetAsync("/api/workflows/order/files");
        Assert.Equal(["order.json", "order.ts"], files["files"]!.AsObject().Select(file => file.Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{ "steps": { "a": { "type": "script", "file": "a.ts" }, "b": { "schemaFile": "b.schema.json" }, "c": { "file": "../c.ts" }, "d": { "text": "d.ts", "in": { "file": "e.ts" }, "list": ["f.ts"] } }, "file": "g.ts" }""", true)]
    [InlineData("""{ "steps": { "a": { "file": "a.ts" }, "b": { "schemaFile": "b.schema.json", """, false)]
    public void NamedFiles_AreThoseOfSteps_AsFarAsTheTextIsJson(string text, bool isWhole)
    {
        var named = NamedFiles.In(text);
        Assert.Equal(["a.ts", "b.schema.json"], named.Paths.Order(StringComparer.Ordinal));
        Assert.Equal(isWhole, named.IsWhole);
    }

    [Fact]
    public async Task ByteOrderMark_Stays()
    {
        await File.WriteAllTextAsync(Path.Combine(Workflows, "order.ts"), Script, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Write(("order.json", Order));
        await PutAsync("order", await BaseAsync("order"), ("order.ts", "// new\n"));
        Assert.Equal("\uFEFF// new\n"u8.ToArray(), await File.ReadAllBytesAsync(Path.Combine(Workflows, "order.ts")));
    }

    [Fact]
    public async Task NamedPipeInTheFolder_KeepsNobodyFromSaving()
    {
        using (var made = System.Diagnostics.Process.Start("mkfifo", Path.Combine(Workflows, "fifo.json"))) await made.WaitForExitAsync();
        Assert.Equal(HttpStatusCode.OK, (await PutAsync("order", null, ("order.json", Order), ("order.ts", Script))).Status);
        await Server.GetAsync("/api/workflows/fifo/files");
    }

    [Fact]
    public async Task LinkToWhatIsHidden_IsNotWrittenThrough()
    {
        Directory.CreateDirectory(Path.Combine(Workflows, ".git", "hooks"));
        Directory.CreateSymbolicLink(Path.Combine(Workflows, "g"), Path.Combine(Workflows, ".git"));

        var refused = await PutAsync("order", null, ("order.json", Order), ("g/hooks/pre-commit.js", "x"));

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Empty(Directory.GetFiles(Path.Combine(Workflows, ".git", "hooks")));
        Assert.False(File.Exists(Path.Combine(Workflows, "order.json")));
    }

    [Fact]
    public async Task Save_LeavesNoOtherFiles_AndRemovesWhatAKilledOneLeft()
    {
        var left = Path.Combine(Workflows, ".save-0.tmp");
        await File.WriteAllTextAsync(left, "half");
        File.SetLastWriteTimeUtc(left, File.GetLastWriteTimeUtc(left).AddMinutes(-2));
        await PutAsync("order", null, ("order.json", Order), ("order.ts", Script), ("lib/gone.ts", null));
        Assert.Equal(["order.json", "order.ts"], Directory.GetFiles(Workflows).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task FolderLock_IsHeldByOneAtATime()
    {
        var first = await FolderLock.TakeAsync(Workflows, Time, CancellationToken.None);
        var second = FolderLock.TakeAsync(Workflows, Time, CancellationToken.None);
        Assert.False(second.IsCompleted);
        first.Dispose();
        Time.Advance(TimeSpan.FromSeconds(1));
        (await second).Dispose();
        Assert.Empty(Directory.GetFiles(Workflows));
    }

    [Fact]
    public async Task Batch_ThatCannotBeWrittenWhole_ChangesNothing()
    {
        Write(("order.json", Order), ("order.ts", Script));
        var folder = Server.Get<WorkflowFolder>();
        Assert.ThrowsAny<IOException>(() => FileBatch.Prepare(folder, [KeyValuePair.Create("order.ts", (string?)"new"), KeyValuePair.Create("order.json", (string?)null), KeyValuePair.Create("order.ts/below.ts", (string?)"x")]));
        Assert.Equal(Script, await File.ReadAllTextAsync(Path.Combine(Workflows, "order.ts")));
        Assert.Equal(["order.json", "order.ts"], Directory.GetFiles(Workflows).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }
}

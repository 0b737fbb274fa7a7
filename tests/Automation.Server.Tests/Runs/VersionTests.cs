using System.Text.Json.Nodes;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Runs;

/// <summary>The history of versions, and going back to an older one.</summary>
public sealed class VersionTests
{
    [Fact]
    public async Task History_SaysWhichVersionWasActiveWhen_AndOfWhichFiles()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        Directory.CreateDirectory(Path.Combine(server.Folder, ".git"));
        await File.WriteAllTextAsync(Path.Combine(server.Folder, ".git", "HEAD"), new string('a', 40));
        var id = await server.AddAsync(Says("one"));
        var began = time.GetUtcNow();
        time.Advance(TimeSpan.FromMinutes(5));
        await server.ChangeAsync(id, Says("two"));
        await server.ChangeAsync(id, Says("two") + " ");
        await server.StopAsync();
        server.Write((id + ".json", Says("three")));
        time.Advance(TimeSpan.FromMinutes(5));
        await server.StartAsync();

        var items = await HistoryAsync(server, id);
        Assert.Equal(["start", "file", "file"], items.Select(i => Text(i, "cause")));
        Assert.Equal([null, Text(items[0], "activeFrom"), Text(items[1], "activeFrom")], items.Select(i => Text(i, "activeTo")));
        Assert.Equal(began, items[2]["activeFrom"]!.GetValue<DateTimeOffset>(), TimeSpan.FromMilliseconds(1));
        Assert.All(items, i => Assert.Equal((new string('a', 40), 16), (Text(i, "commit"), Text(i, "files")!.Length)));
        Assert.Equal(ActiveOf(server, id), Text(items[0], "version"));
        Assert.Contains("'one'", (await server.GetAsync($"/api/workflows/{id}/versions/{Text(items[2], "version")}"))["document"]!.ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_IsPaged_AndCountsTheRunsOfEachVersion()
    {
        await using var server = await WorkflowServer.StartAsync();
        const string Waits = """{ "steps": { "a": { "type": "delay", "for": "N" } } }""";
        var id = await server.AddAsync(Waits.Replace("N", "1h", StringComparison.Ordinal));
        await server.RunUntilItWaitsAsync(id);
        await server.RunUntilItWaitsAsync(id);
        await server.ChangeAsync(id, Waits.Replace("N", "2h", StringComparison.Ordinal));
        await server.RunUntilItWaitsAsync(id);
        var first = await server.GetAsync($"/api/workflows/{id}/versions?limit=1");
        var second = await server.GetAsync(first["next"]!.GetValue<string>());
        var (newer, older) = (Assert.Single(first["items"]!.AsArray())!, Assert.Single(second["items"]!.AsArray())!);
        Assert.Equal((1, 2, 0), (newer["waitingRuns"]!.GetValue<int>(), older["waitingRuns"]!.GetValue<int>(), older["openRuns"]!.GetValue<int>()));
        Assert.Equal(Text(newer, "activeFrom"), Text(older, "activeTo"));
        Assert.Null(second["next"]);
    }

    [Fact]
    public async Task RollBack_TakesTheEvents_OverARestart_UntilTheFileIsEdited()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Says("one"));
        var old = ActiveOf(server, id);
        await server.ChangeAsync(id, Says("two"));
        var two = ActiveOf(server, id);
        var answer = await server.PostAsync($"/api/workflows/{id}/versions/{old}/activate", "", 200);
        Assert.Equal((old, two), (Text(answer, "version"), Text(answer["pin"]!, "fileVersion")));
        Assert.Equal("\"one\"", (await server.RunByIdAsync(id)).Output("say"));

        await server.StopAsync();
        await server.StartAsync();
        Assert.Contains(server.Logged, line => line.StartsWith("Warning 1014", StringComparison.Ordinal));
        Assert.Equal("\"one\"", (await server.RunByIdAsync(id)).Output("say"));
        await server.ChangeAsync(id, Says("two")); // as it was: not an edit
        Assert.Equal(old, ActiveOf(server, id));

        await server.ChangeAsync(id, Says("three"));
        Assert.Equal("\"three\"", (await server.RunByIdAsync(id)).Output("say"));
        Assert.Null((await server.GetAsync($"/api/workflows/{id}"))["pin"]);
        Assert.Equal(["file", "rollback", "file", "file"], (await HistoryAsync(server, id)).Select(i => Text(i, "cause")));
    }

    [Fact]
    public async Task RollBack_IsLifted_ByAnEditWhileTheServerIsDown()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Says("one"));
        var old = ActiveOf(server, id);
        await server.ChangeAsync(id, Says("two"));
        await server.PostAsync($"/api/workflows/{id}/versions/{old}/activate", "", 200);
        await server.CrashAsync();
        server.Write((id + ".json", Says("three")));
        await server.StartAsync();
        Assert.Equal("\"three\"", (await server.RunByIdAsync(id)).Output("say"));
        Assert.Equal(0, server.Count("SELECT count(*) FROM workflows WHERE pinned_at IS NOT NULL"));
    }

    [Fact]
    public async Task RollBack_IsLiftedByHand_AndByChoosingTheVersionOfTheFile()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Says("one"));
        var old = ActiveOf(server, id);
        await server.ChangeAsync(id, Says("two"));
        var two = ActiveOf(server, id);
        await server.PostAsync($"/api/workflows/{id}/versions/{old}/activate", "", 200);
        using (var lifted = await server.Http.DeleteAsync(new Uri($"/api/workflows/{id}/pin", UriKind.Relative))) Assert.True(lifted.IsSuccessStatusCode);
        Assert.Equal(two, ActiveOf(server, id));
        await server.PostAsync($"/api/workflows/{id}/versions/{old}/activate", "", 200);
        Assert.Null((await server.PostAsync($"/api/workflows/{id}/versions/{two}/activate", "", 200))["pin"]);
        Assert.Equal(["unpinned", "rollback", "unpinned", "rollback", "file", "file"], (await HistoryAsync(server, id)).Select(i => Text(i, "cause")));
        await server.PostAsync($"/api/workflows/{id}/versions/{two}/activate", "", 409);
        await server.PostAsync($"/api/workflows/{id}/versions/0123456789abcdef/activate", "", 404);
    }

    [Fact]
    public async Task RollBack_MovesTheTriggers_AndABrokenFileLeavesItActive()
    {
        await using var server = await WorkflowServer.StartAsync();
        static string Hook(string path) => $$"""{ "triggers": { "in": { "type": "webhook", "path": "{{path}}" } }, "steps": { "a": { "type": "log", "message": "x" } } }""";
        var id = await server.AddAsync(Hook("/before"));
        var old = ActiveOf(server, id);
        await server.ChangeAsync(id, Hook("/after"));
        await server.PostAsync($"/api/workflows/{id}/versions/{old}/activate", "", 200);
        using (var gone = await server.Http.PostAsync(new Uri("/hooks/after", UriKind.Relative), null)) Assert.Equal(404, (int)gone.StatusCode);
        using (var back = await server.Http.PostAsync(new Uri("/hooks/before", UriKind.Relative), null)) Assert.Equal(202, (int)back.StatusCode);
        server.Write((id + ".json", "{"));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        Assert.Equal(old, ActiveOf(server, id));
        await server.StopAsync();
        await server.StartAsync();
        var shown = await server.GetAsync($"/api/workflows/{id}");
        Assert.Equal((old, 1), (Text(shown, "version"), shown["problemCount"]!.GetValue<int>()));
        Assert.NotNull(shown["pin"]);
    }

    [Fact]
    public async Task RollBack_ByAnotherServer_IsSeenAtTheNextLook()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Says("one"));
        var old = server.Get<WorkflowCatalog>().Current.Workflows[id].Version!;
        await server.ChangeAsync(id, Says("two"));
        var files = Text((await HistoryAsync(server, id))[0], "files")!;
        await server.Get<Automation.Server.Storage.Journal>().CommitAsync(new Automation.Server.Storage.VersionStored(id, old.Hash, old.Source, DateTimeOffset.UnixEpoch) { Files = new FileState(files, null), Cause = ActivationCause.Rollback });
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        Assert.Equal(old.Hash, ActiveOf(server, id));
    }

    private static string Says(string word) => $$"""{ "steps": { "say": { "type": "script", "code": "return '{{word}}'" } } }""";

    private static string ActiveOf(WorkflowServer server, string id) => server.Get<WorkflowCatalog>().Current.Workflows[id].Version!.Hash;

    private static string? Text(JsonNode node, string name) => node[name]?.GetValue<string>();

    private static async Task<List<JsonNode>> HistoryAsync(WorkflowServer server, string id) => [.. (await server.GetAsync($"/api/workflows/{id}/versions"))["items"]!.AsArray().Select(i => i!)];
}

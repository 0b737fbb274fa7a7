using Automation.Server.Cli;
using Automation.Server.Tests.Sandbox;

namespace Automation.Server.Tests.Cli;

public sealed class CommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("commands").FullName;

    [Fact]
    public async Task Validate_ListsEveryProblem_WithFileAndPointer_AndFails()
    {
        Write("bad.json", """{ "triggers": { "a": { "type": "webhook", "path": "/x" }, "b": { "type": "webhook", "path": "/x" } }, "steps": { "one": { "type": "lgo" }, "two": { "type": "log" } } }""");
        Write("good.json", """{ "steps": { "one": { "type": "script", "code": "return 1" } } }""");
        var (code, said) = await ValidateAsync();

        Assert.Equal(1, code);
        Assert.Contains("bad.json(1,", said, StringComparison.Ordinal);
        foreach (var part in (string[])["/triggers/b/path: ", "/steps/one/type: ", "/steps/two: ", "2 workflows, "]) Assert.Contains(part, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_OfGoodFiles_Succeeds()
    {
        Write("good.json", """{ "steps": { "one": { "type": "script", "code": "return 1" } } }""");
        Assert.Equal((0, "1 workflow, no problems."), await ValidateAsync() is var (code, said) ? (code, said.Trim()) : default);
    }

    [Fact]
    public async Task Validate_FindsMistakesInScripts()
    {
        Write("bad.json", """{ "steps": { "one": { "type": "script", "code": "return (" } } }""");
        var (code, said) = await ValidateAsync();
        Assert.Equal(1, code);
        Assert.Contains("/steps/one/code", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_OfAFileDirectlyBelowTheRoot_SaysThatItIsNotThere()
    {
        var (code, said) = await ValidateAsync($"/nothing-{Guid.NewGuid():N}.json");
        Assert.Equal(1, code);
        Assert.Contains("There is no file", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_AreTheDocumentedOnes() =>
        Assert.Equal(["backup", "import", "listen", "mqtt-password", "restore", "schema", "secrets-key", "send", "serve", "validate", "verify", "version"], CommandLine.Create().Subcommands.Select(c => c.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void EveryCommandAndOption_SaysWhatItIsFor() =>
        Assert.All(CommandLine.Create().Subcommands.SelectMany(c => c.Options.Select(o => o.Description).Append(c.Description)), text => Assert.False(string.IsNullOrEmpty(text)));

    [Fact]
    public async Task Validate_ChecksTheFilesOfEndpointsAndEventTypesToo()
    {
        Directory.CreateDirectory(Path.Combine(folder, "endpoints"));
        Write("endpoints/acme.json", """{ "url": "https://x.example/", "events": ["a b"], "filter": "((" }""");
        Write("event-types.json", """{ "types": { "a b": {} } }""");
        var (code, said) = await ValidateAsync();
        Assert.Equal(1, code);
        Assert.Contains("endpoints/acme.json(1,43): /events/0: ", said, StringComparison.Ordinal);
        Assert.Contains(": /filter: ", said, StringComparison.Ordinal);
        Assert.Contains("event-types.json(1,14): /types/a b: ", said, StringComparison.Ordinal);
        var (one, about) = await ValidateAsync(Path.Combine(folder, "endpoints", "acme.json"));
        Assert.Equal(1, one);
        Assert.DoesNotContain("event-types", about, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_IsANumber() => Assert.Matches(@"^\d+\.\d+\.\d+", VersionCommand.Text);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);

    private async Task<(int Code, string Said)> ValidateAsync(params string[] files)
    {
        using var output = new StringWriter();
        var settings = new Dictionary<string, string?>
        {
            [Automation.Server.Hosting.ServerOptions.Workflows] = folder,
            [Automation.Server.Hosting.ServerOptions.Sandbox] = SandboxInstallation.Folder,
            ["Sandbox:WallTime"] = "00:00:15",
        };
        return (await ValidateCommand.RunAsync(settings, files, output, CancellationToken.None), output.ToString());
    }
}

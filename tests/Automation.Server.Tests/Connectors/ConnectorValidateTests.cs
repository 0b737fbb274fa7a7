using Automation.Server.Cli;
using Automation.Server.Hosting;

namespace Automation.Server.Tests.Connectors;

public sealed class ConnectorValidateTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("automation-connectors-").FullName;

    [Fact]
    public async Task Validate_TellsOfConnectorFilesThatNoWorkflowUses()
    {
        Directory.CreateDirectory(Path.Combine(folder, "connectors"));
        File.WriteAllText(Path.Combine(folder, "connectors", "shop.json"), """{ "title": "Shop", "operations": { "a": { "titel": "A", "mode": "inline", "request": { "url": "https://x.example/" } } } }""");
        using var output = new StringWriter();
        var code = await ValidateCommand.RunAsync(new Dictionary<string, string?> { [ServerOptions.Workflows] = folder }, [], output, CancellationToken.None);

        Assert.Equal(1, code);
        Assert.Contains("connectors/shop.json(1,", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("/operations/a/titel: Unknown property", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("connectors.json", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectorsFolder_MayBeElsewhere_AndIsReadAnew()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(folder, "shared")).FullName;
        var workflows = Directory.CreateDirectory(Path.Combine(folder, "workflows")).FullName;
        var settings = new Dictionary<string, string?> { [ServerOptions.Workflows] = workflows, [ServerOptions.Connectors] = elsewhere };
        File.WriteAllText(Path.Combine(workflows, "w.json"), """{ "triggers": { "a": { "type": "webhook", "path": "/a" } }, "steps": { "it": { "type": "shop.a" } } }""");
        File.WriteAllText(Path.Combine(elsewhere, "shop.json"), """{ "title": "Shop", "operations": { "a": { "title": "A", "mode": "inline", "request": { "url": "https://x.example/" } } } }""");
        using var good = new StringWriter();
        Assert.True(await ValidateCommand.RunAsync(settings, [], good, CancellationToken.None) == 0, good.ToString());

        File.Delete(Path.Combine(elsewhere, "shop.json"));
        File.CreateSymbolicLink(Path.Combine(elsewhere, "shop.json"), Path.Combine(workflows, "w.json"));
        using var link = new StringWriter();
        Assert.Equal(1, await ValidateCommand.RunAsync(settings, [], link, CancellationToken.None));
        Assert.Contains("is a link that leaves the connectors folder", link.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectorsFolder_ThatIsNotThere_StopsTheStart()
    {
        var settings = new Dictionary<string, string?> { [ServerOptions.Workflows] = folder, [ServerOptions.Connectors] = Path.Combine(folder, "none") };
        using var output = new StringWriter();
        var error = await Record.ExceptionAsync(() => ValidateCommand.RunAsync(settings, [], output, CancellationToken.None));

        Assert.Contains("Connectors:Folder: there is no folder", error?.Message ?? output.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

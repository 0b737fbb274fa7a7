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

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

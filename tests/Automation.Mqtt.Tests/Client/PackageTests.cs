using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace Automation.Mqtt.Tests.Client;

/// <summary>What people get who use the library on its own.</summary>
public sealed class PackageTests : ClientTestBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Package_HoldsLibraryDocumentationReadmeAndSymbols_AndNeedsNoOther()
    {
        await RunAsync("pack", Path.Combine(Root(), "src", "Automation.Mqtt"), "--output", Folder, "--nologo", "--verbosity", "quiet", $"-p:IntermediateOutputPath={Folder}/obj/", $"-p:OutputPath={Folder}/bin/");

        await using var package = await ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(Folder, "*.nupkg")));
        var names = package.Entries.Select(entry => entry.FullName).ToList();
        Assert.Contains("lib/net10.0/Automation.Mqtt.dll", names);
        Assert.Contains("lib/net10.0/Automation.Mqtt.xml", names);
        Assert.Contains("README.md", names);
        using var reader = new StreamReader(await package.GetEntry("Automation.Mqtt.nuspec")!.OpenAsync());
        var manifest = await reader.ReadToEndAsync();
        Assert.Contains("<readme>README.md</readme>", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("<dependency ", manifest, StringComparison.Ordinal);
        await using var symbols = await ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(Folder, "*.snupkg")));
        Assert.Contains("lib/net10.0/Automation.Mqtt.pdb", symbols.Entries.Select(entry => entry.FullName));
    }

    [Fact]
    public async Task Example_PublishesAndSubscribes()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var example = Path.Combine(Root(), "examples", "MqttConsole", "bin", configuration, "net10.0", "MqttConsole.dll");
        var broker = await BrokerAsync();
        using var subscriber = Start(example, "subscribe", AddressOf(broker).ToString(), "house/#", "1");
        using var timeout = new CancellationTokenSource(Patience);
        while (await subscriber.StandardError.ReadLineAsync(timeout.Token) is { } line && line != "Subscribed")
            continue;

        await RunAsync(example, "publish", AddressOf(broker).ToString(), "house/room", "21.5");

        Assert.Equal("house/room 21.5", await subscriber.StandardOutput.ReadLineAsync(timeout.Token));
        await subscriber.WaitForExitAsync(timeout.Token);
        Assert.Equal(0, subscriber.ExitCode);
    }

    private static async Task RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        using var timeout = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        Assert.True(process.ExitCode == 0, await output + await errors);
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}

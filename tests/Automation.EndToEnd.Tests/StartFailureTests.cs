using System.Net;
using System.Net.Sockets;
using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>What keeps the server from starting is said in one sentence, with a non-zero exit code.</summary>
public sealed class StartFailureTests : IDisposable
{
    private readonly ScratchFolder scratch = new();

    [Fact]
    public async Task BusyHttpPort_IsNamed()
    {
        using var occupied = Occupy();

        AssertOneSentence(await ServerProcess.RunAsync(Settings() with { HttpPort = PortOf(occupied) }), $"{PortOf(occupied)}");
    }

    [Fact]
    public async Task BusyMqttPort_IsNamed()
    {
        using var occupied = Occupy();

        AssertOneSentence(await ServerProcess.RunAsync(Settings() with { MqttPort = PortOf(occupied) }), $"{PortOf(occupied)}");
    }

    [Fact]
    public async Task UnwritableDataFolder_IsNamed()
    {
        // Below a file: not even root can make a folder there.
        var folder = Path.Combine(scratch.Write("a-file", ""), "data");

        AssertOneSentence(await ServerProcess.RunAsync(Settings() with { Data = folder }), folder);
    }

    [Fact]
    public async Task MissingSandboxRuntime_IsNamed()
    {
        var empty = scratch.Folder("no-sandbox");

        AssertOneSentence(await ServerProcess.RunAsync(Settings() with { Environment = new Dictionary<string, string?> { ["Sandbox__Folder"] = empty } }), "sandbox");
    }

    [Fact]
    public async Task SecondServer_OnOneDataFolder_IsRefused()
    {
        var settings = Settings();
        await using var first = await ServerProcess.StartAsync(settings);

        AssertOneSentence(await ServerProcess.RunAsync(Settings() with { Data = settings.Data }), settings.Data);
    }

    [Fact]
    public async Task UnknownOption_IsNamed()
    {
        var said = await ServerProcess.CommandAsync("serve", "--mqtt-prot", "1884");

        Assert.NotEqual(0, said.ExitCode);
        Assert.Contains("--mqtt-prot", said.All, StringComparison.Ordinal);
    }

    public void Dispose() => scratch.Dispose();

    private static TcpListener Occupy()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static void AssertOneSentence(CommandResult said, string names)
    {
        Assert.NotEqual(0, said.ExitCode);
        var sentence = Assert.Single(said.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(names, sentence, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith(".", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said.All, StringComparison.Ordinal);
    }

    private ServerSettings Settings() => new() { Data = scratch.Folder("data"), Workflows = scratch.Folder("workflows") };
}

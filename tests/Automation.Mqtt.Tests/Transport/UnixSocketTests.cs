using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Transport;

[UnsupportedOSPlatform("windows")]
public sealed class UnixSocketTests : BrokerTestBase, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mqtt-unix").FullName;

    private string SocketFile => Path.Combine(_folder, "mqtt.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("5")]
    public async Task Mosquitto_PublishesAndSubscribes(string version)
    {
        var broker = await StartUnixAsync();
        await broker.PublishAsync(new() { Topic = "t", Payload = "first"u8.ToArray(), Retain = true });
        using var subscriber = ClientProgram.Start("mosquitto_sub", "--unix", SocketFile, "-V", version, "-q", "1", "-t", "t", "-C", "2");
        Assert.Equal("first", await subscriber.ReadLineAsync());

        using var publisher = ClientProgram.Start("mosquitto_pub", "--unix", SocketFile, "-V", version, "-q", "1", "-t", "t", "-m", new string('x', 100_000));
        await publisher.SucceedAsync();

        Assert.Equal(100_000, (await subscriber.ReadLineAsync()).Length);
        await subscriber.SucceedAsync();
    }

    [Fact]
    public async Task Hook_SeesALocalClient()
    {
        MqttConnectContext? seen = null;
        await StartUnixAsync(options => options.OnConnect = context =>
        {
            seen = context;
            return new(MqttReasonCode.Success);
        });
        using var publisher = ClientProgram.Start("mosquitto_pub", "--unix", SocketFile, "-t", "t", "-m", "x");
        await publisher.SucceedAsync();

        Assert.Equal((MqttTransport.UnixSocket, IPAddress.Loopback, 0), (seen!.Transport, seen.RemoteEndPoint.Address, seen.RemoteEndPoint.Port));
    }

    [Fact]
    public async Task File_IsForItsOwnerOnly_AndGoneAfterTheStop()
    {
        var broker = await StartUnixAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketFile));

        await broker.StopAsync();
        Assert.False(File.Exists(SocketFile));
    }

    [Fact]
    public async Task File_HasTheModeThatWasAskedFor()
    {
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        await StartAsync(options =>
        {
            options.EndPoint = null;
            options.Listeners.Add(new() { EndPoint = new UnixDomainSocketEndPoint(SocketFile), SocketFileMode = Mode });
        });

        Assert.Equal(Mode, File.GetUnixFileMode(SocketFile));
    }

    [Fact]
    public async Task FileThatACrashLeft_IsReplaced()
    {
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(SocketFile + ".bound"));
            File.Move(SocketFile + ".bound", SocketFile); // its end would remove the file
        }

        Assert.True(File.Exists(SocketFile));

        await StartUnixAsync();
        using var publisher = ClientProgram.Start("mosquitto_pub", "--unix", SocketFile, "-q", "1", "-t", "t", "-m", "x");
        await publisher.SucceedAsync();
    }

    [Fact]
    public async Task FileThatSomebodyListensOn_IsLeftAlone()
    {
        await StartUnixAsync();
        var exception = await Assert.ThrowsAsync<MqttListenException>(() => StartUnixAsync());

        Assert.True(exception.IsInUse);
        Assert.Contains(SocketFile, exception.Message, StringComparison.Ordinal);
        using var publisher = ClientProgram.Start("mosquitto_pub", "--unix", SocketFile, "-q", "1", "-t", "t", "-m", "x");
        await publisher.SucceedAsync();
    }

    [Fact]
    public async Task FileThatIsNoSocket_IsLeftAlone()
    {
        await File.WriteAllTextAsync(SocketFile, "mine");
        var exception = await Assert.ThrowsAsync<MqttListenException>(() => StartUnixAsync());

        Assert.True(exception.IsInUse);
        Assert.Contains(SocketFile, exception.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(SocketFile));
    }

    private Task<MqttBroker> StartUnixAsync(Action<MqttBrokerOptions>? configure = null) => StartAsync(options =>
    {
        options.EndPoint = null;
        options.Listeners.Add(new() { EndPoint = new UnixDomainSocketEndPoint(SocketFile) });
        configure?.Invoke(options);
    });
}

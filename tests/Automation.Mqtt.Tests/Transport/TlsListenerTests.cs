using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;
using Automation.Mqtt.Tests.Packets;

namespace Automation.Mqtt.Tests.Transport;

public sealed class TlsListenerTests : BrokerTestBase, IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("5")]
    public async Task Mosquitto_PublishesAndSubscribes_OverTls(string version)
    {
        var (broker, port) = await StartTlsAsync();
        await broker.PublishAsync(new() { Topic = "t", Payload = "first"u8.ToArray(), Retain = true });
        using var subscriber = Mosquitto("mosquitto_sub", port, "-V", version, "-q", "2", "-t", "t", "-C", "2");
        Assert.Equal("first", await subscriber.ReadLineAsync());

        using var publisher = Mosquitto("mosquitto_pub", port, "-V", version, "-q", "2", "-t", "t", "-m", new string('x', 100_000));
        await publisher.SucceedAsync();

        Assert.Equal(100_000, (await subscriber.ReadLineAsync()).Length);
        await subscriber.SucceedAsync();
    }

    [Fact]
    public async Task Mosquitto_ThatKnowsAnotherAuthority_DoesNotConnect()
    {
        var (broker, port) = await StartTlsAsync();
        using var other = new TestAuthority();
        using var publisher = ClientProgram.Start("mosquitto_pub", "-h", "localhost", "-p", $"{port}", "--cafile", other.CertificateFile, "-t", "t", "-m", "x");

        await publisher.FailAsync();
        Assert.Equal(0, broker.Metrics.MessagesReceived);
    }

    [Fact]
    public async Task PfxFile_WithItsPassword_IsTaken()
    {
        var (_, port) = await StartTlsAsync(tls: new() { CertificateFile = _authority.IssuePfx("server", "CN=localhost", "secret"), Password = "secret" });
        using var publisher = Mosquitto("mosquitto_pub", port, "-q", "1", "-t", "t", "-m", "x");

        await publisher.SucceedAsync();
    }

    [Theory]
    [InlineData("missing.pem", null, "missing.pem")]
    [InlineData("text.pem", null, "text.pem")]
    [InlineData("server.pem", null, "server.pem")]
    [InlineData("server.pem", "other.key", "server.pem")]
    public async Task CertificateThatCannotBeUsed_EndsTheStart_AndIsNamed(string certificate, string? key, string named)
    {
        _authority.Issue("server", "CN=localhost");
        _authority.Issue("other", "CN=localhost");
        await File.WriteAllTextAsync(_authority.At("text.pem"), "hello");

        var exception = await Assert.ThrowsAsync<InvalidDataException>(() => StartTlsAsync(
            tls: new() { CertificateFile = _authority.At(certificate), KeyFile = key is null ? null : _authority.At(key) }));
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChangedCertificate_IsForNewConnections_AndOpenOnesGoOn()
    {
        var (_, port) = await StartTlsAsync();
        using var before = await HandshakeAsync(port);
        _authority.Issue("server", "CN=renewed");
        using var after = await HandshakeAsync(port);

        Assert.Equal(("CN=localhost", "CN=renewed"), (before.RemoteCertificate!.Subject, after.RemoteCertificate!.Subject));
        await before.WriteAsync(Wire.Encode(MqttProtocolVersion.V5, Connect("still-there")));
        Assert.Equal(0x20, before.ReadByte());
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task HalfWrittenCertificate_IsReportedOnce_AndTheOldOneStaysInUse()
    {
        var (_, port) = await StartTlsAsync();
        var whole = await File.ReadAllTextAsync(_authority.At("server.pem"));
        await File.WriteAllTextAsync(_authority.At("server.pem"), whole[..100]);

        using (var stream = await HandshakeAsync(port))
            Assert.Equal("CN=localhost", stream.RemoteCertificate!.Subject);
        using (var stream = await HandshakeAsync(port))
            Assert.Equal("CN=localhost", stream.RemoteCertificate!.Subject);
        Assert.Contains("server.pem", Assert.Single(Errors), StringComparison.Ordinal);

        File.Delete(_authority.At("server.pem"));
        (await HandshakeAsync(port)).Dispose();
        (await HandshakeAsync(port)).Dispose();
        Assert.Equal(2, Errors.Count);

        _authority.Issue("server", "CN=whole");
        using var renewed = await HandshakeAsync(port);
        Assert.Equal("CN=whole", renewed.RemoteCertificate!.Subject);
    }

    [Fact]
    public async Task Mosquitto_WithARequiredCertificate_ComesIn_AndTheHookSeesIt()
    {
        var seen = Channel.CreateUnbounded<string?>();
        var (_, port) = await StartTlsAsync(isRequired: true, configure: options => options.OnConnect = context =>
        {
            seen.Writer.TryWrite($"{context.ClientCertificate?.Subject} {context.Transport}");
            return new(MqttReasonCode.Success);
        });
        var (certificate, key) = _authority.Issue("client", "CN=sensor-1", isForClients: true);
        using var publisher = Mosquitto("mosquitto_pub", port, "--cert", certificate, "--key", key, "-q", "1", "-t", "t", "-m", "x");
        await publisher.SucceedAsync();

        Assert.Equal("CN=sensor-1 Tls", await seen.Reader.ReadAsync());
    }

    [Fact]
    public async Task Mosquitto_WithoutARequiredCertificate_IsRefused()
    {
        var (broker, port) = await StartTlsAsync(isRequired: true);
        using var publisher = Mosquitto("mosquitto_pub", port, "-q", "1", "-t", "t", "-m", "x");

        await publisher.FailAsync();
        await Eventually.IsAsync(() => broker.Metrics.TlsFailures == 1);
        Assert.Equal(0, broker.Metrics.MessagesReceived);
    }

    [Theory]
    [InlineData("strange")]
    [InlineData("expired")]
    [InlineData("server")]
    public async Task Mosquitto_WithACertificateThatDoesNotCount_IsRefused_EvenWhereNoneIsRequired(string which)
    {
        var (broker, port) = await StartTlsAsync(asksForOne: true);
        using var other = new TestAuthority();
        var (certificate, key) = which switch
        {
            "strange" => other.Issue("client", "CN=sensor-1", isForClients: true),
            "expired" => _authority.Issue("client", "CN=sensor-1", isForClients: true, isExpired: true),
            _ => _authority.Issue("client", "CN=sensor-1", isForClients: false),
        };
        using var publisher = Mosquitto("mosquitto_pub", port, "--cert", certificate, "--key", key, "-q", "1", "-t", "t", "-m", "x");

        await publisher.FailAsync();
        await Eventually.IsAsync(() => broker.Metrics.TlsFailures == 1);
        using var without = Mosquitto("mosquitto_pub", port, "-q", "1", "-t", "t", "-m", "x");
        await without.SucceedAsync();
    }

    [Fact]
    public async Task ClientsThatNeverFinishTheHandshake_HoldNobodyUp_AndAreCutInTime()
    {
        var (broker, port) = await StartTlsAsync(configure: options => options.TimeProvider = Time);
        var halves = new List<Socket>();
        for (var count = 0; count < 50; count++)
        {
            var half = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await half.ConnectAsync(IPAddress.Loopback, port);
            await half.SendAsync(new byte[] { 0x16, 0x03, 0x01 }); // the first bytes of a handshake record
            halves.Add(half);
        }

        using var publisher = Mosquitto("mosquitto_pub", port, "-q", "1", "-t", "t", "-m", "x");
        await publisher.SucceedAsync();
        await Eventually.IsAsync(() => broker.Metrics.Connections == 50);
        Assert.Equal(51, broker.Metrics.ConnectionsTotal);

        Time.Advance(TimeSpan.FromSeconds(12));
        foreach (var half in halves)
        {
            Assert.Equal(0, await ReceiveAsync(half));
            half.Dispose();
        }

        await Eventually.IsAsync(() => broker.Metrics.Connections == 0);
        Assert.Equal((50, 0), (broker.Metrics.ConnectTimeouts, broker.Metrics.TlsFailures));
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task Stop_DoesNotWaitForHandshakes()
    {
        var (broker, port) = await StartTlsAsync();
        using var half = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await half.ConnectAsync(IPAddress.Loopback, port);
        await Eventually.IsAsync(() => broker.Metrics.Connections == 1);

        await broker.StopAsync();
        Assert.Equal(0, await ReceiveAsync(half));
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task ClientThatSpeaksNoTls_IsClosed()
    {
        var (broker, port) = await StartTlsAsync();
        using var plain = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await plain.ConnectAsync(IPAddress.Loopback, port);
        await plain.SendAsync(Wire.Encode(MqttProtocolVersion.V5, Connect("plain")));

        while (await ReceiveAsync(plain) > 0)
        {
            // an alert may come first
        }

        await Eventually.IsAsync(() => broker.Metrics.TlsFailures == 1);
    }

    [Fact]
    public async Task Tls_CarriesPacketsByteByByte_AndEndsWithACloseNotify()
    {
        var (_, port) = await StartTlsAsync();
        using var stream = await HandshakeAsync(port);
        foreach (var part in Wire.Encode(MqttProtocolVersion.V5, Connect("slow")))
            await stream.WriteAsync(new[] { part });
        await stream.WriteAsync(new byte[] { 0xC0, 0x00 });
        await stream.WriteAsync(Wire.Encode(MqttProtocolVersion.V5, new ReasonPacket(PacketType.Disconnect)));

        using var received = new MemoryStream();
        await stream.CopyToAsync(received).WaitAsync(TestClient.Patience); // ends without an error
        var bytes = received.ToArray();
        Assert.Equal((0x20, 0xD0, 0x00), (bytes[0], bytes[^2], bytes[^1]));
    }

    private static ConnectPacket Connect(string id) => new() { Version = MqttProtocolVersion.V5, ClientId = id, CleanStart = true };

    private static async Task<int> ReceiveAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        try
        {
            return await socket.ReceiveAsync(new byte[256], timeout.Token);
        }
        catch (SocketException)
        {
            return 0; // a reset is an end as well
        }
    }

    private ClientProgram Mosquitto(string program, int port, params string[] arguments) =>
        ClientProgram.Start(program, ["-h", "localhost", "-p", $"{port}", "--cafile", _authority.CertificateFile, .. arguments]);

    private async Task<SslStream> HandshakeAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(_authority.CertificateFile);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = policy,
        }).WaitAsync(TestClient.Patience);
        return stream;
    }

    private async Task<(MqttBroker Broker, int Port)> StartTlsAsync(
        MqttTlsOptions? tls = null, bool isRequired = false, bool asksForOne = false, Action<MqttBrokerOptions>? configure = null)
    {
        if (tls is null)
        {
            var (certificate, key) = _authority.Issue("server", "CN=localhost");
            tls = new()
            {
                CertificateFile = certificate,
                KeyFile = key,
                ClientAuthorityFile = isRequired || asksForOne ? _authority.CertificateFile : null,
                RequireClientCertificate = isRequired,
            };
        }

        var broker = await StartAsync(options =>
        {
            options.Listeners.Add(new() { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Tls = tls });
            configure?.Invoke(options);
        });
        return (broker, ((IPEndPoint)Assert.Single(broker.ListenerEndPoints)).Port);
    }
}

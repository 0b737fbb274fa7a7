using System.Net;
using System.Security.Cryptography.X509Certificates;
using Automation.Mqtt.Client;

namespace Automation.Mqtt.Tests.Client;

/// <summary>TLS and Unix sockets of mosquitto, and WebSocket before our broker.</summary>
public sealed class TransportTests : ClientTestBase
{
    [Fact]
    public async Task Tls_WithTheAuthoritysFileAndAClientCertificate_Connects()
    {
        using var certificates = new TestCertificates(Folder);
        var broker = await TlsAsync(certificates);

        await RoundTripAsync(new Uri($"mqtts://127.0.0.1:{broker.Port}"), options => options.Tls = Tls(certificates));
    }

    [Fact]
    public async Task Tls_WithAServerName_TakesTheCertificateOfThatName()
    {
        using var certificates = new TestCertificates(Folder);
        var broker = await TlsAsync(certificates);

        var right = Tls(certificates);
        right.ServerName = "broker.test";
        await RoundTripAsync(new Uri($"mqtts://127.0.0.1:{broker.Port}"), options => options.Tls = right);

        var wrong = Tls(certificates);
        wrong.ServerName = "other.test";
        await FailsAsync(new Uri($"mqtts://127.0.0.1:{broker.Port}"), wrong);
    }

    [Fact]
    public async Task Tls_WithAnUnknownAuthority_IsTriedAgainAndSaysWhy()
    {
        using var certificates = new TestCertificates(Folder);
        var broker = await TlsAsync(certificates);
        var unknown = Tls(certificates);
        unknown.CaFile = null;
        await FailsAsync(new Uri($"mqtts://127.0.0.1:{broker.Port}"), unknown);

        unknown.AllowUntrusted = true;
        await RoundTripAsync(new Uri($"mqtts://127.0.0.1:{broker.Port}"), options => options.Tls = unknown);
    }

    [Fact]
    public async Task Tls_WithoutTheClientCertificateThatIsAskedFor_Fails()
    {
        using var certificates = new TestCertificates(Folder);
        var broker = await TlsAsync(certificates);

        await FailsAsync(new Uri($"mqtts://127.0.0.1:{broker.Port}"), new MqttClientTlsOptions { CaFile = certificates.AuthorityFile });
    }

    [Fact]
    public async Task UnixSocket_Connects()
    {
        var path = Path.Combine(Folder, "mqtt.sock");
        await MosquittoAsync(_ => $"listener 0 {path}\nallow_anonymous true\nuser root\n");

        await RoundTripAsync(new Uri($"unix:{path}"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    public async Task WebSocket_TakesPacketsInAnyFrames_AndSendsWholeOnes(int frameSize)
    {
        var broker = await BrokerAsync();
        var gateway = Own(new WebSocketGateway(broker.EndPoint, frameSize));

        await RoundTripAsync(new Uri($"ws://127.0.0.1:{gateway.Port}"), options => options.WebSocketHeaders = new Dictionary<string, string> { ["X-Key"] = "7" });

        Assert.True(gateway.Requests.TryPeek(out var request));
        Assert.StartsWith("GET /mqtt HTTP/1.1", request, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Protocol: mqtt\r\n", request, StringComparison.Ordinal);
        Assert.Contains("X-Key: 7\r\n", request, StringComparison.Ordinal);
        Assert.All(gateway.Frames, frame => Assert.True(EndsAtAPacketsEnd(frame)));
    }

    [Fact]
    public async Task WebSocketOverTls_Connects()
    {
        using var certificates = new TestCertificates(Folder);
        using var pem = X509Certificate2.CreateFromPemFile(certificates.CertificateFile("server"), certificates.KeyFile("server"));
        var broker = await BrokerAsync();
        var gateway = Own(new WebSocketGateway(broker.EndPoint, certificate: X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)));

        await RoundTripAsync(new Uri($"wss://127.0.0.1:{gateway.Port}/path"), options => options.Tls = Tls(certificates));

        Assert.True(gateway.Requests.TryPeek(out var request));
        Assert.StartsWith("GET /path HTTP/1.1", request, StringComparison.Ordinal);
    }

    private static MqttClientTlsOptions Tls(TestCertificates certificates) => new()
    {
        CaFile = certificates.AuthorityFile,
        CertificateFile = certificates.CertificateFile("client"),
        KeyFile = certificates.KeyFile("client"),
    };

    private static bool EndsAtAPacketsEnd(byte[] frame)
    {
        var at = 0;
        while (at < frame.Length)
        {
            int length = 0, shift = 0, digit;
            do
            {
                digit = frame[++at];
                length |= (digit & 0x7F) << shift;
                shift += 7;
            }
            while ((digit & 0x80) != 0);
            at += 1 + length;
        }

        return at == frame.Length;
    }

    private Task<MosquittoBroker> TlsAsync(TestCertificates certificates) => MosquittoAsync(port =>
        $"""
        listener {port} 127.0.0.1
        allow_anonymous true
        user root
        cafile {certificates.AuthorityFile}
        certfile {certificates.CertificateFile("server")}
        keyfile {certificates.KeyFile("server")}
        require_certificate true

        """);

    private async Task RoundTripAsync(Uri address, Action<MqttClientOptions>? configure = null)
    {
        var client = await ConnectAsync(address, configure);
        await client.SubscribeAsync("t", MqttQualityOfService.ExactlyOnce);
        var large = new string('x', 100_000);
        foreach (var payload in new[] { "1", "2", large })
            await client.EnqueueAsync(Message("t", payload, 2));
        Assert.Equal(["1", "2", large], (await TakeAsync(client, 3)).Select(Text));
    }

    private async Task FailsAsync(Uri address, MqttClientTlsOptions tls)
    {
        var client = Client(address, options => options.Tls = tls);
        client.Start();
        var waiting = await WaitForAsync(client, status => status is { State: MqttClientState.Waiting, Attempt: 2 });
        Assert.Equal(MqttDisconnectOrigin.Network, waiting.Reason!.Origin);
        Assert.NotEmpty(waiting.Reason.Text);
    }
}

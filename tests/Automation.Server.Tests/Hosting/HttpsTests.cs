using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Automation.Server.Hosting;
using Automation.Server.Tests.Runs;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Automation.Server.Tests.Hosting;

/// <summary>TLS for HTTP, and triggers that know their senders by certificate.</summary>
public sealed class HttpsTests : IDisposable
{
    private const string Workflow = """
        { "triggers": { "hook": { "type": "webhook", "path": "/orders", "verify": { "scheme": "mtls", "certificates": ["press-7"] } } }, "steps": { "a": { "type": "log", "message": "x" } } }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("https").FullName;
    private readonly X509Certificate2 authority = Authority("Our CA");

    [Fact]
    public async Task Trigger_KnowsItsSender_ByCertificate()
    {
        await using var server = await StartAsync();
        await server.AddAsync(Workflow);
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(server, Client(authority, "press-7")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(server, Client(authority, "press-8")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(server, null));
        using var stranger = Authority("Another CA");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => SendAsync(server, Client(stranger, "press-7")));
    }

    [Fact]
    public async Task ChangedCertificate_IsUsed_WithoutAStart()
    {
        await using var server = await StartAsync();
        Assert.Equal("CN=localhost", await SubjectAsync(server));
        WriteServer("CN=renewed");
        Assert.Equal("CN=renewed", await SubjectAsync(server));
        await File.WriteAllTextAsync(Path.Combine(folder, "server.pem"), "half a file");
        Assert.Equal("CN=renewed", await SubjectAsync(server)); // what was read before stays in force
    }

    [Theory]
    [InlineData("", "Https:CertificateFile names no certificate")]
    [InlineData("missing.pem", "missing.pem")]
    public async Task MissingCertificate_StopsTheStart_AndIsNamed(string file, string expected)
    {
        var started = await Assert.ThrowsAnyAsync<Exception>(() => WorkflowServer.StartAsync(("Urls", "https://127.0.0.1:0"), ("Https:CertificateFile", file)));
        Assert.Contains(expected, (started as StartupException ?? started.GetBaseException()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", HttpStatusCode.Accepted)]
    [InlineData("10.0.0.1", HttpStatusCode.Unauthorized)]
    public async Task CertificateOfAProxy_Counts_IfItIsTrusted(string proxy, HttpStatusCode status)
    {
        await using var server = await WorkflowServer.StartAsync(("Server:TrustedProxies:0", proxy), ("Https:ClientCertificateHeader", "X-SSL-Client-Cert"));
        await server.AddAsync(Workflow);
        using var certificate = Client(authority, "press-7");
        foreach (var text in new[] { Uri.EscapeDataString(certificate.ExportCertificatePem()), certificate.ExportCertificatePem().ReplaceLineEndings(" "), Convert.ToBase64String(certificate.RawData) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/orders") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
            request.Headers.TryAddWithoutValidation("X-SSL-Client-Cert", text);
            Assert.Equal(status, (await server.Http.SendAsync(request)).StatusCode);
        }
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----")]
    [InlineData("-----END CERTIFICATE----------BEGIN CERTIFICATE-----")]
    [InlineData("%ZZ%")]
    [InlineData("AAAA")]
    public void Nonsense_IsNoCertificate(string text) => Assert.False(ForwardedCertificate.TryRead(text, out _));

    public void Dispose()
    {
        authority.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<WorkflowServer> StartAsync()
    {
        WriteServer("CN=localhost");
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
        return await WorkflowServer.StartAsync(("Urls", "http://127.0.0.1:0;https://127.0.0.1:0"), ("Https:CertificateFile", Path.Combine(folder, "server.pem")), ("Https:ClientCertificateAuthority", Path.Combine(folder, "ca.pem")));
    }

    private void WriteServer(string subject)
    {
        using var certificate = Issue(authority, subject, "1.3.6.1.5.5.7.3.1");
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(Path.Combine(folder, "server.pem"), certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static X509Certificate2 Client(X509Certificate2 by, string name) => Issue(by, "CN=" + name, "1.3.6.1.5.5.7.3.2");

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
    }

    private static X509Certificate2 Issue(X509Certificate2 by, string subject, string purpose)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        using var certificate = request.Create(by, TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddDays(10), RandomNumberGenerator.GetBytes(8));
        using var whole = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    private static Uri Address(WorkflowServer server) => new(server.Get<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(address => address.StartsWith("https", StringComparison.Ordinal)));

    private static async Task<HttpStatusCode> SendAsync(WorkflowServer server, X509Certificate2? certificate)
    {
        using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, sent, _, _) => sent is not null, ClientCertificates = certificate is null ? [] : [certificate] } };
        using var http = new HttpClient(handler) { BaseAddress = Address(server) };
        return (await http.PostAsync("/hooks/orders", new StringContent("{}", Encoding.UTF8, "application/json"))).StatusCode;
    }

    private static async Task<string?> SubjectAsync(WorkflowServer server)
    {
        string? subject = null;
        using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => (subject = certificate?.Subject) is not null } };
        using var http = new HttpClient(handler) { BaseAddress = Address(server) };
        await http.GetAsync("/health/live");
        return subject;
    }
}

using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Automation.Server.Deliveries;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Automation.Server.Tests.Deliveries;

public sealed class OutboundTlsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("tls").FullName;
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 authority;

    public OutboundTlsTests()
    {
        var request = new CertificateRequest("CN=Test Authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(20), DateTimeOffset.UnixEpoch.AddYears(120));
        File.WriteAllText(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
    }

    [Theory]
    [InlineData("receiver.example", 30, 100, true, null, null)]
    [InlineData("receiver.example", 30, 31, true, "certificate_expired", "expired on 2001-01-01")]
    [InlineData("receiver.example", 90, 100, true, "certificate_not_yet_valid", "valid from 2060-01-01")]
    [InlineData("other.example", 30, 100, true, "certificate_wrong_host", "is for other.example, not for receiver.example")]
    [InlineData("receiver.example", 30, 100, false, "certificate_untrusted", "does not know, CN=Test Authority")]
    public async Task WhatIsWrongWithACertificate_IsNamed(string name, int fromYear, int toYear, bool isKnown, string? code, string? message)
    {
        using var certificate = Issue("CN=" + name, name, fromYear, toYear);
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask, listen => listen.UseHttps(certificate));
        using var http = Http(new OutboundOptions { CertificateAuthority = isKnown ? Path.Combine(folder, "ca.pem") : "" });
        if (code is null)
        {
            using var response = await SendAsync(http, receiver);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return;
        }

        var failure = OutboundErrors.Sort(await Assert.ThrowsAnyAsync<Exception>(() => SendAsync(http, receiver)), null)!;
        Assert.Equal((code, false), (failure.Code, failure.Final));
        Assert.Contains(message!, failure.Message, StringComparison.Ordinal);
        Assert.Empty(receiver.Requests);
    }

    [Theory]
    [InlineData("1.3.6.1.5.5.7.3.1", null)] // serverAuth
    [InlineData("1.3.6.1.5.5.7.3.2", "certificate_invalid")] // clientAuth: what a device has
    public async Task ACertificateThatIsNotForServers_IsNoReceivers(string purpose, string? code)
    {
        using var certificate = Issue("CN=receiver.example", "receiver.example", 30, 100, new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        using var any = Issue("CN=receiver.example", "receiver.example", 30, 100);
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = any; // Kestrel looks at its purpose
            https.OnAuthenticate = (_, options) => (options.ServerCertificateContext, options.ServerCertificateSelectionCallback) = (SslStreamCertificateContext.Create(certificate, null), null);
        }));
        using var http = Http(new OutboundOptions { CertificateAuthority = Path.Combine(folder, "ca.pem") });
        var failure = await Record.ExceptionAsync(() => SendAsync(http, receiver));
        Assert.Equal(code, failure is null ? null : OutboundErrors.Sort(failure, null)!.Code);
    }

    [Fact]
    public async Task AReceiverThatSpeaksNoTls_IsNamed()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        using var http = Http(new OutboundOptions());
        var failure = OutboundErrors.Sort(await Assert.ThrowsAnyAsync<Exception>(() => SendAsync(http, receiver)), null)!;
        Assert.Equal(("tls_failed", "No secure connection to the receiver: what it speaks is not TLS."), (failure.Code, failure.Message));
    }

    [Theory]
    [InlineData(HttpProtocols.Http1AndHttp2, "HTTP/2")]
    [InlineData(HttpProtocols.Http1, "HTTP/1.1")]
    public async Task Http2_IsSpoken_WhereTheReceiverDoes(HttpProtocols protocols, string spoken)
    {
        using var certificate = Issue("CN=receiver.example", "receiver.example", 30, 100);
        await using var receiver = await Receiver.StartAsync(context => context.Response.WriteAsync(context.Request.Protocol), listen =>
        {
            listen.Protocols = protocols;
            listen.UseHttps(certificate);
        });
        using var http = Http(new OutboundOptions { CertificateAuthority = Path.Combine(folder, "ca.pem") });
        using var response = await SendAsync(http, receiver);
        Assert.Equal(spoken, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task AClientCertificate_IsShownToItsHostAlone()
    {
        using var mine = Issue("CN=automation", "automation", 30, 100);
        File.WriteAllText(Path.Combine(folder, "mine.pem"), mine.ExportCertificatePem() + "\n" + mine.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        using var certificate = Issue("CN=receiver.example", "receiver.example", 30, 100);
        await using var receiver = await Receiver.StartAsync(
            context => context.Response.WriteAsync(context.Connection.ClientCertificate?.Subject ?? "nobody"),
            listen => listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            }));
        foreach (var (host, shown) in new[] { ("receiver.example", "CN=automation"), ("other.example", "nobody") })
        {
            var options = new OutboundOptions { CertificateAuthority = Path.Combine(folder, "ca.pem") };
            options.ClientCertificates[host] = new ClientCertificateOptions { CertificateFile = Path.Combine(folder, "mine.pem") };
            using var http = Http(options);
            using var response = await SendAsync(http, receiver);
            Assert.Equal(shown, await response.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public void AFileThatIsNotThere_IsNamedAtTheStart()
    {
        var options = new OutboundOptions { CertificateAuthority = Path.Combine(folder, "none.pem") };
        Assert.Contains("none.pem", Assert.Single(options.Problems()), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        authority.Dispose();
        key.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static OutboundHttp Http(OutboundOptions options)
    {
        options.AllowPrivate = "loopback";
        return new OutboundHttp(options, TimeProvider.System, (_, _) => Task.FromResult(new[] { IPAddress.Loopback }));
    }

    private static async Task<HttpResponseMessage> SendAsync(OutboundHttp http, Receiver receiver)
    {
        using var request = OutboundRequest.Create("POST", new Uri($"https://receiver.example:{receiver.Port}/"), new byte[] { 1 }, null);
        return await http.SendAsync(request, CancellationToken.None);
    }

    private X509Certificate2 Issue(string subject, string name, int fromYear, int toYear, params X509Extension[] more)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, own, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        foreach (var extension in more) request.CertificateExtensions.Add(extension);
        using var issued = request.Create(authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), DateTimeOffset.UnixEpoch.AddYears(fromYear), DateTimeOffset.UnixEpoch.AddYears(toYear), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(own);
    }
}

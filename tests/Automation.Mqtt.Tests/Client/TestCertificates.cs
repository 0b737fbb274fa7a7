using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Mqtt.Tests.Client;

/// <summary>An authority, a server's certificate for 127.0.0.1 and "broker.test", and a client's, as PEM files.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _folder;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public TestCertificates(string folder)
    {
        _folder = folder;
        var request = new CertificateRequest("CN=Test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(From, To);
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
        Issue("server", 1);
        Issue("client", 2);
    }

    public string AuthorityFile => Path.Combine(_folder, "authority.pem");

    public string CertificateFile(string name) => Path.Combine(_folder, $"{name}.pem");

    public string KeyFile(string name) => Path.Combine(_folder, $"{name}.key");

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
    }

    private void Issue(string name, byte number)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("broker.test");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(_authority, From, To, [number]);
        File.WriteAllText(CertificateFile(name), certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile(name), key.ExportPkcs8PrivateKeyPem());
    }
}

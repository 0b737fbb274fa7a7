using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Mqtt.Tests.Transport;

/// <summary>A certificate authority in a folder of its own: real files, as openssl would make them.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 _root;

    public TestAuthority(string name = "Test authority")
    {
        Folder = Directory.CreateTempSubdirectory("mqtt-tls").FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        File.WriteAllText(CertificateFile, _root.ExportCertificatePem());
    }

    public string Folder { get; }

    /// <summary>The authority's certificate, PEM.</summary>
    public string CertificateFile => At("ca.pem");

    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>Writes <c>{name}.pem</c> and <c>{name}.key</c>; overwrites.</summary>
    public (string Certificate, string Key) Issue(string name, string subject, bool isForClients = false, bool isExpired = false)
    {
        using var certificate = Sign(subject, isForClients, isExpired, out var key);
        using (key)
        {
            File.WriteAllText(At($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(At($"{name}.pem"), certificate.ExportCertificatePem());
        }

        return (At($"{name}.pem"), At($"{name}.key"));
    }

    /// <summary>Writes a PFX file with certificate and key.</summary>
    public string IssuePfx(string name, string subject, string password)
    {
        using var certificate = Sign(subject, false, false, out var key);
        using (key)
        {
            using var withKey = certificate.CopyWithPrivateKey(key);
            File.WriteAllBytes(At($"{name}.pfx"), withKey.Export(X509ContentType.Pfx, password));
        }

        return At($"{name}.pfx");
    }

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private X509Certificate2 Sign(string subject, bool isForClients, bool isExpired, out ECDsa key)
    {
        key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isForClients ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1")], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.Create(
            _root, DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(isExpired ? 51 : 99), RandomNumberGenerator.GetBytes(8));
    }
}

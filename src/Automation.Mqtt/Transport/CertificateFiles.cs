using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Mqtt.Transport;

/// <summary>Reads certificates and keys from PEM and PFX files.</summary>
internal static class CertificateFiles
{
    // A chain with its key has some 10 KB.
    private const int MaxBytes = 1024 * 1024;

    /// <summary>The server's certificate with its key, and the chain that is sent along.</summary>
    /// <exception cref="InvalidDataException">The files do not hold a certificate with its key.</exception>
    public static SslStreamCertificateContext ReadServer(MqttTlsOptions options)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            var content = Read(options.CertificateFile);
            var certificate = IsPem(content) ? ReadPem(content, options, chain) : ReadPfx(content, options, chain);
            return SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"{options.CertificateFile} holds no certificate that can be used with its key: {exception.Message}", exception);
        }
    }

    /// <summary>The certificates that client certificates are traced back to.</summary>
    /// <exception cref="InvalidDataException">The file holds none.</exception>
    public static X509Certificate2Collection ReadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(Text(Read(file)));
        }
        catch (CryptographicException exception)
        {
            throw new InvalidDataException($"{file} holds a certificate that cannot be read: {exception.Message}", exception);
        }

        return authorities.Count > 0 ? authorities : throw new InvalidDataException($"{file} holds no certificate in PEM form.");
    }

    private static X509Certificate2 ReadPem(byte[] content, MqttTlsOptions options, X509Certificate2Collection chain)
    {
        var text = Text(content);
        var keyText = options.KeyFile is null ? text : Text(Read(options.KeyFile));
        var certificate = options.Password is null
            ? X509Certificate2.CreateFromPem(text, keyText)
            : X509Certificate2.CreateFromEncryptedPem(text, keyText, options.Password);
        chain.ImportFromPem(text);
        chain.RemoveAt(0);
        return OperatingSystem.IsWindows() ? Stored(certificate) : certificate;
    }

    private static X509Certificate2 ReadPfx(byte[] content, MqttTlsOptions options, X509Certificate2Collection chain)
    {
        var all = X509CertificateLoader.LoadPkcs12Collection(content, options.Password);
        var certificate = all.FirstOrDefault(candidate => candidate.HasPrivateKey) ?? throw new CryptographicException("There is no private key in it.");
        chain.AddRange(all);
        chain.Remove(certificate);
        return certificate;
    }

    // Windows takes no key for TLS that is not in a key store.
    private static X509Certificate2 Stored(X509Certificate2 certificate)
    {
        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    private static bool IsPem(ReadOnlySpan<byte> content) => content.IndexOf("-----BEGIN "u8) >= 0;

    private static string Text(byte[] content) => System.Text.Encoding.UTF8.GetString(content);

    private static byte[] Read(string file)
    {
        var length = new FileInfo(file).Length;
        return length <= MaxBytes ? File.ReadAllBytes(file) : throw new InvalidDataException($"{file} has {length} bytes; that is no certificate.");
    }
}

using System.Net.Security;
using Automation.Mqtt;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Automation.Server.Hosting;

/// <summary>TLS for HTTP.</summary>
internal static class HttpsFeature
{
    /// <exception cref="StartupException">An address asks for TLS and there is no certificate, or it cannot be read.</exception>
    public static void AddHttps(this WebApplicationBuilder builder)
    {
        var options = new HttpsOptions();
        builder.Configuration.GetSection(HttpsOptions.Section).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        builder.Services.AddSingleton(options);
        var urls = builder.Configuration[ServerOptions.Urls] ?? "";
        if (!urls.Contains("https://", StringComparison.OrdinalIgnoreCase)) return;
        if (options.CertificateFile.Length == 0) throw new StartupException($"{ServerOptions.Urls} has an address with https://, and Https:CertificateFile names no certificate for it.");
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel((_, kestrel) => kestrel.ConfigureHttpsDefaults(https => Use(https, options, kestrel)));
    }

    private static void Use(HttpsConnectionAdapterOptions https, HttpsOptions options, KestrelServerOptions kestrel)
    {
        var log = kestrel.ApplicationServices.GetRequiredService<ILogger<HttpsOptions>>();
        var certificates = Open(options, log);
        https.ServerCertificateSelector = (_, _) => certificates.Authentication().ServerCertificateContext!.TargetCertificate;
        https.ClientCertificateMode = options.ClientCertificateAuthority.Length > 0 ? ClientCertificateMode.AllowCertificate : ClientCertificateMode.NoCertificate;
        https.ClientCertificateValidation = (_, _, errors) => errors is SslPolicyErrors.None;
        https.OnAuthenticate = (_, authentication) =>
        {
            authentication.ServerCertificateSelectionCallback = null;
            certificates.ApplyTo(authentication);
            authentication.RemoteCertificateValidationCallback = null; // Kestrel has one of its own, which asks the one above
        };
    }

    private static TlsCertificates Open(HttpsOptions options, ILogger log)
    {
        try
        {
            return new TlsCertificates(
                new MqttTlsOptions
                {
                    CertificateFile = options.CertificateFile,
                    KeyFile = NullIfEmpty(options.CertificateKeyFile),
                    Password = NullIfEmpty(options.CertificatePassword),
                    ClientAuthorityFile = NullIfEmpty(options.ClientCertificateAuthority),
                },
                (what, error) => Log.CertificateUnreadable(log, what, error.Message));
        }
        catch (InvalidDataException error)
        {
            throw new StartupException($"The certificate for https:// cannot be used: {error.Message}", error);
        }
    }

    private static string? NullIfEmpty(string text) => text.Length > 0 ? text : null;
}

using System.Globalization;
using Automation.Server.Secrets;
using Automation.Server.Triggers.Webhooks;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Logging.Console;

namespace Automation.Server.Hosting;

/// <summary>Clock, logging, HTTP listener and the data folder.</summary>
internal static class HostingFeature
{
    /// <summary>Of a request's headers, in bytes; more is answered with 431.</summary>
    private const int HeadersBytes = 32 << 10;

    /// <summary>For a request's headers to arrive.</summary>
    private static readonly TimeSpan HeadersTime = TimeSpan.FromSeconds(30);

    public static void AddHosting(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<Random>(_ => new LockedRandom());
        builder.Services.AddSingleton(_ => new TrustedProxies(configuration.GetSection(ServerOptions.TrustedProxies).Get<string[]>() ?? []));
        var publicUrl = ServerUrl.Checked(configuration[ServerOptions.PublicUrl] ?? "");
        builder.Services.AddSingleton(services => new ServerUrl(publicUrl, services.GetRequiredService<IServer>()));
        builder.Services.AddSingleton(_ => DataFolder.Open(configuration[ServerOptions.Data] ?? "data"));
        builder.Services.PostConfigure<SecretsOptions>(options => options.DefaultFolder = Path.Combine(configuration[ServerOptions.Data] ?? "data", "secrets"));
        builder.Services.AddSingleton<SecretLookup>(services => name => services.GetRequiredService<SecretStore>().TryGet(name, out var value) ? value : null);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTime(configuration[ServerOptions.ShutdownTime] ?? "00:00:20"));
        // What goes wrong at the start is said in one sentence by Server, not as a stack trace by the host.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.ColorBehavior = LoggerColorBehavior.Default;
        });
        builder.AddHttps();
        builder.WebHost.UseUrls(configuration[ServerOptions.Urls] ?? "http://127.0.0.1:8080");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            (kestrel.Limits.RequestHeadersTimeout, kestrel.Limits.MaxRequestHeadersTotalSize) = (HeadersTime, HeadersBytes);
            kestrel.Limits.MaxConcurrentConnections = MaxConnections(configuration[ServerOptions.MaxConnections] ?? "10000"); // beyond, connections are closed at once
        });
    }

    private static TimeSpan ShutdownTime(string text) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero
            ? time
            : throw new StartupException($"{ServerOptions.ShutdownTime} '{text}' is not a time. Write hours, minutes and seconds, as 00:00:20.");

    private static long MaxConnections(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? count
            : throw new StartupException($"{ServerOptions.MaxConnections} '{text}' is not a number above 0.");

    /// <summary>A random source that many threads may use; nothing secret is made with it.</summary>
    private sealed class LockedRandom : Random
    {
        private readonly Lock gate = new();

        public override double NextDouble()
        {
            lock (gate) return base.NextDouble();
        }

        public override int Next(int maxValue)
        {
            lock (gate) return base.Next(maxValue);
        }
    }
}

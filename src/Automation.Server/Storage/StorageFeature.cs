using Automation.Server.Api;
using Automation.Server.Hosting;
using Automation.Server.Storage.Management;
using Automation.Server.Storage.Postgres;
using Automation.Server.Storage.Sqlite;
using Microsoft.Extensions.Options;

namespace Automation.Server.Storage;

/// <summary>The journal, and the ids that are made for it.</summary>
internal static class StorageFeature
{
    public static IServiceCollection AddStorage(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<JournalDatabase>(provider => configuration[ServerOptions.Database] is { Length: > 0 } address
            ? new PostgresDatabase(address, IdentityOf(provider))
            : new SqliteFile(SqliteDatabase.FileIn(provider.GetRequiredService<DataFolder>().Path)));
        services.AddOptions<ServerSettings>().Bind(configuration.GetSection("Server")).ValidateDataAnnotations().ValidateOnStart();
        services.AddManagement();
        services.AddRetention(configuration);
        services.AddSingleton(provider => new HealthCheck("journal", () => provider.GetRequiredService<Journal>().Failure));
        services.AddSingleton(provider => new Journal(
            provider.GetRequiredService<JournalDatabase>().Open(provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Journal>>()));
        services.AddSingleton(provider => provider.GetRequiredService<Journal>().Ids);
        return services;
    }

    private static Func<ServerIdentity> IdentityOf(IServiceProvider provider)
    {
        var settings = provider.GetRequiredService<IOptions<ServerSettings>>().Value;
        var identity = new Lazy<ServerIdentity>(() => ServerIdentity.In(provider.GetRequiredService<DataFolder>().Path, settings.NameOrMachine, settings.Lease));
        return () => identity.Value;
    }
}

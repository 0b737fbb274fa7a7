using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Automation.Server.Storage.Management;

internal static class ManagementFeature
{
    /// <summary>Registers <see cref="ManagementDb"/> on the journal's <see cref="JournalDatabase"/>, opened for reading only.</summary>
    public static IServiceCollection AddManagement(this IServiceCollection services) =>
        services.AddDbContext<ManagementDb>((provider, options) => Configure(provider.GetRequiredService<JournalDatabase>(), options)
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .ConfigureWarnings(events => events.Log((RelationalEventId.CommandExecuted, LogLevel.Debug)))); // else each query is a line at level Information

    private static DbContextOptionsBuilder Configure(JournalDatabase database, DbContextOptionsBuilder options)
    {
        database.Configure(options);
        return options;
    }
}

using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Automation.Server.Storage.Management;

internal static class ManagementFeature
{
    /// <summary>Registers <see cref="ManagementDb"/> on the journal's SQLite file, opened for reading only.</summary>
    public static IServiceCollection AddManagement(this IServiceCollection services, Func<IServiceProvider, string> file) =>
        services.AddDbContext<ManagementDb>((provider, options) => options
            .UseSqlite(new SqliteConnectionStringBuilder { DataSource = file(provider), Mode = SqliteOpenMode.ReadOnly }.ToString())
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .ConfigureWarnings(events => events.Log((RelationalEventId.CommandExecuted, LogLevel.Debug)))); // else each query is a line at level Information
}

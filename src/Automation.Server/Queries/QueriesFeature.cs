using Automation.Server.Hosting;
using Microsoft.Extensions.Options;

namespace Automation.Server.Queries;

/// <summary>Queries of other databases: what is registered, and from which settings.</summary>
internal static class QueriesFeature
{
    public static IServiceCollection AddQueries(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<QueryOptions>().Bind(configuration.GetSection(QueryOptions.Section), o => o.ErrorOnUnknownConfiguration = true).ValidateOnStart();
        services.AddSingleton<IValidateOptions<QueryOptions>>(new OptionsCheck<QueryOptions>(o => o.Problems()));
        services.AddSingleton(s => s.GetRequiredService<IOptions<QueryOptions>>().Value);
        services.AddSingleton<PostgresQueries>();
        // The setting, not the folder: commands that check files beside a running server must not ask for its lock.
        services.AddSingleton(s => new SqliteFiles(s.GetRequiredService<QueryOptions>().SqliteFolder, configuration[ServerOptions.Data] ?? "data"));
        services.AddSingleton<SqliteQueries>();
        return services;
    }
}

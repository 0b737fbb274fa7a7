using Automation.Server.Deliveries;
using Automation.Server.Measures;
using Automation.Server.Runs;

namespace Automation.Server.Hosting;

/// <summary>Connects what is counted to what can only be looked at.</summary>
internal static class StatsWiring
{
    public static IServiceCollection AddStats(this IServiceCollection services) => services
        .AddSingleton(provider => new StatsHistory(
            provider.GetRequiredService<TimeProvider>(),
            () => (provider.GetRequiredService<RunEngine>().Window.Runs, provider.GetRequiredService<DeliveryLanes>().Held)));

    /// <summary>From now on it is counted.</summary>
    public static void StartStats(this WebApplication app) => app.Services.GetRequiredService<StatsHistory>();
}

using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Workflows;

namespace Automation.Server.Endpoints;

/// <summary>Event types, the endpoints that subscribe to them, and the way of an emitted event to each.</summary>
internal static class EndpointsFeature
{
    public static IServiceCollection AddEndpoints(this IServiceCollection services)
    {
        services.AddSingleton<EndpointSecrets>();
        services.AddSingleton<EndpointTargets>();
        services.AddSingleton<Deliveries.FindDeliveryTarget>(provider => provider.GetRequiredService<EndpointTargets>().FindAsync);
        services.AddSingleton<DeliveryFactory>();
        services.AddSingleton<Handshake>();
        services.AddSingleton(provider => new EventTriggers(
            async (offer, with) =>
            {
                var result = await provider.GetRequiredService<Intake>().AcceptAsync([offer], alongside: () => with);
                return result.Outcome is IntakeOutcome.Accepted || result.IsSuperseded;
            },
            () => provider.GetRequiredService<WorkflowCatalog>().Current,
            provider.GetRequiredService<Values.IdSource>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<FanOut>();
        services.AddHostedService(provider => provider.GetRequiredService<FanOut>());
        return services;
    }
}

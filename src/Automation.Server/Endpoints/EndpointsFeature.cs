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
        services.AddSingleton<EndpointFileReader>();
        services.AddSingleton<EndpointFiles>();
        services.AddSingleton<FollowFolder>(provider => (look, cancellation) => provider.GetRequiredService<EndpointFiles>().RefreshAsync(look.Everything, cancellation));
        services.AddSingleton<EndpointScripts>();
        services.AddSingleton<Deliveries.EndpointDisabled>(provider => () => provider.GetRequiredService<FanOut>().WakeAll());
        services.AddSingleton(provider => new EventTriggers(
            provider.GetRequiredService<Journal>(),
            async (offer, with) =>
            {
                var result = await provider.GetRequiredService<Intake>().AcceptAsync([offer], alongside: () => with);
                return result.IsSuperseded || result.Outcome is IntakeOutcome.Accepted ? EmissionTaken.Taken : result.Outcome is IntakeOutcome.Refused ? EmissionTaken.Never : EmissionTaken.NotNow;
            },
            () => provider.GetRequiredService<WorkflowCatalog>().Current,
            provider.GetRequiredService<Values.IdSource>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EventTriggers>>()));
        services.AddHostedService(provider => provider.GetRequiredService<EventTriggers>());
        services.AddSingleton<FanOut>();
        services.AddHostedService(provider => provider.GetRequiredService<FanOut>());
        return services;
    }
}

using Automation.Server.Workflows;

namespace Automation.Server.Storage;

internal static class RetentionFeature
{
    /// <param name="services">Has a <see cref="Journal"/>, a <see cref="TimeProvider"/>, a <see cref="WorkflowCatalog"/> and <see cref="Management.ManagementDb"/>.</param>
    /// <param name="configuration">Section <c>Retention</c> holds <see cref="RetentionOptions"/>.</param>
    public static IServiceCollection AddRetention(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RetentionOptions>().Bind(configuration.GetSection("Retention")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<RetentionOf>(provider => id => provider.GetRequiredService<WorkflowCatalog>().Current.Workflows.GetValueOrDefault(id)?.Version?.Retention);
        services.AddSingleton<HasTrigger>(provider => (id, trigger) =>
            provider.GetRequiredService<WorkflowCatalog>().Current.Workflows.TryGetValue(id, out var workflow) && workflow.Version?.Triggers.ContainsKey(trigger) != false);
        services.AddHostedService<Retention>();
        return services;
    }
}

namespace Automation.Server.Storage;

internal static class RetentionFeature
{
    /// <param name="services">Has a <see cref="Journal"/>, a <see cref="TimeProvider"/> and <see cref="Management.ManagementDb"/>.</param>
    /// <param name="configuration">Section <c>Retention</c> holds <see cref="RetentionOptions"/>.</param>
    public static IServiceCollection AddRetention(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RetentionOptions>().Bind(configuration.GetSection("Retention")).ValidateDataAnnotations().ValidateOnStart();
        services.AddHostedService<Retention>();
        return services;
    }
}

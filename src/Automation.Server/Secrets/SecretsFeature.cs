using Automation.Server.Hosting;
using Automation.Server.Storage;
using Microsoft.Extensions.Options;

namespace Automation.Server.Secrets;

/// <summary>The secrets: files, the database, the environment.</summary>
internal static class SecretsFeature
{
    /// <summary>Reads the section <c>Secrets</c>; wrong values stop the start.</summary>
    /// <param name="services">Has a <see cref="TimeProvider"/> and, where secrets are stored, a <see cref="Journal"/>.</param>
    /// <param name="configuration">May have <see cref="SecretKeys.Variable"/>.</param>
    /// <param name="dataFolder">Where the key's file is.</param>
    public static IServiceCollection AddSecrets(this IServiceCollection services, IConfiguration configuration, Func<IServiceProvider, string> dataFolder)
    {
        services.AddOptions<SecretsOptions>().Bind(configuration.GetSection(SecretsOptions.Section), binder => binder.ErrorOnUnknownConfiguration = true).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SecretsOptions>>(new OptionsCheck<SecretsOptions>(o => o.Problems()));
        services.AddSingleton(provider => new SecretKeys(configuration[SecretKeys.Variable], dataFolder(provider)));
        services.AddSingleton<Func<Journal>>(provider => provider.GetRequiredService<Journal>);
        services.AddSingleton<Func<SecretKeys>>(provider => provider.GetRequiredService<SecretKeys>);
        services.AddSingleton<StoredSecrets>();
        services.AddSingleton<ServerKeys>();
        services.AddSingleton(provider => new SecretStore(
            provider.GetRequiredService<IOptions<SecretsOptions>>().Value,
            Environment.GetEnvironmentVariables(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SecretStore>>(),
            provider.GetRequiredService<StoredSecrets>()));
        return services;
    }

    /// <summary>Reads the secrets of the database, and the server's own keys, before anything starts that needs one.</summary>
    public static void LoadSecrets(this WebApplication app)
    {
        app.Services.GetRequiredService<StoredSecrets>().LoadAsync().GetAwaiter().GetResult();
        app.Services.GetRequiredService<ServerKeys>().LoadAsync().GetAwaiter().GetResult();
    }
}

using Automation.Server.Connectors;
using Automation.Server.Connectors.OAuth;
using Automation.Server.Secrets;

namespace Automation.Server.Hosting;

/// <summary>Connects those who fetch tokens to the workflows that need some.</summary>
internal static class ConnectionWiring
{
    public static IServiceCollection AddConnectionUses(this IServiceCollection services)
    {
        services.AddSingleton<ConnectionUses>();
        services.AddSingleton<ConnectionStates>();
        services.AddSingleton<OAuthClients>(provider => () => provider.GetRequiredService<ConnectionUses>().Clients()); // workflows are made of steps that fetch tokens: asked for late
        services.AddSingleton<SecretUses>(provider => () =>
            from connection in provider.GetRequiredService<OAuthConnections>().All.Values
            from secret in new[] { connection.Client.AccessToken, connection.Client.RefreshToken }.Where(provider.GetRequiredService<SecretStore>().Contains)
            select new SecretUse(secret, "connection", connection.Row.Name));
        return services;
    }
}

namespace Automation.Server.Connectors.OAuth;

/// <summary>OAuth 2: access tokens that are fetched and renewed, and the pages that connect an account.</summary>
internal static class OAuthFeature
{
    /// <param name="services">Has secrets, a journal, the way out, and <see cref="OAuthClients"/>.</param>
    public static IServiceCollection AddOAuth(this IServiceCollection services)
    {
        services.AddSingleton<OAuthConnections>();
        services.AddSingleton<TokenEndpoint>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<OAuthFlows>();
        return services;
    }

    /// <summary>Reads what is connected before anything starts that needs it.</summary>
    public static void LoadOAuth(this WebApplication app) => app.Services.GetRequiredService<OAuthConnections>().ReadAsync().GetAwaiter().GetResult();

    public static void MapOAuth(this IEndpointRouteBuilder routes) => OAuthPages.Map(routes);
}

namespace Automation.Server.Callbacks;

/// <summary>URLs that end the wait of a <c>wait</c> step.</summary>
internal static class CallbacksFeature
{
    public const string Prefix = "/callbacks";

    public static IServiceCollection AddCallbacks(this IServiceCollection services)
    {
        services.AddSingleton<CallbackUrls>();
        services.AddSingleton<CallbackEndpoint>();
        return services;
    }

    /// <summary>Callers are let in by the token in the path, not by the server's own sign-in.</summary>
    public static void MapCallbacks(this IEndpointRouteBuilder endpoints)
    {
        endpoints.Map(Prefix + "/{token}/{outcome?}", endpoints.ServiceProvider.GetRequiredService<CallbackEndpoint>().HandleAsync)
            .WithDisplayName("Callbacks").AllowAnonymous().DisableAntiforgery().ExcludeFromDescription();
    }
}

using Automation.Server.Hosting;
using Automation.Server.Storage;
using Microsoft.AspNetCore.Hosting.Server;

namespace Automation.Server.Callbacks;

/// <summary>URLs that end the wait of a <c>wait</c> step.</summary>
internal static class CallbacksFeature
{
    public const string Prefix = "/callbacks";

    public static IServiceCollection AddCallbacks(this IServiceCollection services, IConfiguration configuration)
    {
        var publicUrl = PublicUrl(configuration[ServerOptions.PublicUrl] ?? "");
        services.AddSingleton(provider => new CallbackTokens(provider.GetRequiredService<Journal>().CallbackKeys));
        services.AddSingleton(provider => new CallbackUrls(provider.GetRequiredService<CallbackTokens>(), publicUrl, provider.GetRequiredService<IServer>()));
        services.AddSingleton<CallbackEndpoint>();
        return services;
    }

    /// <summary>Callers are let in by the token in the path, not by the server's own sign-in.</summary>
    public static void MapCallbacks(this IEndpointRouteBuilder endpoints)
    {
        endpoints.Map(Prefix + "/{token}/{outcome?}", endpoints.ServiceProvider.GetRequiredService<CallbackEndpoint>().HandleAsync)
            .WithDisplayName("Callbacks").AllowAnonymous().DisableAntiforgery().ExcludeFromDescription();
    }

    private static string PublicUrl(string text) =>
        text.Length == 0 || (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0 && url.Fragment.Length == 0)
            ? text
            : throw new StartupException($"{ServerOptions.PublicUrl} '{text}' is not an http(s) address. Write where others reach this server, as https://automation.example.org.");
}

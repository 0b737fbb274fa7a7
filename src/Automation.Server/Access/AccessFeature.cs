namespace Automation.Server.Access;

/// <summary>Who may use the API: whoever has the admin token, as a bearer token or in a browser's session. Hooks and health probes are open.</summary>
internal static class AccessFeature
{
    /// <param name="services">Has a <see cref="TimeProvider"/>.</param>
    /// <param name="configuration">May have <see cref="AdminToken.Variable"/>; without it the file is used.</param>
    /// <param name="dataFolder">Where the token's file is, and is made at the first start.</param>
    public static IServiceCollection AddAccess(this IServiceCollection services, IConfiguration configuration, Func<IServiceProvider, string> dataFolder)
    {
        services.AddSingleton(provider =>
        {
            var log = provider.GetRequiredService<ILogger<AdminToken>>();
            var token = AdminToken.Load(configuration[AdminToken.Variable], dataFolder(provider));
            if (token.File is not null) Log.TokenIsIn(log, token.File);
            if (token.IsReadableByOthers()) Log.TokenIsReadable(log, token.File!);
            return token;
        });
        services.AddSingleton<Session>();
        services.AddSingleton<WrongTokens>();
        services.AddSingleton<AccessCheck>();
        services.AddProblemDetails();

        // At level Information the host logs the query of each request, and with it the token of /?token=….
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning));
        return services;
    }

    /// <summary>Lets requests to <c>/api</c> pass only with the token or a session. Reads the token, and makes its file, now.</summary>
    public static void UseAccess(this IApplicationBuilder app)
    {
        var access = app.ApplicationServices.GetRequiredService<AccessCheck>();
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/api"), branch => branch.Use(async (context, next) =>
        {
            if (!await access.PassesAsync(context)) return;
            context.Features.Set(AccessGranted.Instance);
            await next(context);
        }));
    }

    public static void MapAccess(this IEndpointRouteBuilder routes) => routes.MapGet("/", RootPage.GetAsync).ExcludeFromDescription();

    /// <summary>Makes the endpoints of a group fail, rather than be open, where <see cref="UseAccess"/> was forgotten.</summary>
    public static RouteGroupBuilder RequireAccess(this RouteGroupBuilder group) => group.AddEndpointFilter((context, next) =>
        context.HttpContext.Features.Get<AccessGranted>() is null ? throw new InvalidOperationException("This endpoint is behind no access check.") : next(context));

    private sealed class AccessGranted
    {
        public static readonly AccessGranted Instance = new();
    }
}

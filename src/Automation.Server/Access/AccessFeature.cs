using Automation.Server.Hosting;
using Automation.Server.Storage;
using Microsoft.Extensions.Options;

namespace Automation.Server.Access;

/// <summary>Who may use the API: users, tokens, the admin token, and users that a proxy names; each by role. Hooks and health probes are open.</summary>
internal static class AccessFeature
{
    /// <param name="services">Has a <see cref="TimeProvider"/>, a <see cref="Journal"/> and <see cref="TrustedProxies"/>.</param>
    /// <param name="configuration">The section <c>Access</c>; may have <see cref="AdminToken.Variable"/>, without it the file is used.</param>
    /// <param name="dataFolder">Where the token's file is, and is made at the first start.</param>
    public static IServiceCollection AddAccess(this IServiceCollection services, IConfiguration configuration, Func<IServiceProvider, string> dataFolder)
    {
        services.AddOptions<AccessOptions>().Bind(configuration.GetSection(AccessOptions.Section), binder => binder.ErrorOnUnknownConfiguration = true).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<AccessOptions>>(new OptionsCheck<AccessOptions>(o => o.Problems()));
        services.AddSingleton(provider =>
        {
            var log = provider.GetRequiredService<ILogger<AdminToken>>();
            var token = AdminToken.Load(configuration[AdminToken.Variable], dataFolder(provider));
            if (token.File is not null) Log.TokenIsIn(log, token.File);
            if (token.IsReadableByOthers()) Log.TokenIsReadable(log, token.File!);
            return token;
        });
        services.AddSingleton<Func<Journal>>(provider => provider.GetRequiredService<Journal>);
        services.AddSingleton<AccessDirectory>();
        services.AddSingleton<ApiTokens>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<SetUpCode>();
        services.AddSingleton<ProxySignIn>();
        services.AddSingleton<Session>();
        services.AddSingleton<WrongTokens>();
        services.AddSingleton<AccessCheck>();
        services.AddSingleton<AuditLog>();
        services.AddHttpContextAccessor();
        services.AddProblemDetails();

        // At level Information the host logs the query of each request, and with it the token of /?token=….
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning));
        return services;
    }

    /// <summary>Reads who may come in, before anybody does.</summary>
    public static void LoadAccess(this WebApplication app) => app.Services.GetRequiredService<AccessDirectory>().LoadAsync().GetAwaiter().GetResult();

    /// <summary>Remembers who the connection is with; comes before forwarded headers are taken in.</summary>
    public static void UseProxySignIn(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Features.Set(new ProxySignIn.Peer(context.Connection.RemoteIpAddress));
        return next(context);
    });

    /// <summary>Lets requests to <c>/api</c> pass only from who may use the route. Reads the token, and makes its file, now.</summary>
    public static void UseAccess(this IApplicationBuilder app)
    {
        var access = app.ApplicationServices.GetRequiredService<AccessCheck>();
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/api"), branch => branch.Use(async (context, next) =>
        {
            if (await access.PassesAsync(context)) await next(context);
        }));
    }

    public static void MapAccess(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], RootPage.GetAsync).ExcludeFromDescription();
        SignInPage.Map(routes);
        SetUpPage.Map(routes);
    }

    /// <summary>Makes the endpoints of a group fail, rather than be open, where <see cref="UseAccess"/> was forgotten.</summary>
    public static RouteGroupBuilder RequireAccess(this RouteGroupBuilder group) => group.AddEndpointFilter((context, next) =>
        Caller.Of(context.HttpContext) is null ? throw new InvalidOperationException("This endpoint is behind no access check.") : next(context));
}

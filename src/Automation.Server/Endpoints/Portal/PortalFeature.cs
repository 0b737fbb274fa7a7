using System.Collections.Frozen;
using Automation.Server.Access;

namespace Automation.Server.Endpoints.Portal;

/// <summary>Pages for the owner of an outside application, about its endpoint and no other.</summary>
internal static class PortalFeature
{
    public const string Prefix = "/portal";

    public static IServiceCollection AddPortal(this IServiceCollection services)
    {
        services.AddSingleton<PortalAccess>();
        services.AddSingleton<TestEvents>();
        return services;
    }

    /// <summary>Callers are let in by <see cref="PortalDoor"/>, not by the server's own sign-in.</summary>
    public static void MapPortal(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Prefix, PortalDoor.OpenAsync).ExcludeFromDescription();
        var portal = routes.MapGroup(Prefix + "/{endpoint}").ExcludeFromDescription().AddEndpointFilter(PortalDoor.RequireAsync).AddEndpointFilterFactory((_, next) => AuditLog.Note(FrozenSet<string>.Empty, next));
        portal.MapGet("", OverviewPage.GetAsync);
        portal.MapGet("/deliveries/{id}", DeliveryPage.GetAsync);
        portal.MapGet("/secret", SecretPage.GetAsync);
        portal.MapPost("/deliveries/{id}/replay", PortalActions.ReplayAsync).WithName("portalReplayDelivery").DisableAntiforgery();
        portal.MapPost("/replay", PortalActions.ReplayAllAsync).WithName("portalReplayDeliveries").DisableAntiforgery();
        portal.MapPost("/pause", PortalActions.PauseAsync).WithName("portalPauseEndpoint").DisableAntiforgery();
        portal.MapPost("/resume", PortalActions.ResumeAsync).WithName("portalResumeEndpoint").DisableAntiforgery();
        portal.MapPost("/rotate", PortalActions.RotateAsync).WithName("portalRotateEndpointSecret").DisableAntiforgery();
        portal.MapPost("/test", PortalActions.TestAsync).WithName("portalSendTestEvent").DisableAntiforgery();
        portal.MapPost("/sign-out", PortalActions.SignOutAsync).WithName("portalSignOut").DisableAntiforgery();
    }
}

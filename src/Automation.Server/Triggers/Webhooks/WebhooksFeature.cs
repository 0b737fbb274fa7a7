using Automation.Server.Triggers.Webhooks.Verification;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>The webhook trigger's services and its one endpoint.</summary>
internal static class WebhooksFeature
{
    /// <summary>
    /// Reads the section <c>Webhooks</c>. Needs <see cref="Intake"/>, <see cref="Values.IdSource"/>, <see cref="TimeProvider"/> <see cref="Deliveries.OutboundHttp"/> and a <see cref="SecretLookup"/>. Whoever loads workflows calls
    /// <see cref="WebhookRoutes.Use"/> after each change.
    /// </summary>
    public static IServiceCollection AddWebhooks(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<WebhookOptions>().Bind(configuration.GetSection(WebhookOptions.Section), options => options.ErrorOnUnknownConfiguration = true)
            .Validate(options => options.MaxBodyBytesInFlight > 0, "Webhooks:MaxBodyBytesInFlight has to be more than 0.").ValidateOnStart();
        services.AddSingleton(provider => new BodyBudget(provider.GetRequiredService<IOptions<WebhookOptions>>().Value.MaxBodyBytesInFlight));
        services.AddSingleton<WebhookRoutes>();
        services.AddSingleton<KeySets>();
        services.TryAddSingleton<KeySetLookup>(provider => provider.GetRequiredService<KeySets>().GetAsync);
        services.AddSingleton<Verifier>();
        services.AddSingleton(new PublicAddress((configuration["PublicUrl"] ?? "").TrimEnd('/')));
        services.TryAddSingleton<AcceptEvents>(provider => (offers, answer) => provider.GetRequiredService<Intake>().AcceptAsync(offers, answer));
        services.AddSingleton<WebhookEndpoint>();
        return services;
    }

    /// <summary>All methods and paths below <c>/hooks</c>. Callers are verified by their triggers, not by the server's own sign-in.</summary>
    public static IEndpointConventionBuilder MapWebhooks(this IEndpointRouteBuilder endpoints) => endpoints
        .Map(RequestPath.Prefix + "/{**path}", endpoints.ServiceProvider.GetRequiredService<WebhookEndpoint>().HandleAsync)
        .WithDisplayName("Webhooks")
        .AllowAnonymous()
        .DisableAntiforgery()
        .ExcludeFromDescription();
}

using Automation.Server.Sandbox;
using Automation.Server.Triggers.Webhooks.Door;
using Automation.Server.Triggers.Webhooks.Requests;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;
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
            .Validate(options => options.MaxBodyBytesInFlight > 0, "Webhooks:MaxBodyBytesInFlight has to be more than 0.")
            .Validate(options => options.KeptRequests is >= 0 and <= 100_000, "Webhooks:KeptRequests has to be from 0 to 100000.")
            .Validate(options => options.BodyTimeout > TimeSpan.Zero, "Webhooks:BodyTimeout has to be more than zero.")
            .Validate(options => options.RatePerSource.Length == 0 || Rate.TryParse(options.RatePerSource, out _), $"Webhooks:RatePerSource is not {Rate.Expected}.").ValidateOnStart();
        services.AddSingleton(provider => new BodyBudget(provider.GetRequiredService<IOptions<WebhookOptions>>().Value.MaxBodyBytesInFlight));
        services.AddSingleton<WebhookRoutes>();
        services.AddSingleton<KeySets>();
        services.TryAddSingleton<KeySetLookup>(provider => provider.GetRequiredService<KeySets>().GetAsync);
        services.AddSingleton<Verifier>();
        services.AddSingleton(provider => new BodySchemas(new Lazy<SandboxPool>(provider.GetRequiredService<SandboxPool>)));
        services.AddSingleton<Captures>();
        services.AddSingleton<RequestLog>();
        services.AddHostedService(provider => provider.GetRequiredService<RequestLog>());
        services.AddSingleton<RequestReplay>();
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

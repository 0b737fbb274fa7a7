using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Access;
using Automation.Server.Runs;
using Automation.Server.Values;

namespace Automation.Server.Api;

/// <summary>The management API under <c>/api</c>, its OpenAPI document and the health probes.</summary>
internal static class ApiFeature
{
    /// <param name="services">Has a <see cref="Storage.Journal"/>, an <see cref="IdSource"/>, a <see cref="RunFeed"/>, a <see cref="TimeProvider"/> and <see cref="Storage.Management.ManagementDb"/>.</param>
    /// <param name="sources">What the API asks of the other features; called at the first request that needs it.</param>
    public static IServiceCollection AddApi(this IServiceCollection services, Func<IServiceProvider, ApiSources> sources)
    {
        services.AddSingleton(sources);
        services.AddProblemDetails();
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true); // ApiErrors says what is wrong
        services.AddOpenApi("v1", ApiDocument.Describe);
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.Encoder = JsonFormat.Wire.Encoder;
            options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
            options.SerializerOptions.Converters.Add(new JsonValueConverter());
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict; // else the document says "integer or string"
        });
        return services;
    }

    /// <summary>Puts problem details around everything but webhooks and callbacks; comes before <see cref="AccessFeature.UseAccess"/>.</summary>
    public static void UseApi(this IApplicationBuilder app) => app.UseWhen(context => IsApi(context.Request), branch => branch.UseMiddleware<ApiErrors>());

    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").RequireAccess().AddEndpointFilterFactory((endpoint, next) => AuditLog.Note(KnownParameters.Of(endpoint.MethodInfo), next)).AddEndpointFilterFactory(KnownParameters.Require).ProducesProblem(401).ProducesProblem(403).ProducesProblem(429);
        WorkflowsApi.Map(api);
        WorkflowFilesApi.Map(api);
        VersionsApi.Map(api);
        SchedulesApi.Map(api);
        FiltersApi.Map(api);
        EventsApi.Map(api);
        WebhookRequestsApi.Map(api);
        RunsApi.Map(api);
        KeysApi.Map(api);
        DeliveriesApi.Map(api);
        DestinationsApi.Map(api);
        EndpointsApi.Map(api);
        PortalLinksApi.Map(api);
        MqttConnectionsApi.Map(api);
        MqttApi.Map(api);
        SecretsApi.Map(api);
        ConnectionsApi.Map(api);
        UsersApi.Map(api);
        TokensApi.Map(api);
        AuditApi.Map(api);
        MqttUsersApi.Map(api);
        StatsApi.Map(api);
        TypesApi.Map(api);
        HealthApi.Map(routes);
        routes.MapOpenApi("/openapi/{documentName}.json").ExcludeFromDescription();
    }

    // Webhooks and callbacks answer for themselves.
    private static bool IsApi(HttpRequest request) => !request.Path.StartsWithSegments("/hooks") && !request.Path.StartsWithSegments("/callbacks");
}

using Automation.Server.Api;
using Automation.Server.Callbacks;
using Automation.Server.Sandbox;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Filters;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Runs;

/// <summary>The run engine and the door to it.</summary>
internal static class RunsFeature
{
    public static IServiceCollection AddRuns(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RunOptions>().Bind(configuration.GetSection("Runs"), binder => binder.ErrorOnUnknownConfiguration = true).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RunServices>(provider, EnvironmentOf(provider)) with
        {
            ErrorRuns = provider.GetRequiredService<ErrorRuns>(),
            Calls = provider.GetRequiredService<Calls>(),
            MaxRunTime = provider.GetRequiredService<IOptions<RunOptions>>().Value.MaxRunTime,
            Emitted = () => provider.GetRequiredService<Endpoints.FanOut>().WakeAll(),
            CallbackUrl = address => provider.GetRequiredService<CallbackUrls>().Of(address),
            MaxStepRuns = provider.GetRequiredService<IOptions<RunOptions>>().Value.MaxStepRuns,
            MaxStateBytes = provider.GetRequiredService<IOptions<RunOptions>>().Value.MaxStateBytes,
            MaxStepStateBytes = provider.GetRequiredService<IOptions<RunOptions>>().Value.MaxStepStateBytes,
            MaxRunBytes = provider.GetRequiredService<IOptions<RunOptions>>().Value.MaxRunBytes,
        });
        services.AddSingleton<RunFeed>();
        services.AddSingleton(provider => new RunStarts(() => provider.GetRequiredService<WorkflowCatalog>().Current, provider.GetRequiredService<SandboxPool>(), provider.GetRequiredService<IOptions<RunOptions>>()));
        services.AddSingleton<ErrorRuns>();
        services.AddSingleton<Calls>();
        services.AddSingleton<RunEngine>();
        services.AddSingleton<RunRetries>();
        services.AddSingleton<RunMoves>();
        services.AddSingleton<ParkedKeys>();
        services.AddSingleton<Intake>();
        services.AddSingleton<FilterGate>();
        services.AddSingleton<Repetitions>();
        services.AddSingleton<FilterTallies>();
        services.AddHostedService(provider => provider.GetRequiredService<FilterTallies>());
        services.AddHostedService(provider => provider.GetRequiredService<RunEngine>());
        services.AddSingleton<WaitTimer>();
        services.AddHostedService(provider => provider.GetRequiredService<WaitTimer>());
        services.AddHostedService(provider => provider.GetRequiredService<ParkedKeys>());
        services.AddSingleton(provider => new HealthCheck("keys", () => provider.GetRequiredService<ParkedKeys>().Problem, KeepsFromWork: false));
        return services;
    }

    private static Json EnvironmentOf(IServiceProvider provider) =>
        Json.From(provider.GetRequiredService<IOptions<RunOptions>>().Value.Env.ToDictionary(name => name, Environment.GetEnvironmentVariable));
}

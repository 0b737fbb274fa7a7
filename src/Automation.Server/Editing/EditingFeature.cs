using Automation.Server.Runs;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Editing;

/// <summary>What a designer needs beyond looking: files to read and write, checks, trials, and who else is there.</summary>
internal static class EditingFeature
{
    public static IServiceCollection AddEditing(this IServiceCollection services)
    {
        services.AddSingleton<GitProgram>();
        services.AddSingleton<GitWorkTree>();
        services.AddSingleton<WorkflowReader>();
        services.AddSingleton<WorkflowEditor>();
        services.AddSingleton<Presence>();
        services.AddSingleton<Trials>();
        services.AddSingleton(provider => new Evaluation(provider.GetRequiredService<Trials>(), () => provider.GetRequiredService<RunServices>().Env, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new WorkflowCheck(
            provider.GetRequiredService<WorkflowFolder>(),
            provider.GetRequiredService<WorkflowReader>(),
            new WorkflowCompiler(
                provider.GetRequiredService<StepCatalog>(),
                provider.GetRequiredService<TriggerCatalog>(),
                provider.GetRequiredService<SecretStore>().HowToSet,
                new ScriptCheck(provider.GetRequiredService<Trials>().Sandbox).CheckAsync)));
        return services;
    }
}

using Automation.Server.Access;
using Automation.Server.Api;
using Automation.Server.Connectors;
using Automation.Server.Hosting;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows;

/// <summary>Step and trigger types, the compiler, and the folder of workflow files.</summary>
internal static class WorkflowsFeature
{
    public static IServiceCollection AddWorkflows(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(_ => new WorkflowFolder(configuration[ServerOptions.Workflows] ?? "workflows", ConnectorsIn(configuration)));
        services.AddSingleton(StepCatalog.Find);
        services.AddSingleton<ConnectorCatalog>();
        services.AddSingleton(TriggerCatalog.Find);
        services.AddSingleton(provider => new WorkflowCompiler(
            provider.GetRequiredService<StepCatalog>(),
            provider.GetRequiredService<TriggerCatalog>(),
            provider.GetRequiredService<SecretStore>().HowToSet,
            new ScriptCheck(provider.GetRequiredService<SandboxPool>()).CheckAsync));
        services.AddSingleton(provider =>
        {
            var journal = provider.GetRequiredService<Journal>();
            var time = provider.GetRequiredService<TimeProvider>();
            return new WorkflowCatalog(
                provider.GetRequiredService<WorkflowFolder>(),
                provider.GetRequiredService<WorkflowCompiler>(),
                StoreIn(journal, time, () => provider.GetRequiredService<IHttpContextAccessor>().HttpContext is { } context ? Caller.Of(context)?.Actor : null),
                journal.DisabledAtStart,
                journal.WaitTopicsAtStart,
                provider.GetRequiredService<ILogger<WorkflowCatalog>>());
        });
        services.AddSingleton<VersionLookup>();
        services.AddSingleton<VersionPins>();
        services.AddSingleton<WorkflowStart>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkflowStart>());
        services.AddSingleton(provider =>
        {
            var (start, folder) = (provider.GetRequiredService<WorkflowStart>(), provider.GetRequiredService<WorkflowFolder>());
            return new HealthCheck("workflows", () => start.Loaded ? folder.Exists ? null : $"The workflows folder {folder.Root} is not there." : "The workflow files are not loaded yet.");
        });
        services.AddHostedService<WorkflowWatcher>();
        return services;
    }

    private static string? ConnectorsIn(IConfiguration configuration)
    {
        if (configuration[ServerOptions.Connectors] is not { Length: > 0 } folder) return null;
        return Directory.Exists(folder) ? folder : throw new StartupException($"{ServerOptions.Connectors}: there is no folder \"{folder}\". Make it, or leave the setting out: connector files are in connectors in the workflows folder then.");
    }

    private static CatalogStore StoreIn(Journal journal, TimeProvider time, Func<string?> actor) => new()
    {
        Activate = async (activation, _) =>
        {
            var (version, now) = (activation.Version, time.GetUtcNow());
            var stored = new VersionStored(version.WorkflowId, version.Hash, version.Source, now) { Files = activation.Files, Cause = activation.Cause, Actor = activation.Cause is ActivationCause.Rollback or ActivationCause.Unpinned ? actor() : null };
            await journal.CommitAsync(stored);
            return stored.Pin;
        },
        Look = async (workflows, _) =>
        {
            try
            {
                await journal.CommitAsync(new FolderLooked(workflows));
                return true;
            }
            catch (JournalException)
            {
                return false; // the journal says in the log what is wrong with it
            }
        },
        LastGood = async (workflowId, _) =>
        {
            var read = new VersionRead(workflowId, null);
            await journal.CommitAsync(read);
            return read.Source;
        },
        Pins = async _ =>
        {
            var read = new PinsRead();
            try
            {
                await journal.CommitAsync(read);
                return read.Pins;
            }
            catch (JournalException)
            {
                return null; // the journal says in the log what is wrong with it
            }
        },
    };
}

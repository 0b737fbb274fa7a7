using Automation.Server.Access;
using Automation.Server.Connectors.OAuth;
using Automation.Server.Runs;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Storage.Sql;
using Automation.Server.Triggers.Mqtt.Connections;
using Automation.Server.Triggers.Schedules;
using Automation.Server.Workflows;

namespace Automation.Server.Hosting;

/// <summary>Hands what other servers left to those who do something about it.</summary>
internal static class ServersWiring
{
    /// <summary>Comes before the connections to MQTT brokers: they are told first whether they are to listen.</summary>
    public static IServiceCollection AddServers(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var servers = ActivatorUtilities.CreateInstance<Servers>(provider);
            var (engine, waits, schedules) = (provider.GetRequiredService<RunEngine>(), provider.GetRequiredService<WaitTimer>(), provider.GetRequiredService<ScheduleTimer>());
            var (catalog, connections) = (provider.GetRequiredService<WorkflowCatalog>(), provider.GetRequiredService<MqttConnections>());
            var (secrets, directory, accounts) = (provider.GetRequiredService<StoredSecrets>(), provider.GetRequiredService<AccessDirectory>(), provider.GetRequiredService<OAuthConnections>());
            foreach (var duty in connections.Duties) servers.Offer(duty);
            var before = 0L;
            servers.Looked += look =>
            {
                connections.Hold(look.Held);
                if (!look.IsShared) return;
                Follow(catalog, look.Disabled);
                secrets.Follow(look.Revisions.GetValueOrDefault(SqlRevisions.Secrets));
                accounts.Follow(look.Revisions.GetValueOrDefault(SqlRevisions.OAuth));
                directory.Follow(look.Revisions.GetValueOrDefault(SqlRevisions.Access));
                engine.Look(look);
                if (look.Servers == before && !look.IsRoutine) return;
                before = look.Servers;
                waits.Look(); // those that have gone left their timers
                schedules.Look();
            };
            return servers;
        });
        services.AddHostedService(provider => provider.GetRequiredService<Servers>());
        return services;
    }

    /// <summary>An operator switched workflows on or off at another server.</summary>
    private static void Follow(WorkflowCatalog catalog, List<string> disabled)
    {
        var off = disabled.ToHashSet(StringComparer.Ordinal);
        foreach (var (id, state) in catalog.Current.Workflows)
        {
            if (state.Enabled == off.Contains(id)) catalog.SetEnabled(id, !off.Contains(id));
        }
    }
}

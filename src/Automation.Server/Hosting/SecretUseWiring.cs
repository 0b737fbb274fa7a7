using System.Text;
using System.Text.Json;
using Automation.Server.Connectors;
using Automation.Server.Secrets;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Hosting;

/// <summary>Finds out which secrets workflows, connections and endpoints need, for the list of secrets.</summary>
internal static class SecretUseWiring
{
    // Config properties that hold names of secrets, rather than texts with secrets in them.
    private static readonly HashSet<string> OfNames = new(StringComparer.Ordinal) { "secrets", "secret", "sign" };

    public static IServiceCollection AddSecretUses(this IServiceCollection services)
    {
        services.AddSingleton<SecretUses>(provider => () =>
            from workflow in provider.GetRequiredService<WorkflowCatalog>().Current.Workflows.Values
            where workflow.Version is not null
            from secret in In(workflow.Version!.Source).Union(workflow.Version.Steps.Values.Select(s => s.Type).OfType<OperationStep>().SelectMany(o => o.Secrets))
            select new SecretUse(secret, "workflow", workflow.WorkflowId));
        services.AddSingleton<SecretUses>(provider => () =>
            from connection in provider.GetRequiredService<IOptions<MqttOptions>>().Value.Connections
            where connection.Value.PasswordSecret.Length > 0
            select new SecretUse(connection.Value.PasswordSecret, "mqttConnection", connection.Key));
        services.AddSingleton<SecretUses>(provider =>
        () =>
        {
            using var scope = provider.CreateScope();
            var configs = scope.ServiceProvider.GetRequiredService<ManagementDb>().Endpoints.Where(e => e.Config.Contains("secret")).Select(e => new { e.Id, e.Config }).ToList();
            return configs.SelectMany(endpoint => In(Encoding.UTF8.GetBytes(endpoint.Config)).Select(secret => new SecretUse(secret, "endpoint", endpoint.Id)));
        });
        return services;
    }

    /// <summary>Names of the secrets that a version's document has, each once.</summary>
    internal static IReadOnlySet<string> In(VersionSource source) => In(source.Document.Utf8);

    private static HashSet<string> In(ReadOnlyMemory<byte> document)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        using var parsed = JsonDocument.Parse(document);
        Collect(parsed.RootElement, isName: false, names);
        return names;
    }

    private static void Collect(JsonElement element, bool isName, HashSet<string> names)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject()) Collect(property.Value, OfNames.Contains(property.Name), names);
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray()) Collect(item, isName, names);
                break;
            case JsonValueKind.String when element.GetString() is { } text:
                if (isName && SecretStore.IsName(text)) names.Add(text);
                names.UnionWith(SecretTemplate.Names(text));
                break;
        }
    }
}

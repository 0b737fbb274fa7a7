using System.Collections.Frozen;
using System.Text.Json;
using Automation.Server.Connectors.OAuth;
using Automation.Server.Workflows;

namespace Automation.Server.Connectors;

/// <summary>A connection that workflows use.</summary>
/// <param name="Connector">As its file is now.</param>
/// <param name="Name">The connection's.</param>
/// <param name="Credentials">Names of the credentials that the operations in use need.</param>
/// <param name="Client">How its access token is fetched; null where there is none.</param>
/// <param name="Workflows">Ids, sorted; also of workflows whose file has problems, as that of a secret that is missing.</param>
internal sealed record ConnectionUse(Connector Connector, string Name, IReadOnlyList<string> Credentials, OAuthClient? Client, IReadOnlyList<string> Workflows);

/// <summary>Finds out which connections workflows use.</summary>
internal sealed class ConnectionUses(WorkflowCatalog catalog, WorkflowFolder folder, ConnectorCatalog connectors)
{
    private Known? known; // of one set of workflows

    /// <summary>How the access tokens of the versions that take events, and of others that are loaded, are fetched; by the token's secret.</summary>
    public FrozenDictionary<string, OAuthClient> Clients()
    {
        var now = catalog.Current;
        if (known is { } before && ReferenceEquals(before.Of, now)) return before.Clients;
        var clients = now.Workflows.Values.Where(w => w.Version is not null).SelectMany(w => w.Version!.Steps.Values).Select(s => s.Type).OfType<OperationStep>().Select(o => o.Client).OfType<OAuthClient>()
            .DistinctBy(c => c.AccessToken, StringComparer.Ordinal).ToFrozenDictionary(c => c.AccessToken, StringComparer.Ordinal);
        known = new Known(now, clients);
        return clients;
    }

    /// <summary>Sorted by connector and name; without those that need no credentials.</summary>
    public IReadOnlyList<ConnectionUse> All()
    {
        var files = connectors.All().Where(c => c.Connector is not null).ToDictionary(c => c.Name, c => c.Connector!, StringComparer.Ordinal);
        var steps = from state in catalog.Current.Workflows.Values
                    from step in StepsOf(state)
                    where files.TryGetValue(step.Connector, out var connector) && connector.File.Operations.ContainsKey(step.Operation)
                    select (Connector: files[step.Connector], step.Operation, Connection: step.Connection ?? step.Connector, state.WorkflowId);
        return [.. from step in steps.Distinct()
                   group step by (step.Connector.Name, step.Connection) into uses
                   let connector = uses.First().Connector
                   let credentials = uses.Select(u => u.Operation).Distinct().SelectMany(o => Connection.CredentialsIn(OperationTemplates.Request(connector, o))).Distinct().Order(StringComparer.Ordinal).ToList()
                   where credentials.Count > 0
                   orderby connector.Name, uses.Key.Connection
                   select new ConnectionUse(connector, uses.Key.Connection, credentials, ClientOf(connector, uses.Select(u => u.Operation), uses.Key.Connection), [.. uses.Select(u => u.WorkflowId).Distinct().Order(StringComparer.Ordinal)])];
    }

    /// <summary>How the tokens of a connector's connection are fetched, whether a workflow uses it or not; null when there is no such connector, or its tokens are not fetched.</summary>
    public OAuthClient? ClientOf(string connector, string connection)
    {
        var found = connectors.All().FirstOrDefault(c => c.Name == connector).Connector;
        return found is null ? null : ClientOf(found, found.File.Operations.Keys, connection);
    }

    private static OAuthClient? ClientOf(Connector connector, IEnumerable<string> operations, string connection) =>
        operations.Select(o => OAuthClient.Of(connector, connector.File.Operations[o].Auth ?? connector.File.Auth, connection)).FirstOrDefault(c => c is not null);

    /// <summary>The steps of connectors in a workflow's file, or in its last good version where the file cannot be read.</summary>
    private List<(string Connector, string Operation, string? Connection)> StepsOf(WorkflowState state)
    {
        var found = new List<(string, string, string?)>();
        var text = state.Version?.Source.Document.Utf8 ?? "{}"u8.ToArray();
        if (state.Problems.Count > 0 && folder.ReadWorkflow(state.WorkflowId, out _) is { } file) text = file;
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind is not JsonValueKind.Object || !document.RootElement.TryGetProperty("steps", out var steps) || steps.ValueKind is not JsonValueKind.Object) return found;
            foreach (var step in steps.EnumerateObject())
            {
                if (Text(step.Value, "type") is not { } type || Connector.NameOf(type) is not { } connector) continue;
                var connection = Text(step.Value, OperationFields.ConnectionName);
                if (connection is null || Connection.IsName(connection)) found.Add((connector, type[(connector.Length + 1)..], connection));
            }
        }
        catch (JsonException)
        {
            // A file that is no JSON names no connection; its problems say so.
        }

        return found;
    }

    private static string? Text(JsonElement step, string name) => step.ValueKind is JsonValueKind.Object && step.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private sealed record Known(WorkflowSet Of, FrozenDictionary<string, OAuthClient> Clients);
}

using System.Collections.Frozen;
using Automation.Server.Hosting;
using Automation.Server.Secrets;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>The named connections of this server, for as long as it runs. It starts whether or not their brokers are there.</summary>
/// <remarks>
/// Receiving ends first when the server stops; the connections themselves end last, so that runs which are drained may publish. Two servers with one
/// client identifier would throw each other out; the identifiers made here differ for each data folder, which one server holds at a time.
/// </remarks>
internal sealed class MqttConnections : IHostedService, IAsyncDisposable
{
    private readonly FrozenDictionary<string, MqttConnection> all;
    private readonly Lock gate = new();
    private FrozenSet<string> held = [];
    private WorkflowSet workflows = WorkflowSet.Empty;
    private bool disposed;

    public MqttConnections(
        IOptions<MqttOptions> options, DataFolder data, SecretStore secrets, Intake intake, IdSource ids, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<MqttConnections> log)
    {
        all = options.Value.Connections.ToFrozenDictionary(
            c => c.Key,
            c =>
            {
                var file = MqttConnectionFile.Open(data.Path, c.Key);
                var settings = MqttClientSettings.Of(c.Key, c.Value, c.Value.ClientId.Length > 0 ? c.Value.ClientId : file.ClientId, secrets, time);
                return new MqttConnection(c.Key, c.Value, settings, file, (name, answers) => new MqttIntake(intake, ids, time, lifetime, answers, name), time, log);
            },
            StringComparer.Ordinal);
        All = [.. all.Values.OrderBy(c => c.Name, StringComparer.Ordinal)];
    }

    /// <summary>Sorted by name.</summary>
    public IReadOnlyList<MqttConnection> All { get; }

    /// <summary>Says which connections are down; null when none is. Without their reasons, which may name what is inside the network.</summary>
    public string? Problem
    {
        get
        {
            var down = All.Where(c => c.Status.Server is null).Select(c => c.Name).ToList();
            return down.Count == 0 ? null : $"Not connected: {string.Join(", ", down)}. /api/mqtt/connections says why.";
        }
    }

    public MqttConnection? Find(string name) => all.GetValueOrDefault(name);

    /// <summary>Those without a share name: each message comes to every server that listens, so one listens for all.</summary>
    public IEnumerable<string> Duties => All.Where(c => c.ShareName.Length == 0).Select(DutyOf);

    public void Use(WorkflowSet workflows)
    {
        lock (gate)
        {
            this.workflows = workflows;
            foreach (var connection in All) UseAt(connection);
        }
    }

    /// <summary>Listens where this server is the one that listens, and nowhere else any more. Publishing does not depend on it.</summary>
    public void Hold(IReadOnlyCollection<string> duties)
    {
        lock (gate)
        {
            var before = held;
            held = duties.ToFrozenSet(StringComparer.Ordinal);
            foreach (var connection in All.Where(c => before.Contains(DutyOf(c)) != held.Contains(DutyOf(c)))) UseAt(connection);
        }
    }

    private void UseAt(MqttConnection connection) => connection.Use(workflows, connection.ShareName.Length > 0 || held.Contains(DutyOf(connection)));

    private static string DutyOf(MqttConnection connection) => $"mqtt/{connection.Name}";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var connection in All) connection.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(All.Select(c => c.StopReceivingAsync())).WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true)) return; // the container knows it by two names
        await Task.WhenAll(All.Select(c => c.DisposeAsync().AsTask()));
    }
}

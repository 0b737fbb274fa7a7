namespace Automation.EndToEnd.Tests.Processes;

/// <summary>Several servers on one PostgreSQL, each with a data folder of its own, with the same workflow files and a receiver that these name as <c>RECEIVER</c>.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly ScratchFolder scratch;

    private Cluster(ScratchFolder scratch, PostgresCluster postgres, Receiver receiver, IReadOnlyList<ServerProcess> servers)
    {
        this.scratch = scratch;
        Postgres = postgres;
        Receiver = receiver;
        Servers = servers;
    }

    public PostgresCluster Postgres { get; }

    public Receiver Receiver { get; }

    public IReadOnlyList<ServerProcess> Servers { get; }

    /// <param name="files">File name below the workflows folder → text.</param>
    /// <param name="environment">Of each server.</param>
    /// <param name="answer">What the receiver answers.</param>
    public static async Task<Cluster> StartAsync(IReadOnlyDictionary<string, string> files, IReadOnlyDictionary<string, string?> environment, Func<Microsoft.AspNetCore.Http.HttpContext, Arrival, Task> answer)
    {
        var (scratch, postgres, receiver) = (new ScratchFolder(), await PostgresCluster.StartAsync(), await Receiver.StartAsync(answer));
        foreach (var (name, text) in files) scratch.Write(Path.Combine("workflows", name), text.Replace("RECEIVER", receiver.Address, StringComparison.Ordinal));
        var servers = await Task.WhenAll(new[] { "a", "b", "c" }.Select(name => ServerProcess.StartAsync(new ServerSettings
        {
            Data = scratch.Folder(name),
            Workflows = scratch.At("workflows"),
            Environment = new Dictionary<string, string?>(environment) { ["Database"] = postgres.Address, ["Server__Name"] = name },
        })));
        return new Cluster(scratch, postgres, receiver, servers);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Servers) await server.DisposeAsync();
        await Receiver.DisposeAsync();
        await Postgres.DisposeAsync();
        scratch.Dispose();
    }
}

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>A PostgreSQL of a test's own, on the disk: <c>tests/postgres</c>.</summary>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private readonly string folder;

    private PostgresCluster(string folder, string address)
    {
        this.folder = folder;
        Address = address;
    }

    /// <summary>For the setting <c>Database</c>.</summary>
    public string Address { get; }

    public static async Task<PostgresCluster> StartAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"automation-postgres-{Guid.NewGuid():N}");
        return new PostgresCluster(folder, await RunAsync("start", folder));
    }

    /// <summary>SIGKILL to its first process; the others notice.</summary>
    public Task KillAsync() => RunAsync("kill", folder);

    /// <summary>Starts it again, and waits until it has recovered.</summary>
    public Task RestartAsync() => RunAsync("start", folder);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop", folder);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string> RunAsync(string command, string folder)
    {
        var result = await Shell.RunAsync(Repository.PathOf("tests", "postgres"), [command, folder], within: TimeSpan.FromMinutes(2));
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        return result.Output.Trim();
    }
}

using Microsoft.AspNetCore.Http;

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>A server with its own data folder, workflow files, and a receiver that the workflows name as <c>RECEIVER</c>.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private readonly ScratchFolder scratch;
    private readonly IAsyncDisposable? disk;

    private Installation(ScratchFolder scratch, IAsyncDisposable? disk, Receiver receiver, ServerProcess server)
    {
        this.scratch = scratch;
        this.disk = disk;
        Receiver = receiver;
        Server = server;
    }

    public Receiver Receiver { get; }

    public ServerProcess Server { get; }

    /// <param name="files">File name below the workflows folder → text.</param>
    /// <param name="environment">Further environment variables of the server.</param>
    /// <param name="answer">What the receiver answers; 200 when null.</param>
    /// <param name="byScript">Starts it with <c>./run</c>.</param>
    /// <param name="mount">Makes a disk of its own of the empty data folder.</param>
    public static async Task<Installation> StartAsync(
        IReadOnlyDictionary<string, string> files,
        IReadOnlyDictionary<string, string?>? environment = null,
        Func<HttpContext, Arrival, Task>? answer = null,
        bool byScript = false,
        Func<string, Task<IAsyncDisposable>>? mount = null)
    {
        var scratch = new ScratchFolder();
        var receiver = await Receiver.StartAsync(answer);
        foreach (var (name, text) in files) Write(scratch, receiver, name, text);
        var data = scratch.Folder("data");
        var disk = mount is null ? null : await mount(data);
        var settings = new ServerSettings
        {
            Data = data,
            Workflows = scratch.Folder("workflows"),
            ByScript = byScript,
            Environment = environment ?? new Dictionary<string, string?>(),
        };
        return new Installation(scratch, disk, receiver, await ServerProcess.StartAsync(settings));
    }

    /// <summary>Saves a workflow file while the server runs.</summary>
    public void Write(string name, string text) => Write(scratch, Receiver, name, text);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Receiver.DisposeAsync();
        if (disk is not null) await disk.DisposeAsync();
        scratch.Dispose();
    }

    private static void Write(ScratchFolder scratch, Receiver receiver, string name, string text) =>
        scratch.Write(Path.Combine("workflows", name), text.Replace("RECEIVER", receiver.Address, StringComparison.Ordinal));
}

using System.Collections.Concurrent;
using Automation.Server.Workflows;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Workflows;

/// <summary>A workflows folder on disk and the catalogue that follows it.</summary>
internal sealed class FolderKit : IDisposable
{
    private readonly string temp = Directory.CreateTempSubdirectory("workflows-").FullName;

    public FolderKit()
    {
        Root = Path.Combine(temp, "workflows");
        Directory.CreateDirectory(Root);
        Folder = new WorkflowFolder(Root);
    }

    public string Root { get; }

    public WorkflowFolder Folder { get; }

    public Compiling Compiling { get; } = new();

    public ConcurrentQueue<string> Stored { get; } = new();

    public Dictionary<string, VersionSource> LastGood { get; } = [];

    public Dictionary<string, Pin> Pins { get; } = [];

    public List<string> Disabled { get; } = [];

    public Exception? StoreFailure { get; set; }

    public LogLines Lines { get; } = new();

    public static string Workflow(string message) => $$"""{ "steps": { "a": { "type": "log", "message": "{{message}}" } } }""";

    public static string ScriptWorkflow(string file) => $$"""{ "steps": { "a": { "type": "script", "file": "{{file}}" } } }""";

    public WorkflowCatalog Catalog() => new(
        Folder,
        Compiling.Compiler,
        new CatalogStore
        {
            Activate = (activation, _) =>
            {
                if (StoreFailure is { } failure) throw failure;
                var (id, hash) = (activation.Version.WorkflowId, activation.Version.Hash);
                if (activation.Cause is ActivationCause.Start or ActivationCause.File && Pins.GetValueOrDefault(id) is { } pin && pin.Files == activation.Files.Hash) return Task.FromResult<Pin?>(pin);
                Stored.Enqueue($"{id}@{hash}");
                Pins.Remove(id);
                if (activation.Cause is ActivationCause.Rollback) Pins[id] = new Pin(hash, activation.Files.Hash, DateTimeOffset.UnixEpoch);
                return Task.FromResult(Pins.GetValueOrDefault(id));
            },
            Look = (_, _) => Task.FromResult(true),
            LastGood = (id, _) => Task.FromResult(LastGood.GetValueOrDefault(id)),
            Pins = _ => Task.FromResult<IReadOnlyDictionary<string, Pin>?>(Pins.ToDictionary()),
        },
        Disabled,
        [],
        Lines.For<WorkflowCatalog>());

    public async Task<WorkflowCatalog> LoadedAsync()
    {
        var catalog = Catalog();
        await catalog.LoadAsync(CancellationToken.None);
        return catalog;
    }

    public string PathOf(string file) => Path.Combine(Root, file);

    public void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
        File.WriteAllText(PathOf(file), text);
    }

    /// <summary>Puts a file in place as careful editors do: another file, then a rename.</summary>
    public void Replace(string file, string text)
    {
        File.WriteAllText(PathOf(".new"), text);
        File.Move(PathOf(".new"), PathOf(file), overwrite: true);
    }

    public void Dispose() => Directory.Delete(temp, recursive: true);

    /// <summary>Keeps what was logged.</summary>
    internal sealed class LogLines
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger<T> For<T>() => new Keeper<T>(All);

        private sealed class Keeper<T>(ConcurrentQueue<string> lines) : ILogger<T>
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => NullLogger.Instance.BeginScope(state);

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Enqueue(formatter(state, exception));
        }
    }
}

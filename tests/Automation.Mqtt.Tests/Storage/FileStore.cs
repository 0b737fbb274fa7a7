using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Automation.Mqtt.Storage;

namespace Automation.Mqtt.Tests.Storage;

/// <summary>
/// A store in a file: an append log with a line for each change and one for the end of a unit. It can be cut after any unit, as a crash
/// would: nothing after the cut is committed, and what waits for it waits until <see cref="Crash"/>.
/// </summary>
internal sealed class FileStore : IMqttStore, IAsyncDisposable
{
    private const string EndOfUnit = "end";

    private static readonly Dictionary<string, Type> ChangeTypes =
        typeof(MqttStoreChange).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(MqttStoreChange))).ToDictionary(type => type.Name);

    private readonly string _file;
    private readonly int _cutAfter;
    private readonly Channel<(string Text, TaskCompletionSource Stored)> _waiting = Channel.CreateUnbounded<(string, TaskCompletionSource)>();
    private readonly ConcurrentQueue<TaskCompletionSource> _lost = new();
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _writing;
    private volatile TaskCompletionSource _gate = new();
    private volatile bool _isCrashed;

    /// <param name="file">The log; it is gone on with if it is there.</param>
    /// <param name="cutAfter">How many units are committed before the disk is dead; none after it.</param>
    public FileStore(string file, int cutAfter = int.MaxValue)
    {
        _file = file;
        _cutAfter = cutAfter;
        _gate.SetResult();
        _writing = WriteAsync();
    }

    /// <summary>Completes when a unit came that is behind the cut.</summary>
    public Task Cut => _cut.Task;

    /// <summary>Units that were committed.</summary>
    public int Units { get; private set; }

    /// <summary>While set, each unit fails.</summary>
    public bool IsBroken { get; set; }

    /// <summary>No unit is committed before <see cref="Open"/>.</summary>
    public void Close() => _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _gate.TrySetResult();

    public ValueTask AppendAsync(IReadOnlyList<MqttStoreChange> changes) => AppendAsync(changes, note: null);

    /// <summary>Stores a line of the application in the same unit.</summary>
    public ValueTask AppendAsync(IReadOnlyList<MqttStoreChange> changes, string? note)
    {
        var lines = changes.Select(change => $"{change.GetType().Name}\t{JsonSerializer.Serialize(change, change.GetType())}\n");
        var text = string.Concat(lines) + (note is null ? "" : $"note\t{note}\n") + EndOfUnit + "\n";
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_waiting.Writer.TryWrite((text, stored)))
            Fail(stored);
        return new ValueTask(stored.Task);
    }

    public async IAsyncEnumerable<MqttStoreChange> LoadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var (type, json) in await ReadAsync())
        {
            if (ChangeTypes.TryGetValue(type, out var changeType))
                yield return (MqttStoreChange)JsonSerializer.Deserialize(json, changeType)!;
        }
    }

    /// <summary>What the application stored.</summary>
    public async Task<List<string>> NotesAsync() => [.. (await ReadAsync()).Where(line => line.Type == "note").Select(line => line.Json)];

    /// <summary>What is stored now.</summary>
    public async Task<StoredState> StateAsync()
    {
        var state = new StoredState();
        await foreach (var change in LoadAsync())
            state.Apply(change);
        return state;
    }

    /// <summary>The process is dead: whoever waits for a commit is told that there was none.</summary>
    public void Crash()
    {
        _isCrashed = true;
        while (_lost.TryDequeue(out var lost))
            Fail(lost);
    }

    public async ValueTask DisposeAsync()
    {
        Open();
        Crash();
        _waiting.Writer.TryComplete();
        await _writing;
    }

    private static void Fail(TaskCompletionSource stored) => stored.TrySetException(new IOException("The disk is dead."));

    private async Task WriteAsync()
    {
        await foreach (var (text, stored) in _waiting.Reader.ReadAllAsync())
        {
            await _gate.Task;
            if (IsBroken)
            {
                Fail(stored);
                continue;
            }

            if (Units < _cutAfter && !_isCrashed)
            {
                await File.AppendAllTextAsync(_file, text);
                Units++;
                stored.SetResult();
                continue;
            }

            if (_cut.TrySetResult())
                await File.AppendAllTextAsync(_file, text[..(text.Length / 2)]); // a torn unit
            _lost.Enqueue(stored);
            if (_isCrashed)
                Crash();
        }
    }

    private async Task<List<(string Type, string Json)>> ReadAsync()
    {
        List<(string, string)> committed = [], unit = [];
        if (!File.Exists(_file))
            return committed;
        var text = await File.ReadAllTextAsync(_file);
        var end = text.LastIndexOf(EndOfUnit + "\n", StringComparison.Ordinal);
        if (end < 0)
            text = "";
        else if (end + EndOfUnit.Length + 1 < text.Length)
            await File.WriteAllTextAsync(_file, text = text[..(end + EndOfUnit.Length + 1)]); // what is torn goes
        foreach (var line in text.Split('\n'))
        {
            if (line == EndOfUnit)
            {
                committed.AddRange(unit);
                unit.Clear();
            }
            else if (line.IndexOf('\t', StringComparison.Ordinal) is var tab and > 0)
            {
                unit.Add((line[..tab], line[(tab + 1)..]));
            }
        }

        return committed;
    }
}

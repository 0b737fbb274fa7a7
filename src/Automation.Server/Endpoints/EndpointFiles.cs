using Automation.Server.Sandbox;
using Automation.Server.Storage;
using Automation.Server.Workflows;

namespace Automation.Server.Endpoints;

/// <summary>Keeps endpoints and event types up with their files. A file with problems leaves what was stored of it; what is removed is deleted once no server has it.</summary>
internal sealed class EndpointFiles(WorkflowFolder folder, EndpointFileReader reader, Journal journal, EndpointTargets targets, TimeProvider time, ILogger<EndpointFiles> log) : IDisposable
{
    private readonly SemaphoreSlim looking = new(1);
    private Dictionary<string, Known> known = new(StringComparer.Ordinal);
    private bool isStored;
    private volatile IReadOnlyList<Problem> problems = [];

    /// <summary>All mistakes of the last look.</summary>
    public IReadOnlyList<Problem> Problems => problems;

    /// <summary>Looks at the files and stores what changed; what could not be stored waits for the next look.</summary>
    public async Task RefreshAsync(bool everything, CancellationToken cancellation)
    {
        await looking.WaitAsync(cancellation);
        try
        {
            if (!folder.Exists) return; // a folder that is not there says nothing: endpoints that are deleted lose their secrets
            var next = new Dictionary<string, Known>(StringComparer.Ordinal);
            foreach (var path in folder.EndpointFiles())
            {
                var stamp = folder.Stamp(path);
                next[path] = !everything && known.TryGetValue(path, out var before) && before.Stamp == stamp && before.Problems.Count == 0 ? before : await ReadAsync(path, stamp, cancellation);
            }

            var isSame = isStored && next.Count == known.Count && next.All(n => known.TryGetValue(n.Key, out var before) && ReferenceEquals(before, n.Value));
            Tell(next);
            known = next;
            if (isSame) return;
            isStored = false;
            var types = next.GetValueOrDefault(EndpointFileReader.EventTypesPath);
            var looked = new EndpointFolderLooked([.. next.Values.Select(n => n.Endpoint).OfType<EndpointFile>()], types is null ? [] : types.Types, time.GetUtcNow());
            await journal.CommitAsync(looked);
            isStored = true;
            foreach (var id in looked.Changed) targets.Forget(id);
        }
        catch (Exception failure) when (failure is JournalException or SandboxUnavailableException or IOException or UnauthorizedAccessException)
        {
            Log.FilesFailed(log, failure);
        }
        finally
        {
            looking.Release();
        }
    }

    public void Dispose() => looking.Dispose();

    private async Task<Known> ReadAsync(string path, FileStamp? stamp, CancellationToken cancellation)
    {
        var text = folder.ReadScript("", "/" + path);
        if (path == EndpointFileReader.EventTypesPath)
        {
            var (types, wrong) = EndpointFileReader.EventTypes(text);
            return new Known(stamp, null, types, wrong);
        }

        var (endpoint, found) = await reader.EndpointAsync(path, text, cancellation);
        return new Known(stamp, endpoint, null, found);
    }

    private void Tell(Dictionary<string, Known> next)
    {
        var now = next.Values.SelectMany(n => n.Problems).ToList();
        foreach (var problem in now.Except(problems)) Log.BadFile(log, problem.File, problem.Pointer.Length == 0 ? problem.Message : $"{problem.Pointer}: {problem.Message}");
        problems = now;
    }

    private sealed record Known(FileStamp? Stamp, EndpointFile? Endpoint, IReadOnlyList<EventTypeFile>? Types, IReadOnlyList<Problem> Problems);
}

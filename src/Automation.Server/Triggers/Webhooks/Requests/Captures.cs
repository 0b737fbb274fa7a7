using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Triggers.Webhooks.Requests;

/// <summary>The paths whose requests are kept although no workflow takes them yet: to see what a sender sends before a workflow is written.</summary>
/// <remarks>Rows of the journal, looked up at most every few seconds, so that another server's captures count here soon.</remarks>
internal sealed class Captures(Journal journal, IServiceScopeFactory scopes, TimeProvider time) : IDisposable
{
    public const int Most = 100;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim gate = new(1, 1);
    private volatile Known? known;

    /// <param name="path">Below <c>/hooks</c>, as sent.</param>
    public async ValueTask<bool> HasAsync(string path)
    {
        var now = time.GetUtcNow();
        var at = known;
        if (at is null || now - at.At >= Fresh) at = await LookAsync(now);
        return (at.Paths.TryGetValue(path, out var until) && until > now) || at.Patterns.Exists(each => each.Until > now && each.Pattern.Takes(path));
    }

    /// <param name="path">Below <c>/hooks</c>; as a trigger has it, with parameters, for every path that it would take.</param>
    /// <param name="until">Null for no longer.</param>
    public async Task SetAsync(string path, DateTimeOffset? until)
    {
        await journal.CommitAsync(new PathCaptured(path, time.GetUtcNow(), until));
        known = null;
    }

    public void Dispose() => gate.Dispose();

    private async Task<Known> LookAsync(DateTimeOffset now)
    {
        await gate.WaitAsync();
        try
        {
            if (known is { } fresh && now - fresh.At < Fresh) return fresh;
            await using var scope = scopes.CreateAsyncScope();
            var rows = await scope.ServiceProvider.GetRequiredService<ManagementDb>().Captures.Where(row => row.UntilAt > now).OrderBy(row => row.Path).Take(Most).ToListAsync();
            var patterns = new List<(PathPattern Pattern, DateTimeOffset Until)>();
            foreach (var row in rows)
            {
                if (PathPattern.TryParse(row.Path, out var pattern, out _) && pattern!.Names.Count > 0) patterns.Add((pattern, row.UntilAt));
            }

            return known = new Known(now, rows.ToDictionary(row => row.Path, row => row.UntilAt, StringComparer.Ordinal), patterns);
        }
        finally
        {
            gate.Release();
        }
    }

    private sealed record Known(DateTimeOffset At, Dictionary<string, DateTimeOffset> Paths, List<(PathPattern Pattern, DateTimeOffset Until)> Patterns);
}

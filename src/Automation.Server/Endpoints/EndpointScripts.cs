using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Sandbox;
using Automation.Server.Values;

namespace Automation.Server.Endpoints;

/// <summary>Runs endpoints' filters and transforms. One that hangs or takes all memory again and again is not run for a while, as each such call holds up the events of others and costs a process.</summary>
/// <remarks>The pauses are this server's own. Thread-safe.</remarks>
internal sealed class EndpointScripts(SandboxPool sandbox, TimeProvider time, ILogger<EndpointScripts> log)
{
    /// <summary>Harmful calls in a row before the first pause.</summary>
    public const int MostHarm = 3;

    private const int MostKept = 10_000;

    /// <summary>The first pause; each further harmful call after one doubles it.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, Harm> harms = new(StringComparer.Ordinal);

    /// <returns>What the transform made, whether the filter leaves the event out, and what went wrong, in a sentence.</returns>
    /// <exception cref="SandboxUnavailableException">Nothing can be run now.</exception>
    public async ValueTask<(Json? Transformed, bool IsLeftOut, string? Problem)> RunAsync(string endpoint, EndpointConfig config, EmissionBodies bodies, CancellationToken cancellation)
    {
        var name = NameOf(config);
        if (config.Program(name) is not { } program) return default;
        if (harms.TryGetValue(endpoint, out var known) && known.Program == name && known.Until > time.GetUtcNow())
            return (null, false, $"The endpoint's script was not run: it hung or took too much memory {known.Count} times in a row, and is tried again at {known.Until:yyyy-MM-dd HH:mm:ss} UTC.");
        var scope = new SandboxScope { Event = bodies.Scope, Input = bodies.Data };
        if (config.Filter is not null)
        {
            var filtered = await sandbox.CallAsync(program, "filter", scope, cancellation);
            if (filtered.Error is { } error) return (null, false, Failed(endpoint, name, error));
            if (!filtered.Value.Utf8.Span.SequenceEqual("[true]"u8))
            {
                harms.TryRemove(endpoint, out _);
                return (null, true, null);
            }
        }

        SandboxResult? result = config.Transform is null ? null : await sandbox.CallAsync(program, "transform", scope, cancellation);
        if (result?.Error is { } broken) return (null, false, Failed(endpoint, name, broken));
        harms.TryRemove(endpoint, out _);
        return (result?.Value, false, null);
    }

    private string Failed(string endpoint, string program, SandboxError error)
    {
        if (error.Kind is SandboxErrorKind.TimedOut or SandboxErrorKind.OutOfMemory or SandboxErrorKind.Crashed)
        {
            if (harms.Count >= MostKept) harms.Clear();
            var now = time.GetUtcNow();
            var harm = harms.AddOrUpdate(endpoint, _ => new Harm(program, 1, default, default), (_, before) => before.Program == program ? before with { Count = before.Count + 1 } : new Harm(program, 1, default, default));
            if (harm.Count >= MostHarm)
            {
                var pause = harm.Pause == default ? FirstPause : harm.Pause * 2 < LongestPause ? harm.Pause * 2 : LongestPause;
                harms[endpoint] = harm with { Pause = pause, Until = now + pause };
                Log.ScriptPaused(log, endpoint, harm.Count, pause, error.Message);
            }
        }

        return $"The endpoint's script failed at {error.Unit}: {error.Message}";
    }

    private static string NameOf(EndpointConfig config) => "endpoint/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(config.Filter + "\0" + config.Transform)).AsSpan(0, 16));

    /// <param name="Program">The scripts that did it; others begin anew.</param>
    private sealed record Harm(string Program, int Count, TimeSpan Pause, DateTimeOffset Until);
}

using Automation.Server.Sandbox;
using Automation.Server.Values;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Sandbox;

/// <summary>Pools and programs for tests; a test states only what matters to it.</summary>
internal static class SandboxPools
{
    private static int lastProgram;

    /// <summary>A pool whose wall time suits a slow machine.</summary>
    public static SandboxPool Create(Action<SandboxOptions>? change = null)
    {
        var options = new SandboxOptions { Folder = SandboxInstallation.Folder, WallTime = TimeSpan.FromSeconds(15) };
        change?.Invoke(options);
        return new SandboxPool(options, TimeProvider.System, NullLogger<SandboxPool>.Instance);
    }

    public static SandboxProgram Program(params SandboxUnit[] units) => new($"program@{Interlocked.Increment(ref lastProgram)}", [.. units]);

    public static SandboxProgram Function(string code) => Program(new FunctionUnit("code", "inline", code));

    public static SandboxProgram Module(string source) => Program(new ModuleUnit("code", "script.ts", source));

    public static SandboxProgram Expressions(params string[] codes) =>
        Program(new ExpressionUnit("code", [.. codes.Select((code, index) => new SandboxExpression($"/steps/a/{index}", code))]));

    /// <summary>Calls the unit <c>code</c>; the event is JSON text.</summary>
    public static async Task<SandboxResult> RunAsync(this SandboxPool pool, SandboxProgram program, string? @event = null, string unit = "code") =>
        await pool.CallAsync(program, unit, new SandboxScope { Event = @event is null ? null : Json.Parse(@event) }, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    public static async Task<string> ValueOf(this SandboxPool pool, SandboxProgram program, string? @event = null)
    {
        var result = await pool.RunAsync(program, @event);
        Assert.Null(result.Error);
        return result.Value.ToString();
    }

    public static async Task<SandboxError> ErrorOf(this SandboxPool pool, SandboxProgram program, string? @event = null)
    {
        var result = await pool.RunAsync(program, @event);
        return result.Error ?? throw new InvalidOperationException($"No error but {result.Value}");
    }
}

/// <summary>One pool for tests that do no harm to it.</summary>
public sealed class SharedPool : IAsyncDisposable
{
    internal SandboxPool Pool { get; } = SandboxPools.Create();

    public ValueTask DisposeAsync() => Pool.DisposeAsync();
}

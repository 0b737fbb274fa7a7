using Automation.Server.Sandbox;
using Automation.Server.Values;

namespace Automation.Server.Editing;

/// <summary>Runs an expression or a script on sample data, as a step would, and stores nothing. Nothing is left of one trial in the next, be the text the same.</summary>
/// <param name="trials">Where it runs.</param>
/// <param name="env">What runs see as <c>env</c>.</param>
/// <param name="time">The clock.</param>
internal sealed class Evaluation(Trials trials, Func<Json> env, TimeProvider time)
{
    /// <summary>Longest text.</summary>
    public const int MaxCharacters = 256 * 1024;

    private const string Unit = "sample";

    /// <param name="kind">What the text is.</param>
    /// <param name="text">The expression, or the script.</param>
    /// <param name="file">The script's file name: then it is a module; null for a function body.</param>
    /// <param name="scope">What it sees; <c>env</c> is the server's, and <c>run</c> a sample unless one is given.</param>
    /// <param name="cancellation">The caller's.</param>
    /// <exception cref="SandboxUnavailableException">No process can be started.</exception>
    public async Task<(SandboxResult Result, TimeSpan Took)> RunAsync(EvaluationKind kind, string text, string? file, SandboxScope scope, CancellationToken cancellation)
    {
        SandboxUnit unit = kind is EvaluationKind.Expression
            ? new ExpressionUnit(Unit, [new SandboxExpression("", text)])
            : file is null ? new FunctionUnit(Unit, "script", text) : new ModuleUnit(Unit, file, text);
        var seen = scope with { Env = env(), Run = scope.Run ?? Json.From(new { id = "run_0000000000000", workflow = "sample", version = "sample", startedAt = time.GetUtcNow() }) };
        var start = time.GetTimestamp();
        var result = await trials.Sandbox.CallAsync(new SandboxProgram($"sample/{Guid.NewGuid():n}", [unit]), Unit, seen, cancellation);
        return (result, time.GetElapsedTime(start));
    }
}

/// <summary>What a text is.</summary>
internal enum EvaluationKind
{
    /// <summary>What stands between <c>${</c> and <c>}</c>.</summary>
    Expression,

    /// <summary>A function body with <c>return</c>, or a module when it has a file name.</summary>
    Script,
}

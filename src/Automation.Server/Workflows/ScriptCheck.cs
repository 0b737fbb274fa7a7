using Automation.Server.Sandbox;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows;

/// <summary>Has the sandbox parse the scripts of a program, without running them.</summary>
internal sealed class ScriptCheck(SandboxPool sandbox)
{
    public async Task<IReadOnlyList<ScriptProblem>> CheckAsync(SandboxProgram program, CancellationToken cancellation) =>
        [.. (await sandbox.CheckAsync(program, cancellation)).Select(e => new ScriptProblem(e.Message, e.Script, e.Line, e.Column, e.Pointer))];
}

using System.Collections.Immutable;
using Automation.Server.Values;

namespace Automation.Server.Sandbox;

internal sealed record SandboxProgram(string Id, ImmutableArray<SandboxUnit> Units);

internal abstract record SandboxUnit(string Id);

internal sealed record ExpressionUnit(string Id, ImmutableArray<SandboxExpression> Expressions) : SandboxUnit(Id);

internal sealed record SandboxExpression(string Pointer, string Code);

internal sealed record FunctionUnit(string Id, string ScriptName, string Code) : SandboxUnit(Id);

internal sealed record ModuleUnit(string Id, string ScriptName, string Source) : SandboxUnit(Id);

internal readonly record struct SandboxScope
{
    public Json? Event { get; init; }
    public Json? Input { get; init; }
    public Json? Steps { get; init; }
    public Json? Vars { get; init; }
    public Json? Run { get; init; }
    public Json? Env { get; init; }
    public Json? Item { get; init; }
    public Json? Index { get; init; }
}

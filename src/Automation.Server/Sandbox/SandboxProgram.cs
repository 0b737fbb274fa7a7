using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Automation.Server.Sandbox;

/// <summary>The scripts and expressions of one workflow version.</summary>
/// <param name="Id">Unique for this content, such as the workflow's id and hash: a process that has loaded it does not look again.</param>
/// <param name="Units">What can be called, each by its id.</param>
internal sealed record SandboxProgram(string Id, ImmutableArray<SandboxUnit> Units)
{
    private readonly FrozenDictionary<string, int> indexes =
        Units.Select((unit, index) => (unit.Id, index)).ToFrozenDictionary(u => u.Id, u => u.index, StringComparer.Ordinal);

    public bool Has(string unitId) => indexes.ContainsKey(unitId);

    /// <summary>The position of a unit; throws <see cref="ArgumentException"/> for one that the program does not have.</summary>
    internal int IndexOf(string unitId) =>
        indexes.TryGetValue(unitId, out var index) ? index : throw new ArgumentException($"Program {Id} has no unit {unitId}.", nameof(unitId));
}

/// <summary>What one call runs. The id is unique in the program, such as <c>steps/slack</c>.</summary>
internal abstract record SandboxUnit(string Id);

/// <summary>All expressions of a step: one call, whose result is a JSON array with one value for each expression.</summary>
/// <remarks>JavaScript, not TypeScript; may not wait for promises. <c>undefined</c> becomes null.</remarks>
internal sealed record ExpressionUnit(string Id, ImmutableArray<SandboxExpression> Expressions) : SandboxUnit(Id);

/// <param name="Pointer">JSON pointer into the workflow file; errors carry it.</param>
/// <param name="Code">The text between <c>${</c> and <c>}</c>.</param>
internal sealed record SandboxExpression(string Pointer, string Code);

/// <summary>A function body with <c>return</c>, JavaScript or TypeScript, that may <c>await</c>. The scope's values are its parameters.</summary>
internal sealed record FunctionUnit(string Id, string ScriptName, string Code) : SandboxUnit(Id);

/// <summary>A module whose default export takes the scope as one object. JavaScript or TypeScript, may be async, may not import.</summary>
internal sealed record ModuleUnit(string Id, string ScriptName, string Source) : SandboxUnit(Id);

/// <summary>A JSON Schema, draft 2020-12: a call checks the scope's input, and its result is what is wrong with it, see <see cref="SchemaErrors"/>.</summary>
/// <param name="Id">Of the unit.</param>
/// <param name="ScriptName">Its JSON pointer in the workflow file, or the name of its own file.</param>
/// <param name="Schema">The schema as a JSON text.</param>
internal sealed record SchemaUnit(string Id, string ScriptName, string Schema) : SandboxUnit(Id);

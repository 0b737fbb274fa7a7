using System.Buffers;
using Automation.Server.Sandbox;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Workflows.Templates;

/// <summary>The expressions of a step whose every one is a <see cref="PlainPath"/>.</summary>
internal sealed class PlainPaths
{
    private readonly PlainPath[] paths;

    private PlainPaths(PlainPath[] paths) => this.paths = paths;

    /// <summary>Null when one of the expressions is more than a path.</summary>
    public static PlainPaths? Of(IEnumerable<SandboxExpression> expressions)
    {
        var paths = expressions.Select(e => PlainPath.TryParse(e.Code)).ToArray();
        return paths.Contains(null) ? null : new PlainPaths(paths!);
    }

    /// <summary>A JSON array, one value an expression; false when the sandbox has to work them out.</summary>
    public bool TryRead(Event accepted, Json input, Json variables, out Json values)
    {
        values = default;
        var buffer = new ArrayBufferWriter<byte>(256);
        buffer.Write("["u8);
        for (var i = 0; i < paths.Length; i++)
        {
            if (!paths[i].TryRead(accepted, input, variables, out var value)) return false;
            if (i > 0) buffer.Write(","u8);
            buffer.Write(Json.WithoutSpaces(value));
        }

        buffer.Write("]"u8);
        values = new Json(buffer.WrittenMemory);
        return true;
    }
}

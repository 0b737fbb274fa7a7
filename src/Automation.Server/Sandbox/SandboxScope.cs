using Automation.Server.Values;

namespace Automation.Server.Sandbox;

/// <summary>The values that a script sees under these names, in lower case. What is not given is <c>undefined</c> there and costs nothing.</summary>
internal readonly record struct SandboxScope
{
    public Json? Event { get; init; }

    /// <summary>The output of the step that led here.</summary>
    public Json? Input { get; init; }

    /// <summary>An object of earlier steps: <c>{ "id": { "output": … } }</c>.</summary>
    public Json? Steps { get; init; }

    public Json? Vars { get; init; }

    public Json? Run { get; init; }

    public Json? Env { get; init; }

    public Json? Item { get; init; }

    public Json? Index { get; init; }

    /// <summary>The key's durable object.</summary>
    public Json? State { get; init; }
}

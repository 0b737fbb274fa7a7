using System.Collections.Immutable;
using Automation.Server.Sandbox;
using Automation.Server.Values;
using Automation.Server.Workflows.Templates;

namespace Automation.Server.Workflows;

/// <summary>A step's configuration with holes for its <c>${…}</c> expressions.</summary>
internal abstract class ConfigTemplate
{
    /// <summary>All expressions of the step, evaluated in one sandbox call; null when there are none, and then <see cref="Constant"/> is set.</summary>
    public abstract ExpressionUnit? Expressions { get; }

    /// <summary>Which of <c>event</c>, <c>input</c>, <c>steps</c>, <c>vars</c>, <c>run</c>, <c>env</c>, <c>item</c>, <c>state</c> the expressions may mention; the others need not be sent.</summary>
    public abstract ScopeUse Uses { get; }

    /// <summary>Set when every expression only names a place, as <c>input.text</c>: their values can be read without a sandbox call.</summary>
    public abstract PlainPaths? Paths { get; }

    /// <summary>The config record when there is nothing to evaluate.</summary>
    public abstract object? Constant { get; }

    /// <summary>Puts the values in and reads the config record. Returns <see cref="Constant"/> when there is one.</summary>
    /// <param name="values">A JSON array, one value an expression, in order.</param>
    /// <exception cref="Steps.StepException"><c>config_invalid</c>: a value does not fit; names the property.</exception>
    public abstract object Fill(Json values);

    /// <summary>The config as history keeps it: the values put in, secrets masked. Made anew at each call; <paramref name="values"/> as for <see cref="Fill"/>.</summary>
    public abstract Json Resolve(Json values);
}

/// <summary>Names of the expression scope.</summary>
[Flags]
internal enum ScopeUse
{
    None = 0,
    Event = 1,
    Input = 2,
    Steps = 4,
    Vars = 8,
    Run = 16,
    Env = 32,

    /// <summary><c>item</c> and <c>index</c>.</summary>
    Item = 64,
    State = 128,
    All = Event | Input | Steps | Vars | Run | Env | Item | State,
}

using System.Text.Json;
using Automation.Server.Sandbox;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Steps;

/// <summary>What a step type sees of one step while its workflow file is loaded, and where it says what it found.</summary>
internal abstract class StepCheck
{
    public abstract string StepId { get; }

    /// <summary>The step's object in the file, expressions unresolved, with <c>type</c>, <c>next</c> and so on.</summary>
    public abstract JsonElement Config { get; }

    /// <summary>Reports a mistake. <paramref name="pointer"/> is relative to the step, as <c>/file</c>; the sentence says what to do.</summary>
    public abstract void Problem(string pointer, string message);

    /// <summary>Reports what this server lacks for the step; no problem of a version that is stored.</summary>
    public abstract void Missing(string pointer, string message);

    /// <summary>Declares an outcome that this step has beside those of its type.</summary>
    public abstract void Outcome(string name);

    /// <summary>Adds a script to the version. The unit's id has to be <see cref="UnitId"/>.</summary>
    public abstract void Script(SandboxUnit unit);

    /// <summary>Reads a script file next to the workflow file and makes it part of the version; null, with a problem reported at <paramref name="pointer"/>, when that cannot be.</summary>
    public abstract string? ReadFile(string pointer, string file);

    /// <summary>Compiles a template that the step works out by itself, by <see cref="StepContext.FillAsync"/>. It was checked before: a problem in it is a defect.</summary>
    /// <param name="part">Of the step, as <c>request</c>.</param>
    /// <param name="shape">What it becomes.</param>
    /// <param name="written">The template.</param>
    /// <param name="pointer">Where it stands: errors name it.</param>
    public virtual ConfigTemplate Template(string part, ConfigShape shape, JsonElement written, string pointer) => throw new NotSupportedException();

    /// <summary>Says that the step needs a secret, named at <paramref name="pointer"/>; a problem when this server does not have it.</summary>
    public virtual void Secret(string pointer, string name) => throw new NotSupportedException();

    /// <summary>Whether this server has a secret; true where missing ones are no problem.</summary>
    public virtual bool HasSecret(string name) => throw new NotSupportedException();

    public string UnitId => "script/" + StepId;
}

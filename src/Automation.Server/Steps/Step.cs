using System.Reflection;
using Automation.Server.Values;

namespace Automation.Server.Steps;

/// <summary>A step type: what the boxes of one kind do. One instance serves all steps of the type, at the same time.</summary>
/// <remarks>A new step type is one sealed class with <see cref="StepTypeAttribute"/>, derived from <see cref="Step{TConfig}"/>; the catalogue finds it.</remarks>
internal abstract class Step
{
    /// <summary>For a step type that is not a class of its own.</summary>
    protected Step(StepTypeAttribute about) => About = about;

    protected Step() => About = GetType().GetCustomAttribute<StepTypeAttribute>() ?? throw new InvalidOperationException($"{GetType().Name} lacks [StepType].");

    /// <summary>Name, title, outcomes and whether it reaches outside at once.</summary>
    public StepTypeAttribute About { get; }

    public abstract Type ConfigType { get; }

    /// <summary>Looks at one step of a workflow file at load: reports problems, declares outcomes, adds scripts.</summary>
    public virtual void Check(StepCheck check)
    {
    }

    /// <summary>Runs one step. <paramref name="config"/> is of <see cref="ConfigType"/>, every expression already put in.</summary>
    /// <exception cref="StepException">The step failed in an expected way; any other exception is a defect and is reported without its text.</exception>
    public abstract ValueTask<StepResult> RunAsync(object config, StepContext context);

    /// <summary>Goes on after a wait (<see cref="StepResult.WaitFor"/>): perhaps after a restart, perhaps years later. A retry begins here again.</summary>
    /// <param name="memo">As the step left it.</param>
    /// <param name="data">What ended the wait; null when its time was up.</param>
    /// <param name="context">Of this step run.</param>
    /// <exception cref="StepException">As for <see cref="RunAsync(object, StepContext)"/>.</exception>
    public virtual ValueTask<StepResult> ResumeAsync(Json memo, Json? data, StepContext context) => throw new InvalidOperationException($"{GetType().Name} does not wait.");
}

/// <inheritdoc/>
internal abstract class Step<TConfig> : Step
    where TConfig : notnull
{
    public sealed override Type ConfigType => typeof(TConfig);

    public sealed override ValueTask<StepResult> RunAsync(object config, StepContext context) => RunAsync((TConfig)config, context);

    protected abstract ValueTask<StepResult> RunAsync(TConfig config, StepContext context);
}

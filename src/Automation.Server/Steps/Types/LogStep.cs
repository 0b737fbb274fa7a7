using System.ComponentModel;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Writes a line into the step's log.</summary>
/// <remarks>Input: any. Output: the input.</remarks>
[StepType("log", Title = "Log", Category = "Data", Icon = "scroll-text")]
[Description("Writes a line into the run's log.")]
internal sealed class LogStep : Step<LogStep.Config>
{
    /// <summary>How much the line matters.</summary>
    public enum Severity
    {
        Debug,
        Info,
        Warn,
        Error,
    }

    public sealed record Config(
        [property: Description("The line.")] string Message,
        [property: Description("How much it matters.")] Severity Level = Severity.Info,
        [property: Description("A value to write behind the line, as compact JSON.")] Json? Data = null);

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        var level = config.Level switch
        {
            Severity.Debug => "debug",
            Severity.Warn => "warn",
            Severity.Error => "error",
            _ => "info",
        };
        context.Log(level, config.Data is { } data ? $"{config.Message} {data}" : config.Message);
        return ValueTask.FromResult(StepResult.Done(context.Input));
    }
}

using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Filters;

/// <summary>The filters of a trigger, their expressions compiled.</summary>
/// <param name="Config">A <see cref="TriggerFilters"/>.</param>
/// <param name="UnitId">Of its expressions.</param>
/// <param name="Remembers">True when one of them looks at earlier events.</param>
internal sealed record TriggerFilter(ConfigTemplate Config, string UnitId, bool Remembers)
{
    /// <summary>The filters with the values of an event put in; null when the sandbox has to say.</summary>
    /// <exception cref="StepException">A value does not fit.</exception>
    public TriggerFilters? Of(Event accepted)
    {
        if (Config.Constant is { } constant) return (TriggerFilters)constant;
        return Config.Paths is { } paths && paths.TryRead(accepted, accepted.Data, Json.Parse("{}"), out var read) ? (TriggerFilters)Config.Fill(read) : null;
    }

    /// <summary>The filters with the values of an event put in, as the sandbox says.</summary>
    /// <exception cref="StepException">An expression failed, or a value does not fit.</exception>
    /// <exception cref="SandboxUnavailableException">It cannot be worked out now.</exception>
    public async ValueTask<TriggerFilters> OfAsync(Event accepted, SandboxProgram program, SandboxPool sandbox)
    {
        var result = await sandbox.CallAsync(program, UnitId, new SandboxScope { Event = accepted.ToScope(), Input = accepted.Data }, CancellationToken.None);
        if (result.Error is { } error) throw new StepException(new StepError("filter_failed", $"The trigger's filter could not be worked out. {error.Message}", Pointer: error.Pointer, Retryable: false));
        return (TriggerFilters)Config.Fill(result.Value);
    }
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Triggers;

/// <summary>Starts a run when a key that was heard before has not been heard for a while.</summary>
/// <remarks>
/// Heard is a key when one of its events was accepted by another trigger of the workflow; what filters drop is not heard. The run's event is a copy of the last one. Fires once, until the key is heard again.
/// A key that was never heard is not missed. The timer is stored with the event and outlives restarts; while the server is down, silence counts.
/// </remarks>
[TriggerType("silence", Title = "Silence", Icon = "volume-x")]
[Description("Starts a run when nothing was heard of a key for a while.")]
internal sealed class SilenceTrigger : TriggerType<SilenceTrigger.Config>
{
    public sealed record Config(
        [property: Description("How long a key has to be silent."), Range(typeof(TimeSpan), "00:00:00.001", "3660.00:00:00"), Literal] Duration For);
}

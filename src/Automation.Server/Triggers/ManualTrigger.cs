namespace Automation.Server.Triggers;

/// <summary>Lets people start the workflow, from the designer, the API or the command line, with data of their own.</summary>
[TriggerType("manual", Title = "Manual", Icon = "mouse-pointer-click")]
internal sealed class ManualTrigger : TriggerType<ManualTrigger.Config>
{
    public sealed record Config;
}

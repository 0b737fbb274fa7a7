namespace Automation.Server.Triggers.Webhooks;

/// <summary>What all webhooks together may take. Section <c>Webhooks</c>.</summary>
internal sealed class WebhookOptions
{
    public const string Section = "Webhooks";

    /// <summary>Bytes of bodies that are being read or stored. Past it requests with a body get 503; one body alone is taken whatever its size.</summary>
    public long MaxBodyBytesInFlight { get; set; } = 64 << 20;
}

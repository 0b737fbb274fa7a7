namespace Automation.Server.Triggers.Webhooks;

/// <summary>What all webhooks together may take. Section <c>Webhooks</c>.</summary>
internal sealed class WebhookOptions
{
    public const string Section = "Webhooks";

    /// <summary>Bytes of bodies that are being read or stored. Past it requests with a body get 503; one body alone is taken whatever its size.</summary>
    public long MaxBodyBytesInFlight { get; set; } = 64 << 20;

    /// <summary>For a body from its first byte to its last; a slower sender gets 408.</summary>
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Requests to all hooks together that one address may send, as <c>600/1m</c>; empty for no limit.</summary>
    public string RatePerSource { get; set; } = "";

    /// <summary>How many refused and captured requests are kept, the newest; each with up to 64 KB of its body. 0 for none.</summary>
    public int KeptRequests { get; set; } = 1000;
}

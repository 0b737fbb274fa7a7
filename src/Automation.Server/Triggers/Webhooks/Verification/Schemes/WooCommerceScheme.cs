namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>X-WC-Webhook-Signature: &lt;base64 HMAC-SHA256 of the raw body&gt;</c> — woocommerce.github.io, REST API, webhooks.</summary>
internal sealed class WooCommerceScheme : BodyHmacScheme
{
    public override string Name => "woocommerce";

    protected override string Header => "X-WC-Webhook-Signature";

    protected override MacEncoding Encoding => MacEncoding.Base64;

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => request.Headers["X-WC-Webhook-Delivery-ID"];
}

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>X-WC-Webhook-Signature: &lt;base64 HMAC-SHA256 of the raw body&gt;</c> — woocommerce.github.io, REST API, webhooks.</summary>
internal sealed class WooCommerceScheme : BodyHmacScheme
{
    public override string Name => "woocommerce";

    protected override string Header => "X-WC-Webhook-Signature";

    protected override MacEncoding Encoding => MacEncoding.Base64;

    /// <remarks>WooCommerce makes an id of the webhook and the second: two orders within one second share it (<c>WC_Webhook::get_new_delivery_id</c>). The body tells them apart.</remarks>
    public override string? MessageId(WebhookRequest request, VerifyConfig config) =>
        (string?)request.Headers["X-WC-Webhook-Delivery-ID"] is { Length: > 0 } id ? $"{id} {MacCheck.Digest(request.Body)}" : null;
}

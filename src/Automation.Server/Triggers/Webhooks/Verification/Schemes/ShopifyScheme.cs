namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>X-Shopify-Hmac-Sha256: &lt;base64 HMAC-SHA256 of the raw body&gt;</c> under the app's client secret — shopify.dev, verify webhook deliveries.</summary>
internal sealed class ShopifyScheme : BodyHmacScheme
{
    public override string Name => "shopify";

    public override string SecretsAre => "the app's client secret";

    protected override string Header => "X-Shopify-Hmac-Sha256";

    protected override MacEncoding Encoding => MacEncoding.Base64;

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => request.Headers["X-Shopify-Webhook-Id"];
}

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// <c>Stripe-Signature: t=&lt;seconds&gt;,v1=&lt;hex HMAC-SHA256&gt;[,v1=…]</c> over <c>{t}.{raw body}</c>, under the whole <c>whsec_…</c> text — docs.stripe.com, webhooks,
/// verify manually. <c>v0</c> is ignored.
/// </summary>
internal sealed class StripeScheme() : StampedHmacScheme("Stripe-Signature", "v1", unitsPerSecond: 1)
{
    public override string Name => "stripe";

    public override string SecretsAre => "the endpoint's signing secret, whsec_…";

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => BodyProperty.Read(request.Body, "id");
}

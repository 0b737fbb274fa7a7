namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>X-Zoho-Webhook-Signature: t=&lt;milliseconds&gt;,v=&lt;hex HMAC-SHA256&gt;</c> over <c>{t}.{raw body}</c> — zoho.com/payments, webhook signature.</summary>
internal sealed class ZohoPaymentsScheme() : StampedHmacScheme("X-Zoho-Webhook-Signature", "v", unitsPerSecond: 1000)
{
    public override string Name => "zoho-payments";

    public override string SecretsAre => "the signing key";
}

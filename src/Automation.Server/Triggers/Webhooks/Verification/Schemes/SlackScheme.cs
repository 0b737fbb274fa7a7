using Automation.Server.Triggers.Webhooks.Handshakes;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>X-Slack-Signature: v0=&lt;hex HMAC-SHA256&gt;</c> over <c>v0:{X-Slack-Request-Timestamp}:{raw body}</c> — api.slack.com, verifying requests from Slack.</summary>
internal sealed class SlackScheme() : TimedHmacScheme("X-Slack-Signature", "X-Slack-Request-Timestamp")
{
    public override string Name => "slack";

    public override IHandshake Handshake { get; } = new SlackHandshake();

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => BodyProperty.Read(request.Body, "event_id") ?? base.MessageId(request, config);
}

using Automation.Server.Triggers.Webhooks.Verification;
using Microsoft.Net.Http.Headers;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>Starts a run for each HTTP request to <c>/hooks/…</c>.</summary>
/// <remarks>
/// The event has <c>method</c>, <c>path</c>, <c>params</c>, <c>query</c>, <c>headers</c>, <c>contentType</c>, <c>remoteAddress</c>. All workflows on
/// one path get the event. The sender has a 2xx only after the event is stored (P1).
/// </remarks>
[TriggerType("webhook", Title = "Webhook", Icon = "webhook")]
internal sealed class WebhookTrigger : TriggerType<WebhookConfig>
{
    private static readonly VerificationSchemes Schemes = VerificationSchemes.BuiltIn;

    public override void CheckTogether(IEnumerable<(string Id, object Config)> triggers, Action<string, string, string> problem)
    {
        foreach (var (id, message) in FindClashes(triggers.Select(t => KeyValuePair.Create(t.Id, (WebhookConfig)t.Config)))) problem(id, "/path", message);
    }

    protected override void Check(WebhookConfig config, TriggerCheck check)
    {
        if (!PathPattern.TryParse(config.Path, out _, out var problem)) check.Problem("/path", problem);
        CheckMethods(config, check);
        if (config.Verify is { } verify) CheckVerify(verify, check);
        if (config.Timeout is { } timeout) CheckTimeout(config.Respond, timeout, check);
        if (config.MaxBody is { } size && (size.Bytes < 1 || size.Bytes > WebhookConfig.LargestMaxBody.Bytes))
            check.Problem("/maxBody", "The largest body has to be between 1B and 64MB.");
        CheckAccepts(config, check);
    }

    /// <summary>Two triggers of one file that take the same path and method: every such request would start the workflow twice.</summary>
    /// <param name="triggers">The file's webhook triggers by id, in file order.</param>
    /// <returns>The later trigger's id and a sentence; its pointer is <c>/path</c>.</returns>
    public static IEnumerable<(string TriggerId, string Message)> FindClashes(IEnumerable<KeyValuePair<string, WebhookConfig>> triggers)
    {
        var seen = new List<(string Id, PathPattern Pattern, WebhookMethods Methods)>();
        foreach (var (id, config) in triggers)
        {
            if (!PathPattern.TryParse(config.Path, out var pattern, out _)) continue;
            var methods = WebhookMethodNames.Of(config.Methods);
            var clash = seen.Find(other => other.Pattern.TakesSameAs(pattern!) && (other.Methods & methods) != 0);
            if (clash.Id is not null) yield return (id, $"The trigger \"{clash.Id}\" takes the same path and method; a request would start this workflow twice.");
            seen.Add((id, pattern!, methods));
        }
    }

    private static void CheckTimeout(RespondWith respond, TimeSpan timeout, TriggerCheck check)
    {
        if (respond is not RespondWith.Result) check.Problem("/timeout", "Only \"respond\": \"result\" waits; remove the timeout or add that.");
        else if (timeout <= TimeSpan.Zero || timeout > WebhookConfig.LongestTimeout) check.Problem("/timeout", "The timeout has to be more than nothing and at most 5m.");
    }

    private static void CheckMethods(WebhookConfig config, TriggerCheck check)
    {
        if (config.Methods is not { } methods) return;
        if (methods.Count == 0) check.Problem("/methods", "Name at least one method, or leave \"methods\" out for POST.");
        for (var at = 0; at < methods.Count; at++)
        {
            if (WebhookMethodNames.Of(methods[at]) is WebhookMethods.None)
                check.Problem($"/methods/{at}", $"\"{methods[at]}\" is not a method; use {WebhookMethodNames.Known}, in capitals.");
        }
    }

    private static void CheckVerify(VerifyConfig verify, TriggerCheck check)
    {
        if (verify.Secrets is not { Count: > 0 and <= VerifyConfig.MaxSecrets }) check.Problem("/verify/secrets", $"Name 1 to {VerifyConfig.MaxSecrets} secrets.");
        for (var at = 0; at < verify.Secrets?.Count; at++) check.Secret($"/verify/secrets/{at}", verify.Secrets[at]);
        if (verify.ToleranceSeconds is < 1 or > 86_400) check.Problem("/verify/toleranceSeconds", "The tolerance has to be between 1 and 86400 seconds.");
        if (!Schemes.TryGet(verify.Scheme, out var scheme))
        {
            check.Problem("/verify/scheme", $"\"{verify.Scheme}\" is not a verification scheme; use one of {Schemes.Names}.");
            return;
        }

        foreach (var (pointer, message) in scheme.Check(verify)) check.Problem("/verify" + pointer, message);
    }

    private static void CheckAccepts(WebhookConfig config, TriggerCheck check)
    {
        if (config.Accepts is not { } accepts) return;
        if (accepts.Count == 0) check.Problem("/accepts", "Name at least one media type, or leave \"accepts\" out for all.");
        for (var at = 0; at < accepts.Count; at++)
        {
            if (!MediaTypeHeaderValue.TryParse(accepts[at], out _))
                check.Problem($"/accepts/{at}", $"\"{accepts[at]}\" is not a media type such as \"application/json\" or \"text/*\".");
        }
    }
}

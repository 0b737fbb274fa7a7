using System.Text.Json;
using Automation.Server.Triggers.Webhooks.Door;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Workflows.Configs;
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

    public override void Check(TriggerCheck check)
    {
        if (TriggerCheck.Text(check.Config, "path") is { Length: > 0 } path && !PathPattern.TryParse(path, out _, out var problem)) check.Problem("/path", problem);
        CheckMethods(check);
        CheckAccepts(check);
        CheckAllow(check);
        if (check.Config.TryGetProperty("schema", out var schema) && schema.ValueKind is not JsonValueKind.Null) check.Schema("/schema", schema);
        if (check.Config.TryGetProperty("verify", out var verify)) CheckVerify(verify, check);
        if (check.Config.TryGetProperty("respond", out _) && TriggerCheck.Text(check.Config, "respond") is not "accepted") return; // it waits, or has a mistake that is reported already
        if (check.Config.TryGetProperty("timeout", out var timeout) && timeout.ValueKind is not JsonValueKind.Null)
            check.Problem("/timeout", "Only \"respond\": \"result\" waits; remove the timeout or add that.");
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

    private static void CheckMethods(TriggerCheck check)
    {
        if (TriggerCheck.Texts(check.Config, "methods") is not { } methods) return;
        if (check.Config.GetProperty("methods").GetArrayLength() == 0) check.Problem("/methods", "Name at least one method, or leave \"methods\" out for POST.");
        foreach (var (at, method) in methods)
        {
            if (WebhookMethodNames.Of(method) is WebhookMethods.None)
                check.Problem($"/methods/{at}", $"\"{method}\" is not a method; use {WebhookMethodNames.Known}, in capitals.");
        }
    }

    private static void CheckVerify(JsonElement written, TriggerCheck check)
    {
        if (written.ValueKind is not JsonValueKind.Object) return;
        if (TriggerCheck.Texts(written, "secrets") is { } secrets)
        {
            if (written.GetProperty("secrets").GetArrayLength() is < 1 or > VerifyConfig.MaxSecrets) check.Problem("/verify/secrets", $"Name 1 to {VerifyConfig.MaxSecrets} secrets.");
            foreach (var (at, name) in secrets) check.Secret($"/verify/secrets/{at}", name);
        }

        if (TriggerCheck.Text(written, "challengeSecret") is { } challenge) check.Secret("/verify/challengeSecret", challenge);
        if (TriggerCheck.Text(written, "scheme") is not { Length: > 0 } named) return;
        if (!Schemes.TryGet(named, out var scheme)) check.Problem("/verify/scheme", $"\"{named}\" is not a verification scheme; use one of {Schemes.Names}.");
        else if (Read(written) is { } verify) Report(OptionCheck.Of(scheme, verify));

        void Report(IEnumerable<(string Pointer, string Message)> found)
        {
            foreach (var (pointer, message) in found) check.Problem("/verify" + pointer, message);
        }
    }

    /// <summary>Null when it has a mistake in its form, which is reported already.</summary>
    private static VerifyConfig? Read(JsonElement written)
    {
        try
        {
            return written.Deserialize<VerifyConfig>(ConfigJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void CheckAllow(TriggerCheck check)
    {
        if (TriggerCheck.Texts(check.Config, "allow") is not { } allow) return;
        if (check.Config.GetProperty("allow").GetArrayLength() == 0) check.Problem("/allow", "Name at least one address or network, or leave \"allow\" out for all.");
        foreach (var (at, entry) in allow)
        {
            if (AddressList.Problem(entry) is { } problem) check.Problem($"/allow/{at}", problem);
        }
    }

    private static void CheckAccepts(TriggerCheck check)
    {
        if (TriggerCheck.Texts(check.Config, "accepts") is not { } accepts) return;
        if (check.Config.GetProperty("accepts").GetArrayLength() == 0) check.Problem("/accepts", "Name at least one media type, or leave \"accepts\" out for all.");
        foreach (var (at, type) in accepts)
        {
            if (!MediaTypeHeaderValue.TryParse(type, out _)) check.Problem($"/accepts/{at}", $"\"{type}\" is not a media type such as \"application/json\" or \"text/*\".");
        }
    }
}

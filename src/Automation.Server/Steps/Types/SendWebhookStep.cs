using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Triggers.Webhooks.Verification.Schemes;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Queues one outbound webhook.</summary>
/// <remarks>
/// Input: any JSON value, the body unless one is set. Output: <c>{ "deliveryId": string }</c>, at once.
/// The call happens later, at least once, with retries; an unreachable receiver is the delivery's failure, not the step's.
/// </remarks>
[StepType("webhook.send", Title = "Send webhook", Category = "Actions", Icon = "send")]
[Description("Sends an HTTP request to another system, durably: it is saved with the run, retried until the receiver takes it, and can be replayed.")]
internal sealed class SendWebhookStep(DeliveryOptions defaults, SecretStore secrets) : Step<SendWebhookStep.Config>
{
    private static readonly IReadOnlyDictionary<string, SecretText> NoHeaders = new Dictionary<string, SecretText>();

    public sealed record Config(
        [property: Description("Absolute http(s) address of the receiver. May hold ${secret.NAME}."), Required] SecretText Url,
        [property: Description("HTTP method."), AllowedValues("POST", "PUT", "PATCH", "DELETE", "GET")] string Method = "POST",
        [property: Description("Further request headers. Idempotency-Key and webhook-id are always sent, the same in each attempt.")] IReadOnlyDictionary<string, SecretText>? Headers = null,
        [property: Description("What to send. Left out: the step's input (nothing with GET and DELETE).")] SecretJson? Body = null,
        [property: Description("Media type of the body. application/x-www-form-urlencoded sends an object as a form; with a text type, a text is sent as it is."), Required] string ContentType = OutboundBody.Json,
        [property: Description("Name of the secret (whsec_…, or whsk_… for Ed25519) to sign with, as Standard Webhooks describes."), Literal] string? Sign = null,
        [property: Description("Attempts before the delivery is dead. Left out: as many as the schedule has pauses, 8 by the server's setting."), Range(1, 50)] int? MaxAttempts = null,
        [property: Description("Limit of one attempt. Left out: the server's setting, 15s."), Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")] Duration? AttemptTimeout = null,
        [property: Description("The pause before each attempt, that before the first included. Left out: the server's setting, 0s, 5s, 5m, 30m, 2h, 5h, 10h, 10h.")] IReadOnlyList<Duration>? Schedule = null,
        [property: Description("Deliveries to the same receiver with the same key are made one at a time, in the order they were queued; one that is tried again holds up its key alone. Left out: in no order.")] string? OrderKey = null);

    public override void Check(StepCheck check)
    {
        OutboundCheck.Address(check);
        OutboundCheck.Headers(check);
        if (check.Config.TryGetProperty("schedule", out var schedule) && schedule.ValueKind is JsonValueKind.Array)
        {
            // What holds an expression is looked at when the step runs, as is what is no duration at all.
            var pauses = schedule.EnumerateArray().Select(pause => pause.ValueKind is JsonValueKind.String && Duration.TryParse(pause.GetString(), out var known) ? known.Value : TimeSpan.Zero).ToList();
            if (RetrySchedule.Problem(pauses) is { } problem) check.Problem("/schedule", problem);
        }

        if (!check.Config.TryGetProperty("sign", out var sign) || sign.ValueKind is not JsonValueKind.String) return;
        var name = sign.GetString()!;
        if (!SecretStore.IsName(name)) check.Problem("/sign", $"\"{name}\" is not a secret's name: write the name alone, as in \"PARTNER_SIGNING_KEY\".");
        else if (!secrets.TryGet(name, out var value)) check.Problem("/sign", $"There is no secret \"{name}\" on this server. {secrets.HowToSet(name)}");
        else if (!StandardWebhooksScheme.IsSigningSecret(value)) check.Problem("/sign", $"The secret {name} cannot sign webhooks: {StandardWebhooksScheme.SigningSecretIs}");
    }

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) =>
        ValueTask.FromResult(Queue(config, config.Body is not null || config.Method is "GET" or "DELETE" ? (ReadOnlyMemory<byte>?)null : OutboundBody.EncodeData(context.Input, config.ContentType), context));

    /// <param name="otherwise">The body where the config has none; null for a request without.</param>
    internal StepResult Queue(Config config, ReadOnlyMemory<byte>? otherwise, StepContext context)
    {
        if (config.Schedule is not null && RetrySchedule.Problem([.. config.Schedule.Select(pause => pause.Value)]) is { } pauses) throw new StepException(new StepError("config_invalid", pauses, Pointer: "/schedule", Retryable: false));
        if (config.OrderKey?.Length > DeliveryRequest.LongestOrderKey) throw new StepException(new StepError("config_invalid", $"\"orderKey\" has {DeliveryRequest.LongestOrderKey} characters at most, not {config.OrderKey.Length}.", Pointer: "/orderKey", Retryable: false));
        var body = config.Body is { } own ? OutboundBody.Encode(own, config.ContentType) : otherwise;
        var id = context.Queue(new DeliveryRequest(
            config.Url,
            config.Method,
            config.Headers ?? NoHeaders,
            body is null ? null : config.ContentType,
            body ?? default,
            config.Sign,
            config.MaxAttempts ?? config.Schedule?.Count ?? defaults.Pauses.Count,
            config.AttemptTimeout ?? defaults.Timeout)
        {
            Pauses = config.Schedule is { } schedule ? [.. schedule.Select(pause => pause.Value)] : null,
            OrderKey = config.OrderKey,
        }); // saved in the same transaction as this step's result
        return StepResult.Done(new Output(PublicId.Format(PublicId.Delivery, id)));
    }

    private sealed record Output(string DeliveryId);
}

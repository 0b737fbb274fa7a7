using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Runs;
using Automation.Server.Sandbox;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Triggers.Mqtt.Connections;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.Configs;
using Automation.Server.Workflows.Templates;
using Microsoft.Extensions.Options;

namespace Automation.Server.Steps.Types;

/// <summary>Waits for an event, an MQTT message, or a call of a URL of its own. The run takes no memory meanwhile.</summary>
/// <remarks>
/// Input: any. Output: the event or message as <c>event</c> has it; of a callback <c>{ data, query, method, receivedAt }</c>. Outcomes: <c>done</c>, of a callback one of its own if it has
/// some; <c>timeout</c> with the input. An event counts when it is accepted after
/// the wait was stored, which is when all branches of the run wait, or at once when others are under way; the transaction that accepts it ends the wait.
/// A callback may come as soon as the run has begun.
/// </remarks>
[StepType("wait", Title = "Wait for", Category = "Logic", Icon = "hourglass", Outcomes = ["done", "timeout"])]
[Description("Waits for an event, an MQTT message, or a link that somebody follows.")]
internal sealed class WaitStep(IOptions<MqttOptions> mqtt) : Step<WaitStep.Config>
{
    private static readonly string[] Sources = ["event", "topic", "callback"];
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3660);

    public sealed record Config(
        [property: Literal, Description("CloudEvents type of the events waited for, as order.paid or webhook.received. One of event, topic and callback.")] string? Event = null,
        [property: Literal, Description("Topic filter of the MQTT messages waited for; {name} is one level that the message shows as params.name.")] string? Topic = null,
        [property: Literal, Description("With topic: name of the connection whose broker is listened to. Left out: the server's own broker.")] string? Connection = null,
        [property: Literal, Description("Waits for a call of the URL that steps see as run.callbacks.<id>; it can be used once.")] CallbackConfig? Callback = null,
        [property: Literal, Description("Where in what arrives the value is that has to equal key, as ${event.data.order}: a place only. Left out: any.")] string? EventKey = null,
        [property: Description("What eventKey has to equal: a text, number or truth value. Left out: the run's key.")] Json? Key = null,
        [property: Literal, Description("True for what is waited for, as ${event.data.amount >= vars.amount}: event is what arrived, all else the run's.")] string? When = null,
        [property: Description("Longest time; then the outcome is timeout. Left out: no limit.")] Duration? Timeout = null);

    /// <summary>How a callback may come.</summary>
    public sealed record CallbackConfig(
        [property: Literal, Description("What the caller may choose, as [\"approve\", \"reject\"]: outcomes of the step, named at the end of the URL. Left out: the outcome is done.")] IReadOnlyList<string>? Outcomes = null,
        [property: Literal, Description("What counts as the call: POST, and GET too if it is named. Without it a GET shows a page with a button, since programs that show previews of links follow them.")] IReadOnlyList<CallbackMethod>? Methods = null)
    {
        [JsonIgnore]
        public IReadOnlyList<string> Choices => Outcomes ?? [];

        [JsonIgnore]
        public bool TakesGet => Methods?.Contains(CallbackMethod.Get) ?? false;
    }

    /// <summary>Methods of a callback.</summary>
    public enum CallbackMethod
    {
        Post,
        Get,
    }

    /// <summary>The callback that a step waits for; null for other steps.</summary>
    /// <param name="step">As in the file.</param>
    public static CallbackConfig? CallbackOf(JsonElement step) => step.TryGetProperty("callback", out var callback) ? callback.Deserialize<CallbackConfig>(ConfigJson.Options) : null;

    /// <summary>The MQTT messages that a step waits for; null for other steps.</summary>
    /// <param name="step">As in the file.</param>
    public static WaitTopic? TopicOf(JsonElement step) =>
        TriggerCheck.Text(step, "topic") is { } topic ? new WaitTopic(TriggerCheck.Text(step, "connection"), topic) : null;

    public override void Check(StepCheck check)
    {
        var (type, topic) = (TriggerCheck.Text(check.Config, "event"), TriggerCheck.Text(check.Config, "topic"));
        var callback = check.Config.TryGetProperty("callback", out var written);
        if (Sources.Count(name => check.Config.TryGetProperty(name, out _)) != 1) check.Problem("", "A wait has one of \"event\", \"topic\" and \"callback\".");
        if (callback) CheckCallback(check, written);
        if (type is not null && (type.Length == 0 || type.Any(char.IsControl) || type.Contains("${", StringComparison.Ordinal))) check.Problem("/event", "Write the type of the events itself, as \"order.paid\"; which of them is meant \"eventKey\" and \"when\" say.");
        if (topic is not null && !TopicPattern.TryParse(topic, out _, out var mistake)) check.Problem("/topic", mistake);
        if (topic is not null) MqttConnectionName.Check(TriggerCheck.Text(check.Config, "connection"), mqtt, check.Missing);
        else if (check.Config.TryGetProperty("connection", out _)) check.Problem("/connection", "\"connection\" says where \"topic\" is listened to; add \"topic\", or remove it.");
        if (TriggerCheck.Text(check.Config, "eventKey") is { } place && PathOf(place) is null) check.Problem("/eventKey", "Write one place in what arrives, as \"${event.data.order}\" or \"${event.params.device}\"; more than that \"when\" can say.");
        if (check.Config.TryGetProperty("key", out _) && !check.Config.TryGetProperty("eventKey", out _)) check.Problem("/key", "\"key\" is what \"eventKey\" has to equal; add \"eventKey\".");
        if (TriggerCheck.Text(check.Config, "when") is not { } when) return;
        if (TemplateText.Parse(when) is { Problems.IsEmpty: true, Parts: [ExpressionPart one] }) check.Script(new ExpressionUnit(check.UnitId, [new SandboxExpression($"/steps/{check.StepId}/when", one.Code)]));
        else check.Problem("/when", "Write one expression that is true or false, as \"${event.data.ok}\".");
    }

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        if (config.Timeout?.Value > Longest) throw Invalid("timeout", "It is more than ten years away.", context);
        var until = config.Timeout is { } limit ? context.Now + limit.Value : default(DateTimeOffset?);
        if (config.Callback is not null) return ValueTask.FromResult(StepResult.WaitFor(new StepWait(Json.From(new Memo(false) { IsCallback = true })) { Until = until, Match = WaitMatch.OfCallback(context.Callback.ToString()) }));
        var pattern = config.Topic is { } topic ? WaitMatch.MessagesOn(config.Connection, topic) : WaitMatch.EventsOf(config.Event!);
        var match = config.EventKey is { } place ? WaitMatch.Of(pattern, PathOf(place)!, KeyOf(config, context)) : WaitMatch.Of(pattern, "", "");
        return ValueTask.FromResult(StepResult.WaitFor(new StepWait(Json.From(new Memo(config.When is not null))) { Until = until, Match = match }));
    }

    public override async ValueTask<StepResult> ResumeAsync(Json memo, Json? data, StepContext context)
    {
        if (data is not { } arrived) return StepResult.To("timeout", context.Input);
        var waited = memo.To<Memo>()!;
        if (waited.IsCallback) return StepResult.To(arrived.To<Answer>()!.Outcome, arrived.To<Answer>()!.Output);
        if (!waited.HasCondition) return StepResult.Done(arrived);
        return await IsItAsync(arrived, context) ? StepResult.Done(arrived) : StepResult.WaitFor(new StepWait(memo) { GoesOn = true });
    }

    /// <summary>What the condition cannot be asked about is not what is waited for: anybody's event of the type comes here.</summary>
    private static async ValueTask<bool> IsItAsync(Json arrived, StepContext context)
    {
        try
        {
            using var answer = (await context.CallScriptOnAsync(arrived)).ToDocument();
            var kind = answer.RootElement[0].ValueKind;
            if (kind is not (JsonValueKind.True or JsonValueKind.False)) context.Log("warn", $"Passed over what came: \"when\" gave {kind.ToString().ToLowerInvariant()}, not true or false.");
            return kind is JsonValueKind.True;
        }
        catch (StepException failed) when (failed.Error.Code == "script_failed")
        {
            context.Log("warn", $"Passed over what came: \"when\" failed with: {failed.Error.Message}");
            return false;
        }
    }

    private static string KeyOf(Config config, StepContext context)
    {
        if (config.Key is not { } key) return context.Key ?? throw Invalid("key", "The run has no key; say with \"key\" what eventKey has to equal.", context);
        using var value = key.ToDocument();
        var text = value.RootElement.ValueKind switch
        {
            JsonValueKind.String => value.RootElement.GetString()!,
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.RootElement.GetRawText(),
            _ => throw Invalid("key", "It is no text, number or truth value.", context),
        };
        return Encoding.UTF8.GetByteCount(text) <= WorkflowKey.MaximumBytes ? text : throw Invalid("key", $"It has more than {WorkflowKey.MaximumBytes} bytes.", context);
    }

    private static string? PathOf(string text) =>
        TemplateText.Parse(text) is { Problems.IsEmpty: true, Parts: [ExpressionPart { Code: var code }] } && code.StartsWith("event.", StringComparison.Ordinal) && PlainPath.TryParse(code) is not null ? code : null;

    private static StepException Invalid(string property, string message, StepContext context) =>
        new(new StepError("config_invalid", $"{property}: {message}", Pointer: $"/steps/{context.Step.Id}/{property}", Retryable: false));

    private static void CheckCallback(StepCheck check, JsonElement callback)
    {
        foreach (var name in new[] { "eventKey", "when" })
        {
            if (check.Config.TryGetProperty(name, out _)) check.Problem("/" + name, $"\"{name}\" is about events; whoever has the URL of a callback may call it. Remove it.");
        }

        if (!callback.TryGetProperty("outcomes", out var outcomes) || outcomes.ValueKind is not JsonValueKind.Array) return;
        foreach (var (index, outcome) in outcomes.EnumerateArray().Index())
        {
            if (outcome.ValueKind is not JsonValueKind.String) continue;
            if (outcome.GetString() is not { } name || !Names.IsId(name) || name is "error" or "timeout" or "done") check.Problem($"/callback/outcomes/{index}", "Write a word of small letters, digits, - and _ that stands in the URL, as \"approve\"; done, timeout and error have a meaning of their own.");
            else check.Outcome(name);
        }
    }

    private sealed record Memo(bool HasCondition)
    {
        public bool IsCallback { get; init; }
    }

    private sealed record Answer(string Outcome, Json Output);
}

/// <summary>MQTT messages that runs wait for.</summary>
/// <param name="Connection">Whose; null for the embedded broker.</param>
/// <param name="Topic">The filter as written, with named levels.</param>
internal readonly record struct WaitTopic(string? Connection, string Topic);

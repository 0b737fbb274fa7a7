using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.Json;
using Automation.Server.Connectors.OAuth;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Calls another server and waits for its answer.</summary>
/// <remarks>
/// Input: not used but through expressions. Output: <c>{ "status": number, "headers": { name: text }, "body": JSON | text | { "base64": text } | null }</c>.
/// A status outside <c>acceptStatus</c> is the error <c>http_status</c> with that same object as its details. After a crash the call is made again with the
/// same <c>Idempotency-Key</c>. The limit is the step's <c>timeout</c>, ten seconds if it has none. Redirects are not followed. An access token of a
/// connection is renewed before it ends, and once when the answer is 401. Secrets of the request are masked in what comes back.
/// </remarks>
[StepType("http.request", Title = "HTTP request", Category = "Actions", Icon = "globe", Effect = true)]
[Description("Calls another system over HTTP and goes on with its answer.")]
internal sealed class HttpRequestStep(OutboundHttp http, SecretStore secrets, TimeProvider time, AccessTokens? tokens = null) : Step<HttpRequestStep.Config>
{
    internal static readonly ByteSize DefaultMaxResponse = new(1 << 20);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);
    private static readonly string[] Success = ["2xx"];

    public sealed record Config(
        [property: Description("Absolute http(s) address. May hold ${secret.NAME}."), Required] SecretText Url,
        [property: Description("HTTP method."), AllowedValues("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")] string Method = "GET",
        [property: Description("Added to the address as its query, names and values encoded.")] IReadOnlyDictionary<string, SecretText>? Query = null,
        [property: Description("Further request headers.")] IReadOnlyDictionary<string, SecretText>? Headers = null,
        [property: Description("What to send. Left out: nothing.")] SecretJson? Body = null,
        [property: Description("Media type of the body. application/x-www-form-urlencoded sends an object as a form; with a text type, a text is sent as it is."), Required] string ContentType = OutboundBody.Json,
        [property: Description("How the answer's body is handed on. auto: by its content type.")] AnswerForm Response = AnswerForm.Auto,
        [property: Description("Largest answer body that is read. Left out: 1MB."), Range(typeof(long), "1", "16777216")] ByteSize? MaxResponse = null,
        [property: Description("Statuses that are no error, as \"2xx\" or \"404\". Left out: 2xx.")] IReadOnlyList<string>? AcceptStatus = null);

    public override void Check(StepCheck check)
    {
        OutboundCheck.Address(check);
        OutboundCheck.Headers(check);
        if (!check.Config.TryGetProperty("acceptStatus", out var accepted) || accepted.ValueKind is not JsonValueKind.Array) return;
        foreach (var (index, item) in accepted.EnumerateArray().Index())
        {
            if (item.ValueKind is JsonValueKind.String && item.GetString() is { } text && !SecretTemplate.MayHold(text) && !IsStatusPattern(text))
                check.Problem($"/acceptStatus/{index}", $"\"{text}\" is not a status: write a class such as \"2xx\" or a number such as \"404\".");
        }
    }

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) => RunAsync(config, context.IdempotencyKey, context);

    /// <summary>Makes one of several calls of a step, each with a key of its own.</summary>
    internal async ValueTask<StepResult> RunAsync(Config config, string idempotencyKey, StepContext context)
    {
        var filling = new SecretFilling(secrets);
        var limit = context.Step.Timeout is null ? DefaultTimeout : Timeout.InfiniteTimeSpan; // the engine keeps a step's own timeout
        using var timer = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, context.Cancelled);
        try
        {
            if (tokens is not null) await tokens.ReadyAsync(config.Headers, either.Token);
            using var answered = await SendAsync(config, idempotencyKey, filling, either.Token);
            var isRenewed = answered.StatusCode is HttpStatusCode.Unauthorized && tokens is not null && await tokens.RenewAsync(config.Headers, filling, either.Token);
            using var again = isRenewed ? await SendAsync(config, idempotencyKey, filling, either.Token) : null;
            var response = again ?? answered;
            var body = await OutboundAnswer.ReadAsync(response, (config.MaxResponse ?? DefaultMaxResponse).Bytes, either.Token);
            var status = (int)response.StatusCode;
            if (Accepts(config.AcceptStatus ?? Success, status)) return StepResult.Done(OutboundAnswer.ToJson(response, body, config.Response, filling.Redactor));
            var reason = OutboundErrors.OfStatus(status, response.Headers.Location).Message;
            var details = OutboundAnswer.ToJson(response, body, AnswerForm.Auto, filling.Redactor);
            throw new StepException(new StepError("http_status", Masked(reason, filling), Details: details, Retryable: status is 408 or 425 or 429 or >= 500));
        }
        catch (Exception error) when (error is not StepException && !context.Cancelled.IsCancellationRequested)
        {
            var failure = OutboundErrors.Sort(error, timer.IsCancellationRequested ? limit : null);
            if (failure is null) throw;
            // Without the inner exception: its text may hold the address, and with it a secret.
            throw new StepException(new StepError(failure.Code, Masked(failure.Message, filling), Retryable: !failure.Final));
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Config config, string idempotencyKey, SecretFilling filling, CancellationToken cancellation)
    {
        using var request = Build(config, idempotencyKey, filling);
        return await http.SendAsync(request, cancellation);
    }

    private static HttpRequestMessage Build(Config config, string idempotencyKey, SecretFilling filling)
    {
        var address = OutboundRequest.Address(WithQuery(filling.Text(config.Url.Escaped), config.Query, filling));
        ReadOnlyMemory<byte>? body = config.Body is { } value ? filling.Utf8(OutboundBody.Encode(value, config.ContentType), OutboundBody.Spelling(config.ContentType)) : (ReadOnlyMemory<byte>?)null; // null alone would be an empty body
        var request = OutboundRequest.Create(config.Method, address, body, config.ContentType);
        foreach (var (name, text) in config.Headers ?? new Dictionary<string, SecretText>()) OutboundRequest.AddAuthorHeader(request, name, filling.Text(text.Escaped));
        if (!request.Headers.NonValidated.Contains("User-Agent")) OutboundRequest.AddHeader(request, "User-Agent", OutboundHttp.UserAgent);
        if (config.Method is not ("GET" or "HEAD" or "OPTIONS")) OutboundRequest.AddHeader(request, "Idempotency-Key", idempotencyKey);
        return request;
    }

    private static string WithQuery(string address, IReadOnlyDictionary<string, SecretText>? query, SecretFilling filling)
    {
        if (query is not { Count: > 0 }) return address;
        var fragment = address.IndexOf('#');
        var bare = fragment < 0 ? address : address[..fragment];
        var pairs = query.Select(p => Uri.EscapeDataString(SecretTemplate.Unescape(p.Key)) + "=" + Uri.EscapeDataString(filling.Text(p.Value.Escaped)));
        return bare + (bare.Contains('?') ? bare[^1] is '?' or '&' ? "" : "&" : "?") + string.Join('&', pairs);
    }

    private static bool Accepts(IReadOnlyList<string> patterns, int status)
    {
        foreach (var pattern in patterns)
        {
            if (!IsStatusPattern(pattern)) throw new StepException("config_invalid", $"\"{pattern}\" in acceptStatus is not a status: write a class such as \"2xx\" or a number such as \"404\".");
            if (pattern[1] == 'x' ? pattern[0] - '0' == status / 100 : int.Parse(pattern, System.Globalization.CultureInfo.InvariantCulture) == status) return true;
        }

        return false;
    }

    private static bool IsStatusPattern(string text) => text is [>= '1' and <= '5', 'x', 'x'] or [>= '1' and <= '5', >= '0' and <= '9', >= '0' and <= '9'];

    private static string Masked(string text, SecretFilling filling) => filling.Redactor?.Mask(text) ?? text;
}

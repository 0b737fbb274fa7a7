using System.Buffers;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using Automation.Server.Values;
using Microsoft.Net.Http.Headers;

namespace Automation.Server.Steps.Types;

/// <summary>Answers the caller of a webhook that waits (<c>"respond": "result"</c>).</summary>
/// <remarks>
/// Input: any JSON value, the body unless <c>body</c> is set. Output: the input. The answer leaves after this step's result is saved; the run goes on.
/// When nobody waits, or an answer was given before, the step says so in its log and does nothing. It fails with <c>config_invalid</c>, once and for all,
/// when a header cannot be sent.
/// </remarks>
[StepType("respond", Title = "Respond", Category = "Actions", Icon = "reply")]
internal sealed class RespondStep : Step<RespondStep.Config>
{
    private const string DefaultContentType = "application/json";

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // Framing is the server's; cookies would be set for the designer's own origin.
    private static readonly SearchValues<string> Forbidden = SearchValues.Create(
        [
            "connection", "content-length", "content-type", "date", "keep-alive", "proxy-authenticate", "proxy-connection",
            "server", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade",
        ],
        StringComparison.OrdinalIgnoreCase);

    public sealed record Config(
        [property: Description("HTTP status."), Range(200, 599)] int Status = 200,
        [property: Description("Headers of the answer; its content type has a property of its own.")] IReadOnlyDictionary<string, string>? Headers = null,
        [property: Description("Body of the answer: any JSON value; the step's input by default.")] Json? Body = null,
        [property: Description("Media type of the body. A string goes out as it is unless the type is JSON.")] string ContentType = DefaultContentType);

    public override void Check(StepCheck check)
    {
        if (!check.Config.TryGetProperty("headers", out var headers) || headers.ValueKind is not JsonValueKind.Object) return;
        foreach (var header in headers.EnumerateObject())
        {
            var value = header.Value.ValueKind is JsonValueKind.String ? header.Value.GetString()! : "";
            var pointer = "/headers/" + header.Name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
            if (Problem(header.Name, value.Contains("${", StringComparison.Ordinal) ? "" : value) is { } problem) check.Problem(pointer, problem);
        }
    }

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        if (config.Status is < 200 or > 599) throw Invalid($"The status {config.Status} is not between 200 and 599.");
        if (!MediaTypeHeaderValue.TryParse(config.ContentType, out var type)) throw Invalid($"\"{config.ContentType}\" is not a media type.");
        var headers = config.Headers ?? new Dictionary<string, string>();
        foreach (var (name, value) in headers)
        {
            if (Problem(name, value) is { } problem) throw Invalid(problem);
        }

        var response = new ResponseToCaller(config.Status, headers, ContentType(config, type), Body(config.Body ?? context.Input, type));
        if (!context.Respond(response)) context.Log("info", "Nobody waits for an answer; the step did nothing.");
        return ValueTask.FromResult(StepResult.Done(context.Input));
    }

    private static StepException Invalid(string message) => new(new StepError("config_invalid", message, Retryable: false));

    /// <summary>What keeps a header from being sent; null when nothing does.</summary>
    private static string? Problem(string name, string value)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(TokenCharacters)) return $"\"{name}\" is not a header name.";
        if (Forbidden.Contains(name)) return $"The header {name} cannot be set here.";
        return value.AsSpan().ContainsAnyExceptInRange(' ', '~') && value.Any(character => character is not '\t' and (< ' ' or > '~'))
            ? $"The value of the header {name} may hold only printable ASCII characters."
            : null;
    }

    private static string ContentType(Config config, MediaTypeHeaderValue type) =>
        type.Type.Equals("text", StringComparison.OrdinalIgnoreCase) && !type.Charset.HasValue ? config.ContentType + "; charset=utf-8" : config.ContentType;

    private static ReadOnlyMemory<byte> Body(Json body, MediaTypeHeaderValue type)
    {
        var isJson = type.SubTypeWithoutSuffix.Equals("json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase);
        if (isJson || body.Utf8.Span.TrimStart(" \t\r\n"u8) is not [(byte)'"', ..]) return body.Utf8;
        using var text = body.ToDocument();
        try
        {
            return Encoding.UTF8.GetBytes(text.RootElement.GetString()!);
        }
        catch (InvalidOperationException)
        {
            throw Invalid("The body has an escape that is half of a character.");
        }
    }
}

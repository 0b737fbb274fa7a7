using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Connectors;

/// <summary>One step whose type is an operation of a connector: its fields become a request, which <c>webhook.send</c> queues or <c>http.request</c> makes.</summary>
/// <remarks>
/// Input: not used but through the fields' expressions. Output of a durable operation: as of <c>webhook.send</c>, <c>{ "deliveryId": string }</c>. Of an inline one: what the connector's <c>answer</c> says, else the
/// answer's body. Fails as <c>http.request</c> does, with the service's own words where the connector knows where they are; <c>service_error</c> is an answer that is no success whatever its status.
/// Other than those of other types, an instance is of one step, with the templates that were compiled for it.
/// </remarks>
internal sealed class OperationStep : Step
{
    private const int DefaultPages = 10;

    // Entries of all pages together, as JSON text; an output has to be kept with the run.
    private const int LargestList = 4 << 20;

    private readonly Connector connector;
    private readonly string operation;
    private readonly ConnectorOperation about;
    private readonly ConfigShape shape;
    private readonly Step sender;
    private ConfigTemplate request = null!;
    private ConfigTemplate success = null!;
    private ConfigTemplate answer = null!;
    private ConfigTemplate error = null!;

    private OperationStep(StepTypeAttribute type, Connector connector, string operation, ConfigShape shape, Step sender)
        : base(type)
    {
        (this.connector, this.operation, this.shape, this.sender) = (connector, operation, shape, sender);
        about = connector.File.Operations[operation];
    }

    public override Type ConfigType => typeof(Json);

    /// <summary>Names of the secrets of the step's connection.</summary>
    public IReadOnlyList<string> Secrets { get; private set; } = [];

    private bool IsDurable => about.Mode is OperationMode.Durable;

    /// <summary>An operation as a step type; null when the connector has none of that name.</summary>
    public static StepTypeEntry? EntryOf(Connector connector, string operation, StepCatalog catalog)
    {
        if (!connector.File.Operations.TryGetValue(operation, out var about) || !catalog.TryGet(about.Mode is OperationMode.Durable ? "webhook.send" : "http.request", out var sender)) return null;
        var type = new StepTypeAttribute($"{connector.Name}.{operation}") { Title = $"{connector.File.Title}: {about.Title}", Category = "Connectors", Icon = connector.File.Icon, Effect = sender.Effect };
        var shape = OperationFields.Of(connector, operation);
        var description = string.Join(' ', new[] { about.Description, about.Docs }.OfType<string>());
        return new StepTypeEntry(type, description.Length > 0 ? description : null, new OperationStep(type, connector, operation, shape, sender.Step), shape);
    }

    public override void Check(StepCheck check)
    {
        var connection = check.Config.TryGetProperty(OperationFields.ConnectionName, out var named) && named.ValueKind is JsonValueKind.String ? named.GetString()! : connector.Name;
        var written = OperationTemplates.Request(connector, operation);
        if (!Connection.IsName(connection)) return; // a problem by the field's own rule
        Secrets = [.. Connection.CredentialsIn(written).Select(credential => Connection.SecretOf(connection, credential))];
        foreach (var secret in Secrets) check.Secret("", secret);
        request = check.Template("request", OperationTemplates.RequestShape, JsonSerializer.SerializeToElement(Connection.WithSecrets(written, connection)), PointerOf("request"));
        if (IsDurable) return;
        var reading = OperationTemplates.Part(connector, operation, "answer") ?? [];
        var judging = new JsonObject { ["success"] = reading["success"]?.DeepClone() ?? true };
        reading.Remove("success");
        success = check.Template("success", OperationTemplates.AnswerShape, JsonSerializer.SerializeToElement(judging), PointerOf("answer")); // by itself: the rest may make no sense of a failure
        answer = check.Template("answer", OperationTemplates.AnswerShape, JsonSerializer.SerializeToElement(reading), PointerOf("answer"));
        error = check.Template("error", OperationTemplates.ErrorShape, JsonSerializer.SerializeToElement(OperationTemplates.Part(connector, operation, "error") ?? []), PointerOf("error"));
    }

    public override async ValueTask<StepResult> RunAsync(object config, StepContext context)
    {
        var fields = Fields((Json)config);
        if (IsDurable)
        {
            var wanted = await FillAsync(fields, context);
            return await sender.RunAsync(new SendWebhookStep.Config(Url: Address(wanted), Method: wanted.Method, Headers: Given(wanted.Headers), Body: Body(wanted), ContentType: wanted.ContentType), context);
        }

        return about.Answer?.Items is null ? await OneAsync(fields, context) : await AllPagesAsync(fields, context);
    }

    private string PointerOf(string part) => Connector.PathOf(connector.Name) + "#" + OperationTemplates.PointerOf(operation, part);

    private async ValueTask<StepResult> OneAsync(JsonObject fields, StepContext context)
    {
        var (whole, read) = await CallAsync(await FillAsync(fields, context), context);
        return StepResult.Done(about.Answer?.Output is null ? Member(whole, "body") : read.Output ?? Json.Null);
    }

    private async ValueTask<StepResult> AllPagesAsync(JsonObject fields, StepContext context)
    {
        var entries = new JsonArray();
        var first = await FillAsync(fields, context);
        var page = first;
        var bytes = 0;
        for (var count = 1; ; count++)
        {
            var (_, read) = await CallAsync(page, context);
            if (read.Items is { } items)
            {
                bytes += items.Utf8.Length;
                if (bytes > LargestList) throw new StepException(new StepError("response_too_large", $"The pages are larger than {LargestList >> 20} MB together; ask for less.", Retryable: false));
                if (JsonNode.Parse(items.Utf8.Span) is JsonArray found) foreach (var item in found) entries.Add(item?.DeepClone());
            }

            if (count >= (about.Answer!.MaxPages ?? DefaultPages) || read.Next is not { } next || JsonNode.Parse(next.Utf8.Span) is not { } to || to.ToJsonString() is "\"\"" or "false") break;
            page = await NextAsync(first, to, fields, context);
        }

        return StepResult.Done(Json.Parse(entries.ToJsonString()));
    }

    private async ValueTask<ConnectorRequest> NextAsync(ConnectorRequest first, JsonNode to, JsonObject fields, StepContext context)
    {
        if (to.GetValueKind() is JsonValueKind.String && to.GetValue<string>() is var address && address.StartsWith("http", StringComparison.Ordinal))
        {
            // The request's credentials go along: only where they went before.
            if (SecretTemplate.MayHold(first.Url.Escaped) || !Uri.TryCreate(first.Url.Escaped, UriKind.Absolute, out var before) || !Uri.TryCreate(address, UriKind.Absolute, out var after)
                || Uri.Compare(before, after, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) != 0)
                throw new StepException(new StepError("service_error", $"{connector.File.Title} names a next page at another host, which is not asked.", Retryable: false));
            return first with { Url = SecretText.Of(address), Query = null };
        }

        var more = (JsonObject)fields.DeepClone();
        more["next"] = to.DeepClone();
        return await FillAsync(more, context);
    }

    private async ValueTask<(Json Whole, ConnectorAnswer Read)> CallAsync(ConnectorRequest wanted, StepContext context)
    {
        var call = new HttpRequestStep.Config(Url: Address(wanted), Method: wanted.Method, Query: Given(wanted.Query), Headers: Given(wanted.Headers), Body: Body(wanted), ContentType: wanted.ContentType, AcceptStatus: wanted.AcceptStatus);
        Json whole;
        try
        {
            whole = (await sender.RunAsync(call, context)).Output;
        }
        catch (StepException failed) when (failed.Error is { Code: "http_status", Details: { } details })
        {
            throw await FailureAsync(failed.Error, details, context);
        }

        if (((ConnectorAnswer)await context.FillAsync(success, whole)).Success is { } worked && worked.Utf8.Span.SequenceEqual("true"u8)) return (whole, (ConnectorAnswer)await context.FillAsync(answer, whole));
        throw await FailureAsync(new StepError("service_error", $"{connector.File.Title} answered that it did not work.", Details: whole, Retryable: false), whole, context);
    }

    private async ValueTask<StepException> FailureAsync(StepError failure, Json whole, StepContext context)
    {
        var said = (ConnectorError)await context.FillAsync(error, whole);
        var words = said.Message is { } message && JsonNode.Parse(message.Utf8.Span) is { } node ? node.GetValueKind() is JsonValueKind.String ? node.GetValue<string>() : node.ToJsonString() : null;
        return new StepException(failure with
        {
            Message = string.IsNullOrWhiteSpace(words) ? failure.Message : $"{connector.File.Title}: {(words.Length <= 500 ? words : words[..500] + "…")}",
            Retryable = said.Retryable is { } retryable ? retryable.Utf8.Span.SequenceEqual("true"u8) : failure.Retryable,
            RetryAfter = Seconds(said.RetryAfter) ?? Seconds(Member(Member(whole, "headers"), "retry-after")),
        });
    }

    private static TimeSpan? Seconds(Json? value)
    {
        if (value is not { } given || JsonNode.Parse(given.Utf8.Span) is not { } node) return null;
        return double.TryParse(node.ToString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 86_400 ? TimeSpan.FromSeconds(seconds) : null;
    }

    private async ValueTask<ConnectorRequest> FillAsync(JsonObject fields, StepContext context) => (ConnectorRequest)await context.FillAsync(request, Json.Parse(fields.ToJsonString()));

    /// <summary>What the step was given, checked, with the defaults of what it was not.</summary>
    private JsonObject Fields(Json config)
    {
        using var document = config.ToDocument();
        new ConfigWalk((at, message) => throw new StepException(new StepError("config_invalid", $"{(at.Length > 0 ? at[1..] : "config")}: {message}", Retryable: false))).CheckObject(document.RootElement, shape, []);
        var fields = JsonObject.Create(document.RootElement.Clone())!;
        foreach (var property in shape.Properties)
        {
            if (fields[property.Name] is not null) continue;
            fields[property.Name] = property.Attributes.OfType<DefaultJsonAttribute>().FirstOrDefault() is { } given ? JsonNode.Parse(given.Value.Utf8.Span) : null;
        }

        fields["next"] = null;
        return fields;
    }

    /// <summary>The address, in which nothing that was put in leads out of the path that the connector names.</summary>
    private static SecretText Address(ConnectorRequest wanted)
    {
        var path = wanted.Url.Escaped.AsSpan();
        if (path.IndexOfAny('?', '#') is var end and >= 0) path = path[..end];
        foreach (var part in path.Split('/'))
        {
            if (path[part].ToString().Replace("%2e", ".", StringComparison.OrdinalIgnoreCase) is "." or "..")
                throw new StepException(new StepError("config_invalid", "A field gives \".\" or \"..\" as a part of the address, which would lead elsewhere.", Retryable: false));
        }

        return wanted.Url;
    }

    private static Dictionary<string, SecretText>? Given(IReadOnlyDictionary<string, SecretText?>? entries) =>
        entries?.Where(e => e.Value is not null).ToDictionary(e => e.Key, e => e.Value!.Value, StringComparer.Ordinal);

    private static SecretJson? Body(ConnectorRequest wanted)
    {
        if (wanted.Body is not { } body) return null;
        var node = JsonNode.Parse(body.Escaped.Utf8.Span);
        return new SecretJson(Json.Parse(WithoutNulls(node)?.ToJsonString(Unescaped) ?? "null"));
    }

    // As it was written: a secret's name has to stay readable in it.
    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonNode? WithoutNulls(JsonNode? node)
    {
        if (node is not JsonObject members) return node;
        foreach (var (name, value) in members.ToList())
        {
            if (value is null) members.Remove(name);
            else WithoutNulls(value);
        }

        return members;
    }

    private static Json Member(Json value, string name)
    {
        using var document = value.ToDocument();
        return document.RootElement.ValueKind is JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var member) ? Json.Parse(member.GetRawText()) : Json.Null;
    }
}

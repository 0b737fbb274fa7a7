using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Connectors.OAuth;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.Configs;
using Automation.Server.Workflows.Templates;

namespace Automation.Server.Connectors;

/// <summary>One step whose type is an operation of a connector: its fields become a request, which <c>webhook.send</c> queues or <c>http.request</c> makes, or a message that <c>mqtt.publish</c> publishes.</summary>
/// <remarks>
/// Input: not used but through the fields' expressions. Output of a durable operation: as of <c>webhook.send</c>, <c>{ "deliveryId": string }</c>; of one that publishes: the step's input, as of <c>mqtt.publish</c>. Of an inline one: what the connector's <c>answer</c> says, else the
/// answer's body. Fails as <c>http.request</c> does, with the service's own words where the connector knows where they are; <c>service_error</c> is an answer that is no success whatever its status.
/// Other than those of other types, an instance is of one step, with the templates that were compiled for it.
/// </remarks>
internal sealed class OperationStep : Step
{
    private const int DefaultPages = 10;

    // Entries of all pages together, as JSON text; an output has to be kept with the run.
    private const int LargestList = 4 << 20;

    // What a step may wait between two tries.
    private static readonly TimeSpan LongestPause = TimeSpan.Parse(StepProperties.LongestHold, CultureInfo.InvariantCulture);

    private readonly Connector connector;
    private readonly string operation;
    private readonly ConnectorOperation about;
    private readonly ConfigShape shape;
    private readonly Step sender;
    private JsonNode? template;
    private int levels; // below the first, of the topic as the file has it
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

    /// <summary>How the connection's access token is fetched; null where there is none.</summary>
    public OAuthClient? Client { get; private set; }

    private bool IsDurable => about.Mode is OperationMode.Durable;

    /// <summary>An operation as a step type; null when the connector has none of that name.</summary>
    public static StepTypeEntry? EntryOf(Connector connector, string operation, StepCatalog catalog)
    {
        if (!connector.File.Operations.TryGetValue(operation, out var about) || !catalog.TryGet(SenderOf(about.Mode), out var sender)) return null;
        var type = new StepTypeAttribute($"{connector.Name}.{operation}") { Title = $"{connector.File.Title}: {about.Title}", Category = "Connectors", Icon = connector.File.Icon, Effect = sender.Effect };
        var shape = OperationFields.Of(connector, operation);
        var description = string.Join(' ', new[] { about.Description, about.Docs }.OfType<string>());
        return new StepTypeEntry(type, description.Length > 0 ? description : null, new OperationStep(type, connector, operation, shape, sender.Step), shape);
    }

    public override void Check(StepCheck check)
    {
        var connection = check.Config.TryGetProperty(OperationFields.ConnectionName, out var named) && named.ValueKind is JsonValueKind.String ? named.GetString()! : connector.Name;
        var written = OperationTemplates.Request(connector, operation);
        if (about.Mode is OperationMode.Publish)
        {
            sender.Check(check); // knows the MQTT connections
            template = written["payload"];
            levels = TemplateText.Parse(about.Message!.Topic).Parts.OfType<LiteralPart>().Sum(part => part.Text.Count('/'));
            request = check.Template("message", OperationTemplates.MessageShape, JsonSerializer.SerializeToElement(written), PointerOf("message"));
            return;
        }

        template = written["body"];
        if (!Connection.IsName(connection)) return; // a problem by the field's own rule
        Client = OAuthClient.Of(connector, about.Auth ?? connector.File.Auth, connection);
        Secrets = [.. Connection.CredentialsIn(written).Select(credential => Connection.SecretOf(connection, credential)).Where(secret => secret != Client?.AccessToken)];
        foreach (var secret in Secrets) check.Secret("", secret);
        if (Client is not null && !check.HasSecret(Client.AccessToken))
        {
            Secrets = [.. Secrets.Union(Client.Needed)]; // where the token is there, nobody has to fetch one
            foreach (var secret in Client.Needed) check.Secret("", secret);
        }

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
        if (about.Mode is OperationMode.Publish) return await PublishAsync(fields, context);
        if (IsDurable)
        {
            var wanted = await FillAsync(fields, context);
            return ((SendWebhookStep)sender).Queue(new SendWebhookStep.Config(Url: Address(wanted), Method: wanted.Method, Headers: Given(wanted.Headers), Body: Body(wanted), ContentType: wanted.ContentType), otherwise: null, context);
        }

        return about.Answer?.Items is null ? await OneAsync(fields, context) : await AllPagesAsync(fields, context);
    }

    private static string SenderOf(OperationMode mode) => mode switch
    {
        OperationMode.Durable => "webhook.send",
        OperationMode.Publish => "mqtt.publish",
        _ => "http.request",
    };

    private async ValueTask<StepResult> PublishAsync(JsonObject fields, StepContext context)
    {
        var wanted = (ConnectorMessage)await context.FillAsync(request, Json.Parse(fields.ToJsonString()));
        if (wanted.Topic.AsSpan().Count('/') != levels) throw Invalid("A field gives a \"/\" in the topic, which would lead elsewhere.");
        var payload = wanted.Payload is { } given ? RequestBody.WithoutNulls(JsonNode.Parse(Whole(given).Utf8.Span), template) : null;
        var message = new MqttPublishStep.Config(wanted.Topic, payload is null ? Json.From("") : Json.Parse(payload.ToJsonString(Unescaped)), wanted.Qos, wanted.Retain, fields[OperationFields.ConnectionName]?.GetValue<string>());
        return await sender.RunAsync(message, context);
    }

    private string PointerOf(string part) => Connector.PathOf(connector.Name) + "#" + OperationTemplates.PointerOf(operation, part);

    private async ValueTask<StepResult> OneAsync(JsonObject fields, StepContext context)
    {
        var (whole, read) = await CallAsync(await FillAsync(fields, context), context.IdempotencyKey, context);
        return StepResult.Done(about.Answer?.Output is null ? Member(whole, "body") : read.Output ?? Json.Null);
    }

    private async ValueTask<StepResult> AllPagesAsync(JsonObject fields, StepContext context)
    {
        var entries = new JsonArray();
        var most = about.Answer!.MaxPages ?? DefaultPages;
        var first = await FillAsync(fields, context);
        var next = new NextPage(first, about.Auth ?? connector.File.Auth);
        var page = first;
        var bytes = 0;
        for (var count = 1; ; count++)
        {
            var key = count == 1 ? context.IdempotencyKey : $"{context.IdempotencyKey}.page{count}"; // by the same key a service would repeat the page
            var (_, read) = await CallAsync(page, key, context);
            bytes += read.Items?.Utf8.Length ?? 0;
            if (bytes > LargestList) throw new StepException(new StepError("response_too_large", $"The pages are larger than {LargestList >> 20} MB together; ask for less.", Retryable: false));
            if (NodeOf(read.Items) is not JsonArray found) throw Failed("gives no list where the connector's \"items\" looks for one");
            foreach (var item in found) entries.Add(item?.DeepClone());
            if (NodeOf(read.Next) is not { } to || to.ToJsonString() is "\"\"" or "false") break;
            if (count >= most)
            {
                context.Log("warn", $"There are more pages than the {most} that were read, which the connector's \"maxPages\" allows.");
                break;
            }

            if (!next.IsNew(to)) throw Failed("names a next page that it named before");
            page = NextPage.IsAddress(to) ? next.At(to) ?? throw Failed("names a next page at another host, which is not asked") : await FillAsync(WithNext(fields, to), context);
        }

        return StepResult.Done(Json.Parse(entries.ToJsonString()));

        StepException Failed(string what) => new(new StepError("service_error", $"{connector.File.Title} {what}.", Retryable: false));
    }

    private static JsonObject WithNext(JsonObject fields, JsonNode to)
    {
        var more = (JsonObject)fields.DeepClone();
        more["next"] = to.DeepClone();
        return more;
    }

    private async ValueTask<(Json Whole, ConnectorAnswer Read)> CallAsync(ConnectorRequest wanted, string idempotencyKey, StepContext context)
    {
        var call = new HttpRequestStep.Config(Url: Address(wanted), Method: wanted.Method, Query: Given(wanted.Query), Headers: Given(wanted.Headers), Body: Body(wanted), ContentType: wanted.ContentType, MaxResponse: wanted.MaxResponse, AcceptStatus: wanted.AcceptStatus);
        Json whole;
        try
        {
            whole = (await ((HttpRequestStep)sender).RunAsync(call, idempotencyKey, context)).Output;
        }
        catch (StepException failed) when (failed.Error is { Code: "http_status", Details: { } details })
        {
            throw await FailureAsync(failed.Error, details, context);
        }
        catch (StepException failed) when (failed.Error is { Code: "response_too_large" })
        {
            throw new StepException(failed.Error with { Message = $"The answer of {connector.File.Title} is larger than {wanted.MaxResponse ?? HttpRequestStep.DefaultMaxResponse}; ask for less, or have its connector say \"maxResponse\" in \"request\", 16MB at most.", Retryable = false });
        }

        ConnectorAnswer? read;
        try
        {
            var worked = IsTrue(((ConnectorAnswer)await context.FillAsync(success, whole)).Success);
            read = worked ? (ConnectorAnswer)await context.FillAsync(answer, whole) : null;
        }
        catch (StepException failed)
        {
            throw new StepException(failed.Error with { Retryable = false }); // the service may have done it: another try would do it twice
        }

        if (read is not null) return (whole, read);
        throw await FailureAsync(new StepError("service_error", $"{connector.File.Title} answered that it did not work.", Details: whole, Retryable: false), whole, context);
    }

    private async ValueTask<StepException> FailureAsync(StepError failure, Json whole, StepContext context)
    {
        var said = new ConnectorError();
        try
        {
            said = (ConnectorError)await context.FillAsync(error, whole);
        }
        catch (StepException unreadable)
        {
            context.Log("warn", $"The connector's \"error\" makes no sense of the answer: {unreadable.Message}");
        }

        var words = NodeOf(said.Message) is { } node ? node.GetValueKind() is JsonValueKind.String ? node.GetValue<string>() : node.ToJsonString() : null;
        return new StepException(failure with
        {
            Message = string.IsNullOrWhiteSpace(words) ? failure.Message : $"{connector.File.Title}: {(words.Length <= 500 ? words : words[..(char.IsHighSurrogate(words[499]) ? 499 : 500)] + "…")}",
            Retryable = said.Retryable is { } retryable ? IsTrue(retryable) : failure.Retryable,
            RetryAfter = Pause(said.RetryAfter, context.Now) ?? Pause(Member(Member(whole, "headers"), "retry-after"), context.Now),
        });
    }

    /// <summary>A time that the service asks for: seconds, or the date until when — RFC 9110 §10.2.3. A day at most; null when it is none, or past.</summary>
    private static TimeSpan? Pause(Json? value, DateTimeOffset now)
    {
        var text = NodeOf(value)?.ToString();
        double? seconds = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
            : RetryConditionHeaderValue.TryParse(text, out var header) ? (header.Date - now)?.TotalSeconds : null;
        return seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds.Value, LongestPause.TotalSeconds)) : null;
    }

    /// <summary>As JavaScript takes a value for true or false.</summary>
    private static bool IsTrue(Json? value) => NodeOf(value) is { } node && node.GetValueKind() switch
    {
        JsonValueKind.False => false,
        JsonValueKind.String => node.GetValue<string>().Length > 0,
        JsonValueKind.Number => node.GetValue<double>() != 0,
        _ => true,
    };

    /// <summary>A value of an answer; half of a character in it is shown as one that is missing.</summary>
    private static JsonNode? NodeOf(Json? value)
    {
        if (value is not { } given) return null;
        var text = given.Utf8.ToArray();
        Json.ReplaceHalfCharacters(text);
        return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = JsonFormat.MaxDepth });
    }

    private async ValueTask<ConnectorRequest> FillAsync(JsonObject fields, StepContext context) => (ConnectorRequest)await context.FillAsync(request, Json.Parse(fields.ToJsonString()));

    /// <summary>What the step was given, checked, with the defaults of what it was not.</summary>
    private JsonObject Fields(Json config)
    {
        using var document = Whole(config).ToDocument();
        new ConfigWalk((at, message) => throw Invalid($"{(at.Length > 0 ? at[1..] : "config")}: {message}"), rules: true).CheckObject(document.RootElement, shape, []);
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
        foreach (var part in path.SplitAny('/', '\\')) // which addresses take for one another
        {
            if (path[part].Trim().ToString().Replace("%2e", ".", StringComparison.OrdinalIgnoreCase) is "." or "..")
                throw Invalid("A field gives \".\" or \"..\" as a part of the address, which would lead elsewhere.");
        }

        return wanted.Url;
    }

    private static Dictionary<string, SecretText>? Given(IReadOnlyDictionary<string, SecretText?>? entries) =>
        entries?.Where(e => e.Value is not null).ToDictionary(e => e.Key, e => e.Value!.Value, StringComparer.Ordinal);

    private SecretJson? Body(ConnectorRequest wanted) =>
        wanted.Body is { } body ? new SecretJson(Json.Parse(RequestBody.WithoutNulls(JsonNode.Parse(Whole(body.Escaped).Utf8.Span), template)?.ToJsonString(Unescaped) ?? "null")) : null;

    // As it was written: a secret's name has to stay readable in it.
    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The value, if all its texts are such.</summary>
    private static Json Whole(Json value) =>
        JsonFile.HalfCharacter(value.Utf8.Span) is null ? value : throw Invalid("A text holds half of a character, as of an emoji that was cut; mend it in the expression, as with toWellFormed().");

    private static StepException Invalid(string message) => new(new StepError("config_invalid", message, Retryable: false));

    private static Json Member(Json value, string name)
    {
        using var document = value.ToDocument();
        return document.RootElement.ValueKind is JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var member) ? Json.Parse(member.GetRawText()) : Json.Null;
    }
}

using System.ComponentModel;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Mqtt;
using Automation.Server.Steps;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Automation.Server.Api;

/// <summary>Publishes messages by hand, through the same door as the step <c>mqtt.publish</c>.</summary>
internal static class MqttPublish
{
    public const int LargestBody = 4 << 20; // base64 and JSON around a message of 1 MiB, the largest by default
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.Strict };

    [RequestSizeLimit(LargestBody)]
    public static async Task<Results<NoContent, ProblemHttpResult>> PublishAsync(HttpContext context, ApiSources sources, TimeProvider time)
    {
        MqttPublishRequest? request;
        try
        {
            request = JsonSerializer.Deserialize<MqttPublishRequest>(await ReadAsync(context.Request), Strict);
        }
        catch (JsonException error)
        {
            return ApiProblem.BadRequest($"The body is not a message as JSON: {error.Message}");
        }

        if (request is null) return ApiProblem.BadRequest("The body is null; it has to be an object with a topic.");
        var parameters = new Parameters(time);
        var message = request.ToMessage(parameters);
        if (parameters.Problem is { } problem) return problem;
        return await SendAsync(context, sources, time, message!);
    }

    public static async Task<Results<NoContent, ProblemHttpResult>> SendAsync(HttpContext context, ApiSources sources, TimeProvider time, MqttApplicationMessage message)
    {
        using var timer = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, context.RequestAborted);
        try
        {
            if (await sources.PublishMqtt(message, either.Token)) return TypedResults.NoContent();
            return ApiProblem.Conflict("The broker has no room to retain one more message. Nothing was published.");
        }
        catch (ArgumentException unsendable)
        {
            return ApiProblem.BadRequest($"MQTT cannot carry the message: {unsendable.Message}");
        }
        catch (StepException refused)
        {
            return ApiProblem.BadRequest(refused.Message);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested)
        {
            return ApiProblem.Unavailable(context, "More events are waiting than the server takes. Nothing was published; try again.");
        }
    }

    public static async Task<byte[]> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        return body.ToArray();
    }
}

/// <summary>A message to publish.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record MqttPublishRequest(
    [property: JsonRequired] string Topic,
    [property: Description("A text as it is, any other value as JSON; empty when neither this nor base64 is given.")] JsonElement? Payload = null,
    [property: Description("The payload as bytes in base64, instead of payload.")] string? Base64 = null,
    [property: Description("0, 1 or 2, towards subscribers.")] int Qos = 1,
    [property: Description("Keep the message for later subscribers; with an empty payload, remove what is kept.")] bool Retain = false,
    [property: Description("application/json unless given, when the payload is a JSON value that is no text.")] string? ContentType = null,
    string? ResponseTopic = null,
    [property: Description("In base64.")] string? CorrelationData = null,
    [property: Description("Seconds.")] uint? MessageExpiryInterval = null,
    IReadOnlyList<MqttUserPropertyView>? UserProperties = null)
{
    /// <summary>The message; null when something is wrong, which <paramref name="parameters"/> then say.</summary>
    public MqttApplicationMessage? ToMessage(Parameters parameters)
    {
        parameters.Topic("topic", Topic ?? "");
        if (ResponseTopic is not null) parameters.Topic("responseTopic", ResponseTopic);
        if (Qos is < 0 or > 2) parameters.Bad("qos", "The QoS is 0, 1 or 2.");
        if (Payload is not null && Base64 is not null) parameters.Bad("base64", "There is a payload already; give one of both.");
        var payload = Base64 is not null ? Bytes(parameters, "base64", Base64) : PayloadBytes(parameters);
        var correlation = CorrelationData is null ? null : Bytes(parameters, "correlationData", CorrelationData);
        if (UserProperties?.Any(property => property is not { Name: not null, Value: not null }) == true) parameters.Bad("userProperties", "Each has a name and a value.");
        return parameters.Problem is not null ? null : new MqttApplicationMessage
        {
            Topic = Topic!,
            Payload = payload,
            QualityOfService = (MqttQualityOfService)Qos,
            Retain = Retain,
            ContentType = ContentType ?? (Payload is { ValueKind: not JsonValueKind.String } ? System.Net.Mime.MediaTypeNames.Application.Json : null),
            ResponseTopic = ResponseTopic,
            CorrelationData = correlation is null ? default(ReadOnlyMemory<byte>?) : correlation.AsMemory(),
            MessageExpiryInterval = MessageExpiryInterval,
            UserProperties = [.. (UserProperties ?? []).Select(property => new MqttUserProperty(property.Name, property.Value))],
        };
    }

    private byte[] PayloadBytes(Parameters parameters)
    {
        if (Payload is not { } value) return [];
        try
        {
            return Encoding.UTF8.GetBytes(value.ValueKind is JsonValueKind.String ? value.GetString()! : value.GetRawText());
        }
        catch (InvalidOperationException)
        {
            parameters.Bad("payload", "It has an escape that is half of a character.");
            return [];
        }
    }

    private static byte[] Bytes(Parameters parameters, string name, string text)
    {
        var bytes = new byte[text.Length];
        if (Convert.TryFromBase64String(text, bytes, out var length)) return bytes[..length];
        parameters.Bad(name, "This is not base64.");
        return [];
    }
}

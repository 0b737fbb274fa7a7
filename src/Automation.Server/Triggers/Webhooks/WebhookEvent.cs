using System.Buffers;
using System.Net;
using System.Text.Json;
using Automation.Server.Triggers.Webhooks.CloudEvents;
using Automation.Server.Triggers.Webhooks.Requests;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>Makes the <see cref="Event"/> of a request.</summary>
/// <remarks>
/// Attributes: <c>{ id, source, type, time, subject?, dataschema?, extensions?, method, path, params, query, headers, verified?, contentType?, remoteAddress }</c>.
/// <c>params</c> are decoded, <c>path</c> and <c>source</c> are as sent. A query name that is repeated has an array. Header names are lower-case, repeated
/// headers joined by ", ", and values that let a caller in are <c>•••</c>. <c>verified</c> is <c>{ scheme, secret }</c>, the name of the secret that matched.
/// </remarks>
internal static class WebhookEvent
{
    private const string ReceivedType = "webhook.received";
    private const int LongestNameOnStack = 128;

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? scratch;

    /// <param name="request">The request.</param>
    /// <param name="path">Below <c>/hooks</c>, as sent.</param>
    /// <param name="matches">The triggers that get the event; their parameters agree.</param>
    /// <param name="body">The raw bytes.</param>
    /// <param name="cloudEvent">Null when the request is not a CloudEvent.</param>
    /// <param name="id">Of the event.</param>
    /// <param name="now">When it came.</param>
    public static Event Create(
        HttpRequest request, string path, List<WebhookMatch> matches, ReadOnlyMemory<byte> body, CloudEvent? cloudEvent, long id, DateTimeOffset now)
    {
        var source = cloudEvent?.Source ?? RequestPath.Prefix + path;
        var (buffer, writer) = scratch ??= NewScratch();
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        writer.WriteStartObject();
        writer.WriteString("id"u8, cloudEvent?.Id ?? PublicId.Format(PublicId.Event, id));
        writer.WriteString("source"u8, source);
        writer.WriteString("type"u8, cloudEvent?.Type ?? ReceivedType);
        if (cloudEvent?.Time is { } time) writer.WriteString("time"u8, time);
        else writer.WriteString("time"u8, now.UtcDateTime);
        if (cloudEvent is not null) WriteCloudEvent(writer, cloudEvent);
        writer.WriteString("method"u8, request.Method);
        writer.WriteString("path"u8, path);
        WriteParameters(writer, matches);
        WriteQuery(writer, request);
        WriteHeaders(writer, request.Headers, matches);
        WriteVerified(writer, matches);
        if (request.ContentType is { } contentType) writer.WriteString("contentType"u8, contentType);
        if (request.HttpContext.Connection.RemoteIpAddress is { } address) WriteAddress(writer, address);
        writer.WriteEndObject();
        writer.Flush();
        return new Event
        {
            Id = id,
            Trigger = "webhook",
            Type = cloudEvent?.Type ?? ReceivedType,
            Source = source,
            Subject = cloudEvent?.Subject,
            AcceptedAt = now,
            Attributes = new Json(buffer.WrittenSpan.ToArray()),
            ContentType = request.ContentType,
            Body = body,
        };
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer) NewScratch()
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        return (buffer, new Utf8JsonWriter(buffer, JsonFormat.RawWriter));
    }

    private static void WriteCloudEvent(Utf8JsonWriter writer, CloudEvent cloudEvent)
    {
        if (cloudEvent.Subject is not null) writer.WriteString("subject"u8, cloudEvent.Subject);
        if (cloudEvent.DataSchema is not null) writer.WriteString("dataschema"u8, cloudEvent.DataSchema);
        writer.WriteStartObject("extensions"u8);
        foreach (var (name, value) in cloudEvent.Extensions)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
        }

        writer.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter writer, List<WebhookMatch> matches)
    {
        writer.WriteStartObject("params"u8);
        for (var at = 0; at < matches.Count; at++)
        {
            var names = matches[at].Route.Pattern.Names;
            for (var name = 0; name < names.Count; name++)
            {
                if (!IsWritten(matches, at, names[name])) writer.WriteString(names[name], matches[at].Values[name]);
            }
        }

        writer.WriteEndObject();
    }

    private static bool IsWritten(List<WebhookMatch> matches, int before, string name)
    {
        for (var at = 0; at < before; at++)
        {
            if (matches[at].Route.Pattern.Names.Contains(name)) return true;
        }

        return false;
    }

    private static void WriteQuery(Utf8JsonWriter writer, HttpRequest request)
    {
        writer.WriteStartObject("query"u8);
        if (request.QueryString.HasValue)
        {
            foreach (var (name, values) in request.Query)
            {
                writer.WritePropertyName(name);
                if (values.Count != 1) writer.WriteStartArray();
                foreach (var value in values) writer.WriteStringValue(value);
                if (values.Count != 1) writer.WriteEndArray();
            }
        }

        writer.WriteEndObject();
    }

    private static void WriteHeaders(Utf8JsonWriter writer, IHeaderDictionary headers, List<WebhookMatch> matches)
    {
        Span<char> lower = stackalloc char[LongestNameOnStack];
        writer.WriteStartObject("headers"u8);
        foreach (var (name, values) in headers)
        {
            if (name.Length > LongestNameOnStack) writer.WritePropertyName(name.ToLowerInvariant());
            else writer.WritePropertyName(lower[..name.AsSpan().ToLowerInvariant(lower)]);
            if (RequestMasking.IsCredential(name) || IsProof(matches, name)) writer.WriteStringValue("•••"u8);
            else writer.WriteStringValue(values.Count == 1 ? values[0] : string.Join(", ", values.ToArray()));
        }

        writer.WriteEndObject();
    }

    // Of the first that has one: it is for people, who replace secrets, not for workflows.
    private static void WriteVerified(Utf8JsonWriter writer, List<WebhookMatch> matches)
    {
        foreach (var match in matches)
        {
            if (match.Secret is null) continue;
            writer.WriteStartObject("verified"u8);
            writer.WriteString("scheme"u8, match.Route.Verify!.Scheme);
            writer.WriteString("secret"u8, match.Secret);
            writer.WriteEndObject();
            return;
        }
    }

    private static bool IsProof(List<WebhookMatch> matches, string header)
    {
        foreach (var (route, _) in matches)
        {
            if (header.Equals(route.ProofHeader, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    private static void WriteAddress(Utf8JsonWriter writer, IPAddress address)
    {
        Span<char> text = stackalloc char[65];
        if ((address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).TryFormat(text, out var length)) writer.WriteString("remoteAddress"u8, text[..length]);
    }
}

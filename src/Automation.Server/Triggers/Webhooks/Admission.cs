using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Triggers.Webhooks.CloudEvents;
using Automation.Server.Triggers.Webhooks.Door;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>The conditions a request has to meet: those of the hook as a whole, and those of each trigger on it.</summary>
internal static class Admission
{
    private const int LongestPathTold = 200;

    public static Refusal NotFound(string path)
    {
        var told = RequestPath.Prefix + (path.Length > LongestPathTold ? path[..LongestPathTold] + "…" : path);
        return new(
            StatusCodes.Status404NotFound,
            $"No active workflow has a webhook trigger for {told}. Check the path, upper and lower case too, and that the workflow is switched on.");
    }

    public static Refusal MethodNotAllowed(string method, WebhookMethods allowed)
    {
        var allow = WebhookMethodNames.Allow(allowed);
        return new(StatusCodes.Status405MethodNotAllowed, $"This hook does not take {method}; it takes {allow}.", "Allow", allow);
    }

    /// <summary>What can be said from the headers alone, for every trigger.</summary>
    public static Refusal? Headers(HttpRequest request, out MediaType type)
    {
        type = default;
        if (ContentDecoding.Of(request) is null)
        {
            return new(
                StatusCodes.Status415UnsupportedMediaType, $"The Content-Encoding \"{request.Headers.ContentEncoding}\" is not taken; send the body as it is, or as one of {ContentDecoding.Known}.",
                "Accept-Encoding", ContentDecoding.Known);
        }

        if (request.Headers.ContentType.Count > 1) return Unsupported("The Content-Type header is there more than once; send one.");
        if (!MediaType.TryParse(request.ContentType, out type)) return Unsupported("The Content-Type header is not a media type such as application/json.");
        if (type.Kind is BodyKind.CloudEventBatch) return Unsupported("Batches of CloudEvents are not taken; send each event in a request of its own.");
        return type.Kind is BodyKind.Bytes or BodyKind.Multipart || Charset.IsKnown(type.Charset)
            ? null
            : Unsupported($"The charset \"{type.Charset}\" is not known; send {Charset.Known}.");
    }

    /// <summary>Whether the sender's address may call, and has not called too often.</summary>
    public static Refusal? Sender(WebhookRoute route, System.Net.IPAddress? address, TimeProvider time)
    {
        if (route.Allowed is { } allowed && !allowed.Has(address)) return Refusal.NotAllowed(address);
        return route.PerSource is { } perSource && !perSource.TryTake(Source(address), time, out var wait) ? Refusal.TooMany(wait) : null;
    }

    /// <summary>Whether all together have not called too often. Asked after verification: what strangers send must not use it up.</summary>
    public static Refusal? Rate(WebhookRoute route, TimeProvider time) => route.PerPath is { } perPath && !perPath.TryTake("", time, out var wait) ? Refusal.TooMany(wait) : null;

    /// <summary>One sender of IPv6 has a network of 64 bits.</summary>
    public static string Source(System.Net.IPAddress? address)
    {
        if (address is null) return "";
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4().ToString();
        return address.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    public static Refusal? MediaTypes(WebhookRoute route, string? contentType) =>
        route.Accepts(contentType)
            ? null
            : Unsupported($"This hook does not take {(string.IsNullOrEmpty(contentType) ? "a request without a Content-Type" : contentType)}.");

    public static Refusal? Size(WebhookRoute route, long bytes) => bytes <= route.MaxBody ? null : Refusal.TooLarge(route.MaxBody);

    /// <summary>Whether the body is what its content type says and, for a CloudEvent, whether its attributes are complete.</summary>
    public static Refusal? Content(HttpRequest request, MediaType type, ReadOnlyMemory<byte> body, out CloudEvent? cloudEvent)
    {
        cloudEvent = null;
        if (type.Kind is BodyKind.CloudEvent)
        {
            if (!CloudEventJson.TryReadAttributes(type.Charset, body, out var structured, out var problem)) return new(StatusCodes.Status400BadRequest, problem);
            cloudEvent = structured;
        }
        else if (CloudEventHeaders.IsPresent(request.Headers))
        {
            if (!CloudEventHeaders.TryRead(request.Headers, out var binary, out var problem)) return new(StatusCodes.Status400BadRequest, problem);
            cloudEvent = binary;
        }

        return EventData.TryCheck(request.ContentType, body, out var reason) ? null : new(StatusCodes.Status400BadRequest, reason);
    }

    private static Refusal Unsupported(string detail) => new(StatusCodes.Status415UnsupportedMediaType, detail);
}

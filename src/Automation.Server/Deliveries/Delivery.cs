using Automation.Server.Secrets;

namespace Automation.Server.Deliveries;

/// <summary>One outbound webhook to be made, as the journal keeps it.</summary>
/// <param name="Id">Ascending; outside <c>dlv_…</c>.</param>
/// <param name="RunId">The run that queued it.</param>
/// <param name="WorkflowId">The run's workflow.</param>
/// <param name="StepId">The step that queued it.</param>
/// <param name="IdempotencyKey">Sent with each attempt as <c>Idempotency-Key</c> and <c>webhook-id</c>; the same after a crash, a retry and a replay.</param>
/// <param name="Destination">What concurrency and claims are grouped by: the receiver's origin, or the name of the secret that holds it (<see cref="DestinationOf"/>).</param>
/// <param name="Request">What to send.</param>
/// <param name="CreatedAt">When the run queued it.</param>
/// <param name="Attempts">Attempts made so far.</param>
internal sealed record Delivery(
    long Id,
    long RunId,
    string WorkflowId,
    string StepId,
    string IdempotencyKey,
    string Destination,
    DeliveryRequest Request,
    DateTimeOffset CreatedAt,
    int Attempts)
{
    /// <summary>Those of <see cref="Attempts"/> that were made before the last replay: the pauses between attempts begin afresh after it.</summary>
    public int AttemptsBeforeReplay { get; init; }

    /// <summary>For what waits until another delivery of its <see cref="DeliveryRequest.OrderKey"/> has ended: due never, until that frees it.</summary>
    public static readonly DateTimeOffset Blocked = new(9999, 12, 31, 0, 0, 0, TimeSpan.Zero);

    /// <summary>For what waits until its endpoint is active again: due never, until then.</summary>
    public static readonly DateTimeOffset Paused = new(9999, 12, 30, 0, 0, 0, TimeSpan.Zero);

    /// <summary>True when it may be tried as soon as it is stored: then room can be reserved for it. What is in order is claimed when it is its turn.</summary>
    public bool GoesAtOnce => Request.OrderKey is null && FirstAttemptAt == CreatedAt;

    /// <summary>When the first attempt is due.</summary>
    public DateTimeOffset FirstAttemptAt => Request.Pauses is [var first, ..] ? CreatedAt + RetrySchedule.Limited(first) : CreatedAt;

    /// <summary>As whom this server holds it; set when that is stored.</summary>
    public long Owner { get; set; }

    /// <summary><c>https://host:port</c> of an address; where a secret holds the origin, its name as <c>${secret.NAME}</c>, so that no secret is stored.</summary>
    public static string DestinationOf(string escapedUrl)
    {
        var authorityEnd = escapedUrl.IndexOf("://", StringComparison.Ordinal) is var scheme and >= 0
            ? escapedUrl.AsSpan(scheme + 3).IndexOfAny('/', '?', '#') is var slash and >= 0 ? scheme + 3 + slash : escapedUrl.Length
            : escapedUrl.Length;
        foreach (var part in SecretTemplate.Parts(escapedUrl))
        {
            if (part.IsSecret && part.Start < authorityEnd) return string.Concat("${secret.", escapedUrl.AsSpan(part.Start, part.Length), "}");
        }

        return Uri.TryCreate(escapedUrl, UriKind.Absolute, out var uri) ? $"{uri.Scheme}://{uri.Host}:{uri.Port}" : escapedUrl;
    }
}

/// <summary>One HTTP try of a delivery, as the journal keeps it.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="DurationMs">Until the answer's head was read, or until it failed.</param>
/// <param name="Status">The answer's status, of HTTP or SMTP; null when there was none.</param>
/// <param name="Error">Null for a 2xx; else a lower-case code such as <c>receiver_timed_out</c>, <c>receiver_refused</c>, <c>address_blocked</c>.</param>
/// <param name="Message">One sentence for a person; null for a 2xx, but for a mail that not every recipient was taken of.</param>
/// <param name="ResponseHead">Status line, headers and the first bytes of the body, 20 KB at most, secrets masked.</param>
internal sealed record Attempt(int Number, DateTimeOffset StartedAt, int DurationMs, int? Status, string? Error, string? Message, string? ResponseHead)
{
    /// <summary>Request line and headers as they were sent, 8 KB at most, secrets masked; null when no request could be made.</summary>
    public string? RequestHead { get; init; }

    /// <summary>Where the time went; null for attempts of versions before it was measured.</summary>
    public AttemptTiming? Timing { get; init; }
}

/// <summary>Where the time of an attempt went, in milliseconds. What did not happen, as on a connection that was open already, is null.</summary>
/// <param name="DnsMs">Looking up the name.</param>
/// <param name="ConnectMs">Opening the TCP connection, through the proxy if there is one.</param>
/// <param name="TlsMs">The TLS handshake.</param>
/// <param name="FirstByteMs">From the start until the answer's head had come.</param>
/// <param name="TotalMs">From the start until the answer's body was read as far as it is kept, or until it failed.</param>
internal sealed record AttemptTiming(int? DnsMs, int? ConnectMs, int? TlsMs, int? FirstByteMs, int TotalMs);

/// <summary>A delivery's state: <c>pending → sending → succeeded | retrying → … | dead</c>. <c>sending</c> is a pending or retrying one that a server holds.</summary>
internal static class DeliveryState
{
    public const string Pending = "pending", Retrying = "retrying", Succeeded = "succeeded", Dead = "dead";
}

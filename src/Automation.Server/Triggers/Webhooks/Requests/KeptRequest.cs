using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Requests;

/// <summary>A request to a hook that started nothing, kept to be looked at. Credentials in it are masked.</summary>
/// <param name="Id">Ascending; outside <c>req_…</c>.</param>
/// <param name="At">When it came.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Below <c>/hooks</c>, as sent.</param>
/// <param name="Query">With its <c>?</c>; "" when there is none.</param>
/// <param name="Headers">A JSON object: names in lower case, texts.</param>
/// <param name="ContentType">As sent.</param>
/// <param name="Body">Its first bytes.</param>
/// <param name="BodySize">Of all of it, as far as it was read.</param>
/// <param name="RemoteAddress">The sender's, as far as trusted proxies tell.</param>
/// <param name="Status">What the sender was answered.</param>
internal sealed record KeptRequest(
    long Id, DateTimeOffset At, RequestOutcome Outcome, string Method, string Path, string Query, Json Headers, string? ContentType, byte[] Body, long BodySize, string? RemoteAddress, int Status)
{
    /// <summary>Whose trigger refused it; null when there was none.</summary>
    public string? WorkflowId { get; init; }

    public string? TriggerId { get; init; }

    /// <summary>The verification scheme; null when it did not come to that.</summary>
    public string? Scheme { get; init; }

    /// <summary>Why it was refused, in plain words.</summary>
    public string? Reason { get; init; }

    /// <summary>What would have had to be different.</summary>
    public string? Hint { get; init; }

    /// <summary>What the signature was compared over: its beginning, as text.</summary>
    public string? Signed { get; init; }

    /// <summary>How many requests before it were not kept, because too many came.</summary>
    public long Skipped { get; init; }
}

/// <summary>What became of a request that started nothing.</summary>
internal enum RequestOutcome
{
    Refused,

    /// <summary>Kept on purpose, for a path that has no workflow yet.</summary>
    Captured,
}

namespace Automation.Server.Triggers.Webhooks;

/// <summary>An answer that is not a 2xx.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">A sentence for the sender that says what to do; empty for an answer without a body.</param>
/// <param name="Header">A header that goes with it, as <c>Allow</c>.</param>
/// <param name="HeaderValue">Its value.</param>
/// <param name="Reason">For the log where the sender is not told.</param>
internal sealed record Refusal(int Status, string Detail, string? Header = null, string? HeaderValue = null, string? Reason = null)
{
    public static Refusal NotVerified(string reason) => new(StatusCodes.Status401Unauthorized, "", Reason: reason);

    public static Refusal TooLarge(long limit) =>
        new(StatusCodes.Status413PayloadTooLarge, $"The body is larger than the {limit} bytes this hook takes; send less, or raise \"maxBody\" in its trigger.");

    public static Refusal RetryLater(string detail) => new(StatusCodes.Status503ServiceUnavailable, detail, "Retry-After", "1");
}

using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>An answer that is not a 2xx.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">A sentence for the sender that says what to do; empty for an answer without a body.</param>
/// <param name="Header">A header that goes with it, as <c>Allow</c>.</param>
/// <param name="HeaderValue">Its value.</param>
/// <param name="Reason">For the log where the sender is not told.</param>
/// <param name="Errors">What is wrong with the body, one by one.</param>
internal sealed record Refusal(int Status, string Detail, string? Header = null, string? HeaderValue = null, string? Reason = null, Json? Errors = null)
{
    public static Refusal NotVerified(string reason) => new(StatusCodes.Status401Unauthorized, "", Reason: reason);

    public static Refusal NotAllowed(System.Net.IPAddress? address) =>
        new(StatusCodes.Status403Forbidden, "", Reason: $"the address {(address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)} is not in \"allow\"");

    public static Refusal TooLarge(long limit) =>
        new(StatusCodes.Status413PayloadTooLarge, $"The body is larger than the {limit} bytes this hook takes; send less, or raise \"maxBody\" in its trigger.");

    public static Refusal TooMany(TimeSpan wait) => new(
        StatusCodes.Status429TooManyRequests, "Too many requests; nothing was stored. Send it again after the time that Retry-After says.", "Retry-After", ((long)wait.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture));

    public static Refusal RetryLater(string detail) => new(StatusCodes.Status503ServiceUnavailable, detail, "Retry-After", "1");
}

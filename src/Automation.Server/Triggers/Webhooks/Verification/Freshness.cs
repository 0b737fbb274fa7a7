using System.Globalization;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Whether a signed timestamp is near enough to this server's clock, either way.</summary>
internal static class Freshness
{
    // The year 5138; what is beyond it in a field of seconds is a time in milliseconds.
    private const long LastPlausibleSecond = 99_999_999_999;

    /// <param name="input">Its clock and tolerance.</param>
    /// <param name="where">For the reason, as <c>header X-Slack-Request-Timestamp</c>.</param>
    /// <param name="text">Digits only: no sign, point, blank or "Infinity".</param>
    /// <param name="unitsPerSecond">1 for seconds, 1000 for milliseconds.</param>
    /// <param name="rejected">Why not.</param>
    public static bool IsFresh(VerificationInput input, string where, string text, int unitsPerSecond, out VerificationResult rejected)
    {
        rejected = default;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sent))
        {
            rejected = VerificationResult.Rejected($"{where} is not a number of {(unitsPerSecond == 1 ? "seconds" : "milliseconds")} since 1970");
            return false;
        }

        var seconds = sent / unitsPerSecond;
        if (unitsPerSecond == 1 && seconds > LastPlausibleSecond)
            rejected = VerificationResult.Rejected($"{where} is not a number of seconds since 1970: it has {text.Length} digits, as milliseconds have");
        else if (input.Now.ToUnixTimeSeconds() - seconds is var off && Math.Abs(off) > input.ToleranceSeconds)
            rejected = VerificationResult.Rejected($"clock off by {off} s: {where} is {Math.Abs(off)} s {(off > 0 ? "old" : "in the future")}, {input.ToleranceSeconds} s are allowed");
        return rejected.IsVerified;
    }
}

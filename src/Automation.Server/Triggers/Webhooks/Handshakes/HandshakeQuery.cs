using Automation.Server.Triggers.Webhooks.Verification;
using Microsoft.AspNetCore.WebUtilities;

namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary>Reads parameters of a handshake's query.</summary>
internal static class HandshakeQuery
{
    /// <summary>Longer values are no challenges; they are not echoed.</summary>
    private const int LongestChallenge = 4096;

    /// <summary>Decoded; null when it is not there once, or too long.</summary>
    public static string? Read(WebhookRequest request, string name)
    {
        var query = request.Query;
        if (!query.Contains(name, StringComparison.Ordinal)) return null;
        return QueryHelpers.ParseQuery(query).TryGetValue(name, out var values) && values is [{ Length: > 0 and <= LongestChallenge } value] ? value : null;
    }
}

using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks.Requests;

/// <summary>What is known of a request so far, in case it is refused. Used by one request, and let go of before a caller waits.</summary>
internal sealed class SeenRequest(HttpContext context)
{
    public HttpContext Context => context;

    /// <summary>Below <c>/hooks</c>.</summary>
    public string Path { get; set; } = context.Request.Path.Value ?? "";

    /// <summary>Whether <see cref="Path"/> can name a hook.</summary>
    public bool IsPath { get; set; }

    /// <summary>As far as it was read, without its Content-Encoding.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>The trigger that refused it last.</summary>
    public WebhookRoute? Route { get; set; }

    /// <summary>What it was verified with, and how that ended.</summary>
    public (VerificationInput Input, VerificationResult Result)? Verified { get; set; }
}

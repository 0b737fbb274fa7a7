using System.Text.Json;
using Automation.Server.Storage;

namespace Automation.Server.Endpoints.Portal;

/// <summary>What the receiver verifies signatures with, and the form that replaces it.</summary>
internal static class SecretPage
{
    public static async Task<IResult> GetAsync(HttpContext context, Journal journal, EndpointSecrets secrets)
    {
        var visit = PortalVisit.Of(context);
        var read = new EndpointRead(visit.Link.EndpointId);
        await journal.CommitAsync(read);
        if (read.Endpoint is not { } endpoint) return PortalPage.Tell(StatusCodes.Status404NotFound, "Gone", "This endpoint was deleted.");
        var config = JsonSerializer.Deserialize<EndpointConfig>(endpoint.Config.Utf8.Span, EndpointConfig.Strict)!;
        var shown = HasOwn(config) ? Own(visit, endpoint, config, secrets) : Html.Of($"""
            <section class="card"><p class="empty">{(config.Signing is EndpointSigning.None ? "Deliveries to this endpoint are not signed." : "The operator of the server chose the secret, and keeps it; ask there.")}</p></section>
            """);
        return visit.Page("Signing secret", Html.Of($"""
            {Notices.Of(context.Request.Query)}
            <p class="crumb"><a href="{visit.To()}">← {endpoint.Id}</a></p>
            <div class="top"><div><h1>Signing secret</h1><p class="soft">{HowTo(config)}</p></div></div>
            {shown}
            """));
    }

    /// <summary>Whether the server made the secret, and so may show and replace it.</summary>
    public static bool HasOwn(EndpointConfig config) => config.Secrets is null && config.Signing is not EndpointSigning.None;

    private static Html Own(PortalVisit visit, StoredEndpoint endpoint, EndpointConfig config, EndpointSecrets secrets)
    {
        var valid = secrets.Of(endpoint, config.Signing, visit.Now);
        var previous = valid.Count > 1 ? Html.Of($"""
            <section class="card"><div class="head"><h2>The one before</h2><span class="pill busy">valid until {PortalVisit.Full(endpoint.PreviousUntil!.Value)}</span></div><div class="body"><code class="secret">{EndpointSecrets.ForReceiver(valid[1], config.Signing)}</code></div></section>
            """) : Html.None;
        return Html.Of($"""
            <section class="card"><div class="head"><h2>{(config.Signing is EndpointSigning.StandardWebhooksV1A ? "Public key" : "Secret")}</h2><span class="pill ok">valid</span></div><div class="body"><code class="secret">{EndpointSecrets.ForReceiver(valid[0], config.Signing)}</code>
            <p class="soft">Keep it where your receiver keeps its passwords, and out of your code.</p></div></section>
            {previous}
            <section class="card"><div class="head"><h2>Replace it</h2></div><div class="body"><p class="soft">From now on deliveries are signed with a new one. For as long as you choose they carry a signature of the old one too, so that you can change your receiver without losing any.</p>
            <form class="line" method="post" action="{visit.To("/rotate")}"><input type="hidden" name="form" value="{visit.FormToken}">
            <label>The old one is valid for <select name="overlap"><option value="24h">24 hours</option><option value="7d">7 days</option><option value="1h">1 hour</option><option value="0s">no longer: it leaked</option></select></label>
            <button>Replace</button></form></div></section>
            """);
    }

    private static string HowTo(EndpointConfig config) => config.Signing switch
    {
        EndpointSigning.StandardWebhooks => "Signed as Standard Webhooks: a library of that name verifies the headers webhook-id, webhook-timestamp and webhook-signature.",
        EndpointSigning.StandardWebhooksV1A => "Signed as Standard Webhooks v1a, with Ed25519: verify the headers webhook-id, webhook-timestamp and webhook-signature with the public key.",
        EndpointSigning.GitHub => "Signed as GitHub does: X-Hub-Signature-256 has the HMAC-SHA256 of the body, in hexadecimal behind sha256=.",
        EndpointSigning.Hmac => $"{config.SignatureHeader} has the HMAC-SHA256 of the body, in hexadecimal.",
        _ => "",
    };
}

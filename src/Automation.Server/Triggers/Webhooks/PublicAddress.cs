using Microsoft.AspNetCore.Http.Features;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>The address that a sender called, which some of them sign.</summary>
/// <param name="publicUrl">The setting <c>PublicUrl</c>, without a slash at its end; "" when it is not set.</param>
internal sealed class PublicAddress(string publicUrl)
{
    /// <summary><c>PublicUrl</c>, or scheme and host of the request; no slash at its end.</summary>
    public string Root(HttpContext context) => publicUrl.Length > 0 ? publicUrl : $"{context.Request.Scheme}://{context.Request.Host.Value}";

    /// <summary>
    /// <c>PublicUrl</c> with the path and query as they were sent; without that setting scheme and host are those of the request, or of the forwarding headers of a trusted proxy.
    /// </summary>
    public string Of(HttpContext context)
    {
        var request = context.Request;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.StartsWith('/') ? target : request.PathBase.ToUriComponent() + request.Path.ToUriComponent() + request.QueryString;
        return Root(context) + path;
    }
}

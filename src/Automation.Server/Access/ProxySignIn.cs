using System.Net;
using Automation.Server.Hosting;
using Microsoft.Extensions.Options;

namespace Automation.Server.Access;

/// <summary>Takes the word of a proxy in front for who a user is: names and groups in headers, from the addresses of <c>Server:TrustedProxies</c> alone.</summary>
internal sealed class ProxySignIn(IOptions<AccessOptions> settings, TrustedProxies proxies)
{
    private readonly AccessOptions options = settings.Value;

    /// <summary>Whether a request claims to come from such a proxy.</summary>
    public bool IsClaimed(HttpRequest request) => options.ProxyUserHeader.Length > 0 && request.Headers.ContainsKey(options.ProxyUserHeader);

    /// <summary>Who it is; null, with a sentence, when the claim does not hold.</summary>
    public Caller? CallerOf(HttpContext context, out string why)
    {
        why = "";
        var peer = context.Features.Get<Peer>()?.Address;
        if (!proxies.Has(peer))
        {
            why = $"The header {options.ProxyUserHeader} counts only from the proxies of Server:TrustedProxies, and this request came from elsewhere.";
            return null;
        }

        var names = context.Request.Headers[options.ProxyUserHeader];
        if (names is not [{ Length: > 0 and <= 256 } name] || name.Any(char.IsControl))
        {
            why = $"The header {options.ProxyUserHeader} has to name one user.";
            return null;
        }

        Role? best = AccessOptions.TryRole(options.ProxyDefaultRole, out var other) ? other : null;
        if (options.ProxyGroupsHeader.Length > 0)
        {
            foreach (var group in context.Request.Headers[options.ProxyGroupsHeader].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
            {
                if (options.ProxyRoles.TryGetValue(group, out var text) && AccessOptions.TryRole(text, out var role) && !(best >= role)) best = role;
            }
        }

        if (best is { } found) return new Caller(name, CallerKind.Proxy, found, []);
        why = "None of your groups has a role here (Access:ProxyRoles).";
        return null;
    }

    /// <summary>Who the connection is with, before forwarded headers put the client in that place.</summary>
    public sealed record Peer(IPAddress? Address);
}

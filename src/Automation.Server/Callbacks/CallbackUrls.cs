using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Automation.Server.Callbacks;

/// <summary>Makes callback URLs, below <c>PublicUrl</c>; without that setting below the first address that the server listens on, which only this machine may reach.</summary>
internal sealed class CallbackUrls(CallbackTokens tokens, string publicUrl, IServer server)
{
    public string Of(CallbackAddress address) => $"{Base()}{CallbacksFeature.Prefix}/{tokens.Of(address)}";

    private string Base()
    {
        if (publicUrl.Length > 0) return publicUrl.TrimEnd('/');
        var first = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "http://localhost:8080";
        foreach (var any in new[] { "://0.0.0.0", "://[::]", "://*", "://+" }) first = first.Replace(any, "://localhost", StringComparison.Ordinal);
        return first.TrimEnd('/');
    }
}

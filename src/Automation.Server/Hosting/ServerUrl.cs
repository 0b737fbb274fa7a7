using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Automation.Server.Hosting;

/// <summary>What links to this server begin with: <c>PublicUrl</c>; without that setting the first address that the server listens on, which only this machine may reach.</summary>
/// <param name="publicUrl">As <see cref="Checked"/> gives it.</param>
/// <param name="server">Knows its addresses once it was started.</param>
internal sealed class ServerUrl(string publicUrl, IServer server)
{
    /// <summary>Without a slash at its end.</summary>
    public string Value => publicUrl.Length > 0 ? publicUrl : First();

    /// <summary>The setting, which may be empty.</summary>
    /// <exception cref="StartupException">It is no address.</exception>
    public static string Checked(string text) =>
        text.Length == 0 || (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0 && url.Fragment.Length == 0)
            ? text.TrimEnd('/')
            : throw new StartupException($"{ServerOptions.PublicUrl} '{text}' is not an http(s) address. Write where others reach this server, as https://automation.example.org.");

    private string First()
    {
        var first = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "http://localhost:8080";
        foreach (var any in new[] { "://0.0.0.0", "://[::]", "://*", "://+" }) first = first.Replace(any, "://localhost", StringComparison.Ordinal);
        return first.TrimEnd('/');
    }
}

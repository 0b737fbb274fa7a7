using Microsoft.AspNetCore.Http.Features;

namespace Automation.Server.Api;

/// <summary>Reads a key from the path as it was sent.</summary>
/// <remarks>Routing sees a path in which <c>%25</c> is decoded and <c>%2F</c> is not, so that a key with <c>%2F</c> in it looks like one with a slash. A key may hold any characters.</remarks>
internal static class KeyPath
{
    private const string Before = "/api/workflows/";

    /// <param name="context">The request to <c>/api/workflows/{id}/keys/{key}…</c>.</param>
    /// <param name="routed">The key as routing has it.</param>
    public static string Read(HttpContext context, string routed)
    {
        var path = context.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?')[0];
        var start = path.IndexOf(Before, StringComparison.OrdinalIgnoreCase);
        return start >= 0 && path[(start + Before.Length)..].Split('/') is [_, _, var key, ..] ? Uri.UnescapeDataString(key) : WorkflowsApi.Unescape(routed);
    }
}

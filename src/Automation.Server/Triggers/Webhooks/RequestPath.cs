using Automation.Server.Triggers.Webhooks.Bodies;
using Microsoft.AspNetCore.Http.Features;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>The part of a request's path that names a hook, taken from the request line: ASP.NET's own <c>Path</c> has lost which "/" and "%" were encoded.</summary>
internal static class RequestPath
{
    public const string Prefix = "/hooks";

    /// <summary>The path below <c>/hooks</c> as sent, percent-encoded, without the query; "" for <c>/hooks</c> itself.</summary>
    /// <returns>False, with a sentence for the sender, when the path cannot name a hook whatever hooks there are.</returns>
    public static bool TryRead(HttpContext context, out string path, out string reason)
    {
        path = "";
        reason = "";
        var target = Path(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        var start = context.Request.PathBase.HasValue ? context.Request.PathBase.ToUriComponent() + Prefix : Prefix;
        if (!target.StartsWith(start, StringComparison.Ordinal) || (target.Length > start.Length && target[start.Length] != '/'))
        {
            reason = $"Write the path as {Prefix}/…, without escapes in \"{Prefix}\" and without \"..\".";
            return false;
        }

        path = target[start.Length..].ToString();
        if (path.Contains('%') && !PercentEncoding.TryDecode(path, out _)) reason = "The path is not percent-encoded UTF-8.";
        else if (HasDotSegment(path)) reason = "The path may not have the segments \".\" and \"..\".";
        return reason.Length == 0;
    }

    // origin-form /path?query, or absolute-form http://host/path?query — RFC 9112 §3.2.
    private static ReadOnlySpan<char> Path(ReadOnlySpan<char> target)
    {
        if (target.IsEmpty || target[0] != '/')
        {
            var authority = target.IndexOf("://");
            target = authority < 0 ? "" : target[(authority + 3)..];
            var slash = target.IndexOf('/');
            target = slash < 0 ? "" : target[slash..];
        }

        var end = target.IndexOfAny('?', '#');
        return end < 0 ? target : target[..end];
    }

    private static bool HasDotSegment(ReadOnlySpan<char> path)
    {
        if (!path.Contains("/.", StringComparison.Ordinal) && !path.Contains('%')) return false;
        foreach (var range in path.Split('/'))
        {
            if (PercentEncoding.TryDecode(path[range], out var segment) && segment is "." or "..") return true;
        }

        return false;
    }
}

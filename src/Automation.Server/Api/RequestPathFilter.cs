using System.Text;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Requests to a path below <c>/hooks</c>: one as it was sent, or with parameters all that a trigger with it takes.</summary>
internal sealed class RequestPathFilter
{
    private const string Escape = "\\";

    private readonly string path;
    private readonly PathPattern? pattern;

    public RequestPathFilter(string path)
    {
        this.path = path;
        pattern = PathPattern.TryParse(path, out var parsed, out _) && parsed!.Names.Count > 0 ? parsed : null;
    }

    /// <summary>Whether what <see cref="Of(IQueryable{RequestRow})"/> finds has still to be asked for by <see cref="Takes"/>.</summary>
    public bool IsPattern => pattern is not null;

    public bool Takes(string sent) => pattern is null ? sent == path : pattern.Takes(sent);

    public IQueryable<RequestRow> Of(IQueryable<RequestRow> rows)
    {
        if (pattern is null) return rows.Where(r => r.Path == path);
        var like = Like(pattern);
        return rows.Where(r => EF.Functions.Like(r.Path, like, Escape));
    }

    /// <summary>Of events that came by a webhook.</summary>
    public IQueryable<EventRow> Of(IQueryable<EventRow> rows)
    {
        // As attributes are stored: never at their end.
        if (pattern is null && $"\"path\":{Json.From(path)}," is var written) return rows.Where(e => e.Attributes.Contains(written));
        var like = $"%\"path\":\"{Like(pattern!)}\",%";
        return rows.Where(e => EF.Functions.Like(e.Attributes, like, Escape));
    }

    /// <summary>For LIKE: everything that the pattern takes fits it, and some that it does not, as a parameter's text may have slashes here and case may not count.</summary>
    private static string Like(PathPattern pattern)
    {
        var like = new StringBuilder();
        foreach (var (kind, text) in pattern.Segments)
        {
            if (kind is SegmentKind.Rest) return like.Append('%').ToString();
            like.Append('/');
            if (kind is SegmentKind.Literal && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.' or '_' or '~')) like.Append(text.Replace("_", Escape + "_", StringComparison.Ordinal));
            else like.Append("_%"); // other characters may come percent-encoded
        }

        return like.ToString();
    }
}

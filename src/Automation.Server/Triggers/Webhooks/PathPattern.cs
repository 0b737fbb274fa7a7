using System.Buffers;
using Automation.Server.Triggers.Webhooks.Bodies;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>The path of a webhook trigger: <c>/orders/{id}</c>, <c>/files/{path*}</c>. Case-sensitive.</summary>
/// <remarks>
/// <c>{name}</c> takes one segment, never an empty one; a last <c>{name*}</c> takes the rest, which may be nothing. Other segments stand for themselves,
/// written as they read, not percent-encoded.
/// </remarks>
internal sealed class PathPattern
{
    /// <summary>Bounds the depth of a look-up.</summary>
    public const int MaxSegments = 32;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("{}*?#%\\\"<>|^`");

    private PathPattern(IReadOnlyList<PathSegment> segments)
    {
        Segments = segments;
        Names = [.. segments.Where(segment => segment.Kind is not SegmentKind.Literal).Select(segment => segment.Text)];
    }

    public IReadOnlyList<PathSegment> Segments { get; }

    /// <summary>Of the parameters, from left to right.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether both take exactly the same paths, whatever their parameters are called.</summary>
    public bool TakesSameAs(PathPattern other) =>
        Segments.Count == other.Segments.Count && Segments.Zip(other.Segments)
            .All(pair => pair.First.Kind == pair.Second.Kind && (pair.First.Kind is not SegmentKind.Literal || pair.First.Text == pair.Second.Text));

    /// <summary>Whether a request's path is one of those that it takes.</summary>
    /// <param name="path">As <see cref="RouteTable.Match"/> has it.</param>
    public bool Takes(ReadOnlySpan<char> path)
    {
        foreach (var (kind, text) in Segments)
        {
            if (kind is SegmentKind.Rest) return true;
            if (path.IsEmpty) return false;
            var slash = path[1..].IndexOf('/');
            var segment = slash < 0 ? path[1..] : path[1..(slash + 1)];
            path = slash < 0 ? default : path[(slash + 1)..];
            var decoded = segment.Contains('%') && PercentEncoding.TryDecode(segment, out var plain) ? plain.AsSpan() : segment;
            if (kind is SegmentKind.Literal ? !decoded.SequenceEqual(text) : decoded.IsEmpty) return false;
        }

        return path.IsEmpty;
    }

    /// <returns>False with a sentence for the author.</returns>
    public static bool TryParse(string text, out PathPattern? pattern, out string problem)
    {
        pattern = null;
        problem = "";
        if (text.Length < 2 || text[0] != '/')
        {
            problem = "The path has to begin with \"/\" and name something, as \"/orders/{id}\".";
            return false;
        }

        var parts = text[1..].Split('/');
        if (parts.Length > MaxSegments) problem = $"The path has more than {MaxSegments} segments.";
        var segments = new List<PathSegment>(parts.Length);
        for (var at = 0; at < parts.Length && problem.Length == 0; at++)
        {
            problem = Read(parts[at], isLast: at == parts.Length - 1, out var segment);
            if (segment.Kind is not SegmentKind.Literal && segments.Exists(other => other.Kind is not SegmentKind.Literal && other.Text == segment.Text))
                problem = $"The path has two parameters called \"{segment.Text}\"; rename one.";
            segments.Add(segment);
        }

        if (problem.Length > 0) return false;
        pattern = new PathPattern(segments);
        return true;
    }

    private static string Read(string part, bool isLast, out PathSegment segment)
    {
        segment = new PathSegment(SegmentKind.Literal, part);
        if (part.Length == 0) return isLast ? "Remove the \"/\" at the end of the path." : "The path has an empty segment (\"//\"); remove it.";
        if (part is ['{', .. var name, '}'])
        {
            var isRest = name.EndsWith('*');
            if (isRest) name = name[..^1];
            segment = new PathSegment(isRest ? SegmentKind.Rest : SegmentKind.Parameter, name);
            if (isRest && !isLast) return $"\"{part}\" takes the rest of the path, so it has to be last.";
            return IsName(name) ? "" : $"\"{part}\" is not a parameter: write {{name}} with letters, digits and _.";
        }

        if (part is "." or "..") return "The path may not have the segments \".\" and \"..\".";
        if (part == "*") return "Write {rest*} to take the rest of the path.";
        return part.AsSpan().ContainsAny(Forbidden) || part.Any(char.IsControl)
            ? $"\"{part}\" is not a path segment: a parameter is a whole segment, as {{name}}, and other characters stand for themselves, without % escapes."
            : "";
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && !char.IsAsciiDigit(name[0]) && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_');
}

internal enum SegmentKind
{
    Literal,
    Parameter,
    Rest,
}

/// <param name="Kind">What it takes.</param>
/// <param name="Text">The literal, or the parameter's name.</param>
internal readonly record struct PathSegment(SegmentKind Kind, string Text);

using System.ComponentModel;

namespace Automation.Server.Api;

/// <summary>A part of a list, newest first.</summary>
internal sealed record Page<T>(
    IReadOnlyList<T> Items,
    [property: Description("Path and query of the next page, with the filters of this one; null on the last.")] string? Next);

internal static class Page
{
    public const int DefaultLimit = 50, MaxLimit = 200;

    /// <summary>Makes a page of rows that were read with one more than <paramref name="limit"/>: that one says that there is a next page.</summary>
    public static Page<T> Of<T>(List<T> rows, int limit, HttpRequest request, Func<T, string> id)
    {
        if (rows.Count <= limit) return new Page<T>(rows, null);
        var items = rows[..limit];
        var filters = request.Query.Where(q => !q.Key.Equals("before", StringComparison.OrdinalIgnoreCase));
        return new Page<T>(items, request.Path.Value + QueryString.Create(filters).Add("before", id(items[^1])));
    }

    /// <summary>A list that is short enough to be answered whole.</summary>
    public static Page<T> Whole<T>(IReadOnlyList<T> items) => new(items, null);
}

using System.ComponentModel;

namespace Automation.Server.Api;

/// <summary>A part of a list.</summary>
internal sealed record Page<T>(
    IReadOnlyList<T> Items,
    [property: Description("Path and query of the next page, with the filters of this one; null on the last.")] string? Next);

internal static class Page
{
    public const int DefaultLimit = 50, MaxLimit = 200;

    /// <summary>Makes a page, newest first, of rows that were read with one more than <paramref name="limit"/>: that one says that there is a next page.</summary>
    public static Page<T> Of<T>(List<T> rows, int limit, HttpRequest request, Func<T, string> id) => Of(rows, limit, request, "before", id);

    /// <summary>The same for a list in the order of its ids.</summary>
    public static Page<T> After<T>(List<T> rows, int limit, HttpRequest request, Func<T, string> id) => Of(rows, limit, request, "after", id);

    /// <summary>Path and query of the request with another cursor.</summary>
    public static string PathOf(HttpRequest request, string cursor, string value)
    {
        var filters = request.Query.Where(q => !q.Key.Equals(cursor, StringComparison.OrdinalIgnoreCase));
        return request.Path.Value + QueryString.Create(filters).Add(cursor, value);
    }

    private static Page<T> Of<T>(List<T> rows, int limit, HttpRequest request, string cursor, Func<T, string> id) =>
        rows.Count <= limit ? new Page<T>(rows, null) : new Page<T>(rows[..limit], PathOf(request, cursor, id(rows[limit - 1])));

    /// <summary>A list that is short enough to be answered whole.</summary>
    public static Page<T> Whole<T>(IReadOnlyList<T> items) => new(items, null);
}

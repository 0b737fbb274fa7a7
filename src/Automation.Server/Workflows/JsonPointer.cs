namespace Automation.Server.Workflows;

/// <summary>JSON pointers — RFC 6901.</summary>
internal static class JsonPointer
{
    /// <summary>A property name as a pointer's part: <c>~</c> becomes <c>~0</c>, <c>/</c> becomes <c>~1</c>.</summary>
    public static string Escape(string name) =>
        name.AsSpan().IndexOfAny('~', '/') < 0 ? name : name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}

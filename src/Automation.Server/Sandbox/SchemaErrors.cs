using Automation.Server.Values;

namespace Automation.Server.Sandbox;

/// <summary>What the sandbox finds wrong with a value by a <see cref="SchemaUnit"/>: a JSON array of <c>{ pointer, keyword, message, params }</c>.</summary>
internal static class SchemaErrors
{
    public static bool IsNone(Json errors) => errors.Utf8.Span.SequenceEqual("[]"u8);

    /// <summary>The first of them as a sentence.</summary>
    public static string First(Json errors)
    {
        using var list = errors.ToDocument();
        var (first, count) = (list.RootElement[0], list.RootElement.GetArrayLength());
        var pointer = first.GetProperty("pointer").GetString()!;
        return $"{(pointer.Length == 0 ? "It" : pointer)} {first.GetProperty("message").GetString()}{(count > 1 ? $", and {count - 1} more" : "")}.";
    }
}

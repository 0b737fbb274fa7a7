using Automation.Server.Values;

namespace Automation.Server.Sandbox;

/// <summary>What the sandbox finds wrong with a value by a <see cref="SchemaUnit"/>: a JSON array of <c>{ pointer, keyword, message, params }</c>.</summary>
internal static class SchemaErrors
{
    public static bool IsNone(Json errors) => errors.Utf8.Span.SequenceEqual("[]"u8);
}

using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace Automation.Server.Connectors;

/// <summary>A connector's <c>pattern</c>: matched whole, in a time that grows with the text alone, whatever the pattern.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PatternAttribute(string pattern) : RegularExpressionAttribute(pattern)
{
    private readonly Lazy<Regex> regex = new(() => Of(pattern));

    public override bool IsValid(object? value) => value is not string { Length: > 0 } text || (regex.Value.Match(text) is { Success: true, Index: 0, Length: var length } && length == text.Length);

    /// <summary>What is wrong with a pattern; null when nothing is.</summary>
    public static string? Problem(string pattern)
    {
        try
        {
            _ = Of(pattern);
            return null;
        }
        catch (NotSupportedException)
        {
            return "The pattern looks ahead or back (?=, ?!, ?<, \\1) or is too large, so it could take any time; write it without.";
        }
        catch (ArgumentException)
        {
            return "The pattern is no regular expression; correct it.";
        }
    }

    private static Regex Of(string pattern) => new(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
}

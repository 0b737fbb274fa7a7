using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>A text in which <c>*</c> takes any text, also none, and <c>{name}</c> takes one or more characters and names them.</summary>
internal sealed class ClientPattern
{
    private readonly Regex regex;

    private ClientPattern(Regex regex, IReadOnlyList<string> names) => (this.regex, Names) = (regex, names);

    /// <summary>Of the parts, in their order.</summary>
    public IReadOnlyList<string> Names { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out ClientPattern? pattern, [NotNullWhen(false)] out string? mistake)
    {
        pattern = null;
        var names = new List<string>();
        var regex = new StringBuilder("^");
        var wasOpen = false; // the part before takes any text
        for (var at = 0; at < text.Length; at++)
        {
            var isOpen = text[at] is '*' or '{';
            if (isOpen && wasOpen)
            {
                mistake = $"'{text}' has two parts side by side that take any text: where one ends and the other begins cannot be told. Put text between them.";
                return false;
            }

            wasOpen = isOpen;
            if (text[at] == '*')
            {
                regex.Append(".*");
            }
            else if (text[at] is '{' or '}')
            {
                var end = text.IndexOf('}', at);
                var name = end > at ? text[(at + 1)..end] : "";
                if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
                {
                    mistake = $"'{text}' has a brace that is no name. A name is made of letters, digits and _, as {{number}}.";
                    return false;
                }

                if (names.Contains(name))
                {
                    mistake = $"Two parts are named {{{name}}}. Give each its own name.";
                    return false;
                }

                names.Add(name);
                regex.Append("(.+)");
                at = end;
            }
            else
            {
                regex.Append(Regex.Escape(text[at].ToString()));
            }
        }

        // Linear in the length of what it is matched against, which strangers choose.
        pattern = new ClientPattern(new Regex(regex.Append("\\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant), names);
        mistake = null;
        return true;
    }

    /// <returns>The named parts; null when the text does not match.</returns>
    public IReadOnlyList<KeyValuePair<string, string>>? Match(string text) =>
        regex.Match(text) is { Success: true } match ? [.. Names.Select((name, index) => KeyValuePair.Create(name, match.Groups[index + 1].Value))] : null;
}

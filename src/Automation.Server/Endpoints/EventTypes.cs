using System.Text.RegularExpressions;

namespace Automation.Server.Endpoints;

/// <summary>Names of event types, as <c>order.created</c>, and patterns for them: a name, <c>order.*</c> for all that begin so, <c>*</c> for all.</summary>
internal static partial class EventTypes
{
    /// <summary>The server's own, about an endpoint that it calls no more.</summary>
    public const string EndpointDisabled = "automation.endpoint.disabled";

    /// <summary>The server's own, sent to one endpoint from its portal.</summary>
    public const string Test = "automation.endpoint.test";

    /// <summary>What the server's own types begin with: nobody else emits such.</summary>
    public const string Reserved = "automation.";

    public const int LongestName = 128;

    public const string Expected = "words of letters, digits, _ and -, joined by dots, as \"order.created\"";

    public static bool IsName(string text) => text.Length <= LongestName && Name().IsMatch(text);

    public static bool IsReserved(string type) => type.StartsWith(Reserved, StringComparison.OrdinalIgnoreCase);

    public static bool IsPattern(string text) => text == "*" || IsName(text.EndsWith(".*", StringComparison.Ordinal) ? text[..^2] : text);

    /// <summary>Every pattern that a type fits: itself, each beginning with <c>.*</c>, and <c>*</c>.</summary>
    public static IReadOnlyList<string> PatternsOf(string type)
    {
        var patterns = new List<string> { type, "*" };
        for (var dot = type.LastIndexOf('.'); dot > 0; dot = type.LastIndexOf('.', dot - 1)) patterns.Add(type[..dot] + ".*");
        return patterns;
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\z")]
    private static partial Regex Name();
}

namespace Automation.Server.Access;

/// <summary>Names of users and tokens: letters, digits, and <c>. _ @ + -</c> between.</summary>
internal static class UserNames
{
    /// <summary>Why a name cannot be taken; null when it can.</summary>
    public static string? WhyNot(string? name) =>
        name is { Length: >= 1 and <= 64 } && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '@' or '+' or '-')
            ? null
            : "A name has 1 to 64 letters of ASCII, digits and . _ @ + -, and begins with a letter or digit.";
}

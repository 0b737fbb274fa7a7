namespace Automation.Server.Access;

/// <summary>Where somebody who had to sign in wanted to go: a path of this server, with its query.</summary>
internal static class ReturnAddress
{
    /// <summary>In the address of the sign-in page.</summary>
    public const string Parameter = "return";

    private const int Longest = 2000;

    // Those that begin or end a session lead nowhere afterwards, and the token of /?token=… must stand in no other address.
    private static readonly string[] Pages = ["/", "/sign-in", "/sign-out", "/set-up"];

    /// <summary>The address as it may be redirected to; <c>/</c> for any other text than a path of this server.</summary>
    /// <remarks>Browsers take <c>//host</c> and <c>/\host</c> for addresses of other hosts, and drop tabs and line ends before they look (WHATWG URL §4.4): only visible ASCII without a backslash passes.</remarks>
    public static string Of(string? text)
    {
        if (text is not ['/', ..] || text is ['/', '/', ..] || text.Length > Longest || text.AsSpan().ContainsAnyExceptInRange('!', '~') || text.Contains('\\')) return "/";
        var path = text[..(text.IndexOfAny(['?', '#']) is var end and >= 0 ? end : text.Length)];
        return Array.Exists(Pages, page => path.Equals(page, StringComparison.OrdinalIgnoreCase)) ? "/" : text;
    }

    /// <summary>The sign-in page that leads on to an address.</summary>
    public static string SignIn(string? text) => Of(text) is var wanted and not "/" ? $"/sign-in?{Parameter}={Uri.EscapeDataString(wanted)}" : "/sign-in";
}

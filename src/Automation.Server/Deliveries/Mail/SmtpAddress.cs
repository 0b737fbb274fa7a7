using System.Diagnostics.CodeAnalysis;

namespace Automation.Server.Deliveries.Mail;

/// <summary>A mail server and who sends by it: <c>smtps://user:password@host:465</c> speaks TLS from the first byte, <c>smtp://user:password@host:587</c> after STARTTLS, which has to be there unless <c>?tls=none</c> is said.</summary>
internal sealed record SmtpAddress(string Host, int Port, string User, string Password, bool ImplicitTls, bool StartTls)
{
    public const string Expected = "smtp://user:password@host:587 (STARTTLS), smtps://user:password@host:465, or smtp://host:25?tls=none where the network between is trusted";

    /// <summary>Whether a delivery's address is that of a mail server.</summary>
    public static bool IsMail(string address) => address.StartsWith("smtp:", StringComparison.OrdinalIgnoreCase) || address.StartsWith("smtps:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Parts with special characters are percent-encoded.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out SmtpAddress? address)
    {
        address = null;
        if (text.AsSpan().ContainsAnyInRange('\0', '\x1f') || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("smtp" or "smtps") || uri.Host.Length == 0 || uri.AbsolutePath is not ("/" or "")) return false;
        if (uri.Query is not ("" or "?tls=required" or "?tls=none") || (uri.Query == "?tls=none" && uri.Scheme == "smtps")) return false;
        var (user, password) = uri.UserInfo.Split(':', 2) is [var name, var secret] ? (name, secret) : (uri.UserInfo, "");
        var implicitTls = uri.Scheme == "smtps";
        var port = uri.Authority.EndsWith($":{uri.Port}", StringComparison.Ordinal) ? uri.Port : implicitTls ? 465 : 587; // .NET takes 25 for the default of smtp
        address = new SmtpAddress(uri.IdnHost.Trim('[', ']'), port, Uri.UnescapeDataString(user), Uri.UnescapeDataString(password), implicitTls, !implicitTls && uri.Query != "?tls=none");
        return true;
    }
}

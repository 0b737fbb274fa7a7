using System.Diagnostics.CodeAnalysis;

namespace Automation.Server.Queries;

/// <summary>How a PostgreSQL connection is secured.</summary>
internal enum PostgresTls
{
    /// <summary>TLS, and the server's certificate is checked, by its name too.</summary>
    VerifyFull,

    /// <summary>TLS, with whoever answers.</summary>
    Require,

    /// <summary>None.</summary>
    Disable,
}

/// <summary>Where a database is and who asks it: <c>postgresql://user:password@host:port/database?sslmode=verify-full</c>, as libpq reads it.</summary>
internal sealed record PostgresAddress(string Host, int Port, string User, string Password, string Database, PostgresTls Tls)
{
    public const string Expected = "postgresql://user:password@host:5432/database, with ?sslmode=require or ?sslmode=disable where the server's certificate cannot be checked";

    /// <param name="text">Parts with special characters are percent-encoded.</param>
    /// <param name="address">Null where it cannot be read.</param>
    /// <param name="problem">What is wrong, without a word of the text.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out PostgresAddress? address, out string problem)
    {
        address = null;
        problem = "it is not an address";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql")) return false;
        problem = "it names no host, or several";
        if (uri.Host.Length == 0 || uri.Host.Contains(',') || uri.Host.Contains('%')) return false;
        problem = "it names no user";
        var (user, password) = uri.UserInfo.Split(':', 2) is [var name, var secret] ? (name, secret) : (uri.UserInfo, "");
        if (user.Length == 0) return false;
        problem = "it names no database";
        var database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        if (database.Length == 0) return false;
        var tls = PostgresTls.VerifyFull;
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            PostgresTls? mode = pair switch
            {
                "sslmode=verify-full" => PostgresTls.VerifyFull,
                "sslmode=require" => PostgresTls.Require,
                "sslmode=disable" => PostgresTls.Disable,
                _ => null,
            };
            problem = "after the ? only sslmode=verify-full, sslmode=require or sslmode=disable may stand";
            if (mode is not { } known) return false;
            tls = known;
        }

        address = new PostgresAddress(uri.IdnHost.Trim('[', ']'), uri.Port > 0 ? uri.Port : 5432, Uri.UnescapeDataString(user), Uri.UnescapeDataString(password), database, tls);
        return true;
    }
}

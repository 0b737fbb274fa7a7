using System.Net.Sockets;
using System.Security.Authentication;
using Automation.Server.Deliveries;
using Automation.Server.Steps;
using Automation.Server.Values;
using Npgsql;

namespace Automation.Server.Queries;

/// <summary>PostgreSQL's errors (SQLSTATE, appendix A of its manual) as those of a step. None has an address, a user's password or values of rows in it.</summary>
internal static class PostgresFailures
{
    /// <summary>Null for a defect.</summary>
    public static StepError? Sort(Exception error)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is StepException step) return step.Error;
            if (inner is OutboundException outbound) return new StepError(outbound.Code, outbound.Message, Retryable: outbound.Code is not ("address_blocked" or "tls_failed") && !outbound.Code.StartsWith("certificate_", StringComparison.Ordinal));
            if (inner is PostgresException known) return OfState(known);
        }

        return error switch
        {
            NpgsqlException { InnerException: SocketException socket } => new("connection_failed", $"No connection to the database: {Reason(socket.SocketErrorCode)}."),
            NpgsqlException { InnerException: TimeoutException } or TimeoutException => new("connection_failed", "No connection to the database: no answer in time."),
            NpgsqlException { InnerException: AuthenticationException } => new("tls_failed", "No secure connection to the database: the handshake failed.", Retryable: false),
            NpgsqlException { Message: var text } when text.Contains("SSL", StringComparison.Ordinal) =>
                new("tls_failed", "The database does not speak TLS. Switch it on there, or write ?sslmode=disable at the end of the address where the network between is trusted.", Retryable: false),
            NpgsqlException { Message: var text } when text.Contains("No password", StringComparison.Ordinal) => new("login_failed", "The database asks for a password, and the address has none.", Retryable: false),
            NpgsqlException { Message: var text } when text.Contains("pool", StringComparison.Ordinal) => new("connection_failed", "All connections to the database are in use; the setting Queries:PostgresConnections allows more."),
            NpgsqlException or IOException => new("connection_lost", "The connection to the database was lost, or what it answered is not PostgreSQL."),
            _ => null,
        };
    }

    private static StepError OfState(PostgresException error)
    {
        var words = error.MessageText.Length <= 500 ? error.MessageText : error.MessageText[..500] + "…";
        var hint = error.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction ? " Set \"write\": true where the step is to change rows." : "";
        var code = error.SqlState switch
        {
            ['2', '8', ..] => "login_failed",
            PostgresErrorCodes.QueryCanceled => "query_timed_out",
            _ => "query_failed",
        };
        // 08 connection, 40 rollback, 53 resources, 55P03 lock, 57 operator: may be over at the next try.
        var again = error.SqlState is ['0', '8', '0' or '3', ..] or ['4', '0', ..] or ['5', '3', ..] or "55P03" or ['5', '7', ..];
        return new StepError(code, $"PostgreSQL: {words.TrimEnd('.')} (SQLSTATE {error.SqlState}).{hint}", Details: Json.From(new { sqlState = error.SqlState, position = error.Position > 0 ? error.Position : (int?)null }), Retryable: again);
    }

    private static string Reason(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "nothing listens there",
        SocketError.TimedOut => "no answer",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
        _ => error.ToString(),
    };
}

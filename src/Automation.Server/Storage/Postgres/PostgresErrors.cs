using System.Net.Sockets;
using Npgsql;

namespace Automation.Server.Storage.Postgres;

/// <summary>PostgreSQL's errors (SQLSTATE, appendix A of its manual) in the journal's terms.</summary>
internal static class PostgresErrors
{
    /// <summary>An error of a statement.</summary>
    public static JournalException Explain(Exception error) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.LockNotAvailable } again =>
            JournalException.PassesBy(Sentence(again), again),
        // 22 data exception, 23 integrity constraint, 54 program limit: trying again would fail for ever.
        PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] } rows => JournalException.RefusedBecause(Sentence(rows), rows),
        PostgresException { SqlState: ['5', '7', 'P', ..] or "25P03" } cut => JournalException.PassesBy(Sentence(cut), cut), // the server ended the connection: there may be another
        PostgresException other => new JournalException(Sentence(other), other),
        NpgsqlException { InnerException: TimeoutException } slow => new JournalException($"PostgreSQL does not answer: {slow.Message.TrimEnd('.')}.", slow),
        _ => JournalException.PassesBy($"The connection to PostgreSQL was lost: {error.Message.TrimEnd('.')}.", error),
    };

    /// <summary>Why there is no connection, and what to do.</summary>
    public static JournalException ExplainConnecting(Exception error, NpgsqlConnectionStringBuilder address)
    {
        var where = $"PostgreSQL at {address.Host}:{address.Port}";
        return new JournalException(
            error switch
            {
                PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } no =>
                    $"{where} does not let user {address.Username ?? "(none given)"} in: {no.MessageText}. Check Username and Password.",
                PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } no => $"{where} answers: {no.MessageText}. Create it: CREATE DATABASE {address.Database}.",
                PostgresException no => $"{where} answers: {Sentence(no)}",
                NpgsqlException { InnerException: SocketException socket } => $"{where} cannot be reached: {socket.Message.TrimEnd('.')}. Check Host and Port, and whether it runs.",
                NpgsqlException { InnerException: TimeoutException } or TimeoutException => $"{where} does not answer. Check Host and Port, and the firewall between.",
                _ => $"{where} cannot be used: {error.Message}",
            },
            error);
    }

    // Its detail may hold values of rows; they stay out of logs.
    private static string Sentence(PostgresException error) => $"{error.MessageText.TrimEnd('.')} (SQLSTATE {error.SqlState}).";
}

using System.Runtime.InteropServices;
using Automation.Server.Steps;
using SQLitePCL;

namespace Automation.Server.Queries;

/// <summary>One SQLite file, opened for one statement that may do nothing but read, or read and write, rows of this file.</summary>
/// <remarks>
/// What is not allowed is refused by SQLite while it compiles the statement (authorizer, sqlite.org/c3ref/set_authorizer.html): ATTACH and so VACUUM INTO, load_extension,
/// transactions and settings (PRAGMA). Hostile content of the file is met by <c>DEFENSIVE</c> and an untrusted schema.
/// </remarks>
internal sealed class SqliteConnectionHandle : IDisposable
{
    private const int OpenNoFollow = 0x01000000; // SQLITE_OPEN_NOFOLLOW
    private const int DatabaseDefensive = 1010, DatabaseTrustedSchema = 1017; // SQLITE_DBCONFIG_…
    private const int StepsBetweenLooks = 1000;

    // What only tells of the schema.
    private static readonly HashSet<string> Pragmas = new(StringComparer.OrdinalIgnoreCase) { "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list" };

    private readonly strdelegate_authorizer authorizer;
    private readonly delegate_progress progress;
    private bool setUp;

    /// <param name="path">An existing file.</param>
    /// <param name="write">Whether it may be changed.</param>
    /// <param name="cancellation">Ends a statement under way.</param>
    /// <exception cref="StepException"><c>query_failed</c>: it cannot be opened.</exception>
    public SqliteConnectionHandle(string path, bool write, CancellationToken cancellation)
    {
        Batteries_V2.Init();
        var result = raw.sqlite3_open_v2(path, out var handle, (write ? raw.SQLITE_OPEN_READWRITE : raw.SQLITE_OPEN_READONLY) | OpenNoFollow, null);
        Handle = handle;
        authorizer = (_, action, first, second, _, _) => Allows(action, first, second) ? raw.SQLITE_OK : raw.SQLITE_DENY;
        progress = _ => cancellation.IsCancellationRequested ? 1 : 0;
        if (result is not raw.SQLITE_OK)
        {
            var error = Error(result);
            Dispose();
            throw error;
        }

        _ = raw.sqlite3_extended_result_codes(handle, 1);
        _ = raw.sqlite3_db_config(handle, DatabaseDefensive, 1, out _);
        _ = raw.sqlite3_db_config(handle, DatabaseTrustedSchema, 0, out _);
        _ = raw.sqlite3_limit(handle, raw.SQLITE_LIMIT_ATTACHED, 0);
        _ = raw.sqlite3_limit(handle, raw.SQLITE_LIMIT_LENGTH, Query.LargestValue);
        _ = raw.sqlite3_limit(handle, raw.SQLITE_LIMIT_WORKER_THREADS, 0);
        _ = raw.sqlite3_exec(handle, "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON", out _);
        raw.sqlite3_progress_handler(handle, StepsBetweenLooks, progress, null);
        _ = raw.sqlite3_set_authorizer(handle, authorizer, null);
        setUp = true;
    }

    public sqlite3 Handle { get; }

    /// <summary>Begins a transaction that writes; without one, a statement that is ended between two of its rows would keep what it changed.</summary>
    /// <returns>False when another process writes now.</returns>
    public bool Begin() => Run("BEGIN IMMEDIATE");

    /// <summary>Keeps what was changed. Not called: closing takes it back.</summary>
    /// <returns>False when another process is in the way now.</returns>
    public bool Commit() => Run("COMMIT");

    /// <summary>The error of the last call, in SQLite's words.</summary>
    public StepException Error(int result)
    {
        var primary = result & 0xff;
        var words = raw.sqlite3_errmsg(Handle).utf8_to_string() ?? "";
        var hint = primary is raw.SQLITE_READONLY ? " Set \"write\": true where the step is to change rows." : primary is raw.SQLITE_AUTH ? " Such statements are not run." : "";
        return new StepException(new StepError(
            "query_failed",
            $"SQLite: {(words.Length <= 500 ? words : words[..500] + "…").TrimEnd('.')}.{hint}",
            Details: Values.Json.From(new { sqlite = result }),
            Retryable: primary is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_IOERR or raw.SQLITE_FULL));
    }

    public void Dispose()
    {
        if (setUp)
        {
            raw.sqlite3_progress_handler(Handle, 0, null, null);
            _ = raw.sqlite3_set_authorizer(Handle, (strdelegate_authorizer)null!, null);
        }

        Handle.Dispose();
        GC.KeepAlive(authorizer);
        GC.KeepAlive(progress);
    }

    /// <summary>One of our own statements, which the authorizer would not let pass.</summary>
    private bool Run(string sql)
    {
        _ = raw.sqlite3_set_authorizer(Handle, (strdelegate_authorizer)null!, null);
        var result = raw.sqlite3_exec(Handle, sql, out _);
        _ = raw.sqlite3_set_authorizer(Handle, authorizer, null);
        if (result is raw.SQLITE_OK) return true;
        return (result & 0xff) is raw.SQLITE_BUSY ? false : throw Error(result);
    }

    private static bool Allows(int action, string? first, string? second) => action switch
    {
        raw.SQLITE_ATTACH or raw.SQLITE_DETACH or raw.SQLITE_TRANSACTION or raw.SQLITE_SAVEPOINT => false,
        raw.SQLITE_PRAGMA => Pragmas.Contains(first ?? ""),
        raw.SQLITE_FUNCTION => second is null || !second.Equals("load_extension", StringComparison.OrdinalIgnoreCase),
        _ => true,
    };
}

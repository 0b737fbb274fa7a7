using SQLitePCL;

namespace Automation.Server.Storage;

/// <summary>The journal could not store or read. Nothing of the unit was stored.</summary>
internal sealed class JournalException : Exception
{
    public JournalException(string message)
        : base(message)
    {
    }

    public JournalException(string message, Exception inner)
        : base(message, inner)
    {
        Refused = inner is JournalException { Refused: true };
        Superseded = inner is JournalException { Superseded: true };
    }

    /// <param name="result">SQLite's result code.</param>
    /// <param name="message">SQLite's own words.</param>
    public JournalException(int result, string message)
        : base($"SQLite answered {result}: {message}") =>
        Refused = (result & 0xFF) is raw.SQLITE_CONSTRAINT or raw.SQLITE_TOOBIG or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE;

    /// <summary>True when these very rows are at fault (a constraint, a size), false when the journal as a whole cannot write (disk full, I/O error).</summary>
    public bool Refused { get; private init; }

    /// <summary>True when it was refused because somebody else has done it already.</summary>
    public bool Superseded { get; private init; }

    public static JournalException SupersededBy(string message) => new(message) { Refused = true, Superseded = true };
}

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
        IsDamage = inner is JournalException { IsDamage: true };
    }

    /// <summary>True when these very rows are at fault (a constraint, a size), false when the journal as a whole cannot write (disk full, I/O error).</summary>
    public bool Refused { get; init; }

    /// <summary>True when what is stored is damaged: trying again only spreads it.</summary>
    public bool IsDamage { get; init; }

    /// <summary>True when it was refused because somebody else has done it already.</summary>
    public bool Superseded { get; private init; }

    /// <summary>True when the same may well succeed at once: another transaction was in the way.</summary>
    public bool Passes { get; private init; }

    /// <summary>True when this server has to register anew: others took it for dead, or what it holds is not known.</summary>
    public bool IsFencedOff { get; private init; }

    public static JournalException FencedOff(string why) => new(why) { IsFencedOff = true };

    public static JournalException RefusedBecause(string message, Exception inner) => new(message, inner) { Refused = true };

    public static JournalException PassesBy(string message, Exception inner) => new(message, inner) { Passes = true };

    public static JournalException SupersededBy(string message) => new(message) { Refused = true, Superseded = true };
}

using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>The connection that writes, as the row code sees it. Used by one thread at a time.</summary>
/// <remarks>What a database does its own way is below this class; everything above is one text for all of them.</remarks>
internal abstract class SqlSession : IDisposable
{
    /// <summary>Id of this process in <c>servers</c>: the owner of what it holds.</summary>
    public long Server { get; set; }

    /// <summary>For rows that come of others. Set before it is used.</summary>
    public IdSource Ids { get; set; } = null!;

    /// <summary>Number of this server's MQTT broker among those of the database.</summary>
    public long Broker { get; protected set; }

    /// <summary>True when several servers may write to the database. Their transactions come one after the other all the same: what one reads stays so until its commit.</summary>
    public abstract bool SharesDatabase { get; }

    /// <summary>Becomes a server of the database: sets <see cref="Server"/>, and frees what its predecessors held. Within a transaction.</summary>
    /// <exception cref="JournalException">Another live server has its name.</exception>
    public abstract void Register(DateTimeOffset now);

    /// <summary>Frees what it holds: it stops. Within a transaction.</summary>
    public abstract void Leave();

    /// <summary>Says that it lives, and looks for what others left.</summary>
    public abstract void Look(ServersLooked change);

    /// <summary>Whether it is the one that came first, of those that live.</summary>
    public abstract bool IsFirst();

    /// <summary>Tells other servers, after the commit, that something is left for them.</summary>
    public abstract void Notify();

    /// <summary>The statement of a text, prepared once. Texts are constants of this program: they are told apart by reference.</summary>
    public abstract SqlStatement Sql(string text);

    /// <summary>Begins a transaction, as the server that it registered as.</summary>
    /// <exception cref="JournalException"><see cref="JournalException.IsFencedOff"/>, here or later in the transaction: others took it for dead, or it does not know what it holds. It has to register anew.</exception>
    public abstract void Begin();

    /// <summary>Returns once the transaction is on the disk (P1).</summary>
    public abstract void Commit();

    /// <summary>Undoes what was begun, if anything was.</summary>
    public abstract void Rollback();

    /// <summary>Makes the connection anew after it failed: what it has in memory is not to be trusted any more. Then writes something, to see whether that works again.</summary>
    /// <exception cref="JournalException">It does not. The session is as it was, or still can be reopened.</exception>
    public abstract void Reopen();

    /// <summary>Gives up to that many free pages back to the disk, within a transaction; false when there is nothing more to give back, or the database sees to it by itself.</summary>
    public abstract bool ReleaseSpace(int maxPages);

    public abstract void Dispose();
}

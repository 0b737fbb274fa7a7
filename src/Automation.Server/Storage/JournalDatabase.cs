using Automation.Server.Storage.Sql;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Storage;

/// <summary>Where the journal is: a SQLite file, or a PostgreSQL database.</summary>
internal abstract class JournalDatabase
{
    /// <summary>For people, without what is secret.</summary>
    public abstract string Description { get; }

    /// <summary>The connection that writes; the schema is up to date then.</summary>
    /// <exception cref="JournalException">The database cannot be opened or migrated, or was written by a newer program.</exception>
    public abstract SqlSession Open(TimeProvider time);

    /// <summary>Calls <paramref name="heard"/> whenever other servers of the database leave something for this one; at once as well. Where there are no others, it waits for its end.</summary>
    /// <exception cref="JournalException">The connection was lost: nothing is heard any more.</exception>
    public virtual Task ListenAsync(Action heard, CancellationToken cancellation) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);

    /// <summary>Lets the API's queries read it.</summary>
    public abstract void Configure(DbContextOptionsBuilder options);

    /// <summary>The numbered SQL files of a database, in their order.</summary>
    internal static List<(string Name, string Sql)> Migrations(string database)
    {
        var assembly = typeof(JournalDatabase).Assembly;
        var folder = $".Migrations.{database}.";
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.Contains(folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return (Path.GetFileNameWithoutExtension(name[(name.IndexOf(folder, StringComparison.Ordinal) + folder.Length)..]), reader.ReadToEnd());
            })];
    }
}

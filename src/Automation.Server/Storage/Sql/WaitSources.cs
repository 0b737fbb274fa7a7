namespace Automation.Server.Storage.Sql;

/// <summary>What events are compared with, by pattern: the table <c>wait_sources</c>, which is small: its rows are named by workflow files.</summary>
/// <remarks>Looked at once a transaction, for what another server added or retention deleted since. Ids are never used twice: their number and the greatest of them tell.</remarks>
internal sealed class WaitSources(SqlSession db)
{
    private readonly Dictionary<string, List<string>> paths = new(StringComparer.Ordinal);
    private (long Count, long Newest) known;
    private bool isFresh;

    /// <summary>A transaction begins.</summary>
    public void Begin() => isFresh = false;

    /// <summary>What was added may not have been stored.</summary>
    public void Forget()
    {
        paths.Clear();
        known = default;
        isFresh = false;
    }

    /// <summary>The paths that waits with a pattern have; none for most.</summary>
    public IReadOnlyList<string> PathsOf(string pattern)
    {
        Refresh();
        return paths.GetValueOrDefault(pattern) ?? (IReadOnlyList<string>)[];
    }

    public void Add(string pattern, string path)
    {
        Refresh();
        if (!Note(pattern, path)) return;
        var id = db.Ids.Next();
        db.Sql("INSERT INTO wait_sources (pattern, path, id) VALUES (?1, ?2, ?3) ON CONFLICT (pattern, path) DO NOTHING").Bind(1, pattern).Bind(2, path).Bind(3, id).Run();
        known = (known.Count + 1, id);
    }

    private void Refresh()
    {
        if (isFresh) return;
        isFresh = true;
        var counted = db.Sql("SELECT count(*), coalesce(max(id), 0) FROM wait_sources");
        counted.Read();
        var stored = (counted.Long(0), counted.Long(1));
        counted.Reset();
        if (stored == known) return;
        known = stored;
        paths.Clear();
        var rows = db.Sql("SELECT pattern, path FROM wait_sources");
        while (rows.Read()) Note(rows.Text(0), rows.Text(1));
    }

    private bool Note(string pattern, string path)
    {
        if (!paths.TryGetValue(pattern, out var ofPattern)) paths.Add(pattern, ofPattern = []);
        if (ofPattern.Contains(path)) return false;
        ofPattern.Add(path);
        return true;
    }
}

namespace Automation.Server.Storage.Sql;

/// <summary>What events are compared with, by pattern: the table <c>wait_sources</c>, of which no row is ever deleted. It is small: its rows are named by workflow files.</summary>
/// <remarks>Looked at once a transaction, for what another server added since.</remarks>
internal sealed class WaitSources(SqlSession db)
{
    private readonly Dictionary<string, List<string>> paths = new(StringComparer.Ordinal);
    private long count;
    private bool isFresh;

    /// <summary>A transaction begins.</summary>
    public void Begin() => isFresh = false;

    /// <summary>What was added may not have been stored.</summary>
    public void Forget()
    {
        paths.Clear();
        count = 0;
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
        db.Sql("INSERT INTO wait_sources (pattern, path) VALUES (?1, ?2) ON CONFLICT (pattern, path) DO NOTHING").Bind(1, pattern).Bind(2, path).Run();
    }

    private void Refresh()
    {
        if (isFresh) return;
        isFresh = true;
        var counted = db.Sql("SELECT count(*) FROM wait_sources");
        counted.Read();
        var stored = counted.Long(0);
        counted.Reset();
        if (stored == count) return;
        var rows = db.Sql("SELECT pattern, path FROM wait_sources");
        while (rows.Read()) Note(rows.Text(0), rows.Text(1));
    }

    private bool Note(string pattern, string path)
    {
        if (!paths.TryGetValue(pattern, out var known)) paths.Add(pattern, known = []);
        if (known.Contains(path)) return false;
        known.Add(path);
        count++;
        return true;
    }
}

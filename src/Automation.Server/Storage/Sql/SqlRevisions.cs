namespace Automation.Server.Storage.Sql;

/// <summary>Numbers that grow with what servers keep a copy of, so that a look tells whether the copy is old.</summary>
internal static class SqlRevisions
{
    public const string Secrets = "secrets", Access = "access", OAuth = "oauth";

    /// <summary>Something changed: other servers are told after the commit.</summary>
    public static void Add(string name, SqlSession db)
    {
        db.Sql("INSERT INTO revisions (name, number) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET number = revisions.number + 1").Bind(1, name).Run();
        db.Notify();
    }

    public static long Read(string name, SqlSession db)
    {
        var row = db.Sql("SELECT number FROM revisions WHERE name = ?1").Bind(1, name);
        var number = 0L;
        while (row.Read()) number = row.Long(0);
        return number;
    }

    public static void Read(Dictionary<string, long> into, SqlSession db)
    {
        into.Clear();
        var rows = db.Sql("SELECT name, number FROM revisions");
        while (rows.Read()) into[rows.Text(0)] = rows.Long(1);
    }
}

namespace Automation.Server.Queries;

/// <summary>Which databases steps may ask, and how much at a time. Section <c>Queries</c>.</summary>
internal sealed class QueryOptions
{
    public const string Section = "Queries";

    /// <summary>The folder whose files <c>sqlite.query</c> may open; empty for none.</summary>
    public string SqliteFolder { get; set; } = "";

    /// <summary>SQLite queries under way at the same time; others wait.</summary>
    public int SqliteConcurrency { get; set; } = 4;

    /// <summary>Connections to one PostgreSQL database; queries beyond wait for one to become free.</summary>
    public int PostgresConnections { get; set; } = 8;

    /// <summary>What is wrong with the values; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (SqliteFolder.Length > 0 && !Directory.Exists(SqliteFolder)) yield return $"Queries:SqliteFolder: there is no folder {SqliteFolder}.";
        if (SqliteConcurrency is < 1 or > 64) yield return "Queries:SqliteConcurrency has to be between 1 and 64.";
        if (PostgresConnections is < 1 or > 500) yield return "Queries:PostgresConnections has to be between 1 and 500.";
    }
}

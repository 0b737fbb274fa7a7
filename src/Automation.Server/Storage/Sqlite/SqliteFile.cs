using Automation.Server.Storage.Sql;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Storage.Sqlite;

/// <summary>A SQLite file.</summary>
internal sealed class SqliteFile(string path) : JournalDatabase
{
    public override string Description => $"SQLite {path}";

    public override SqlSession Open(TimeProvider time) => new SqliteSession(path);

    public override void Configure(DbContextOptionsBuilder options) =>
        options.UseSqlite(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly }.ToString());
}

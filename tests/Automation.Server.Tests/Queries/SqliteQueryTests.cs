using System.Diagnostics;
using Automation.Server.Queries;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Storage.Sqlite;
using Automation.Server.Tests.Steps;
using Automation.Server.Values;
using Microsoft.Data.Sqlite;

namespace Automation.Server.Tests.Queries;

public sealed class SqliteQueryTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sqlite-query").FullName;
    private readonly SqliteQueries queries;
    private readonly SqliteQueryStep step;

    public SqliteQueryTests()
    {
        Directory.CreateDirectory(Path.Combine(folder, "files", "shop"));
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        using (var connection = Open("stock.db"))
        {
            SqliteDatabase.Execute(connection, "CREATE TABLE parts (id INTEGER PRIMARY KEY, name TEXT, price REAL, picture BLOB); INSERT INTO parts VALUES (1, 'bolt', 0.25, x'6869'), (2, 'nut', NULL, NULL)");
        }

        var files = new SqliteFiles(Path.Combine(folder, "files"), Path.Combine(folder, "data"));
        queries = new SqliteQueries(files, new QueryOptions(), TimeProvider.System);
        step = new SqliteQueryStep(queries, files, TimeProvider.System);
    }

    public void Dispose()
    {
        queries.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("SELECT * FROM parts ORDER BY id", "null", """{"rows":[{"id":1,"name":"bolt","price":0.25,"picture":{"base64":"aGk="}},{"id":2,"name":"nut","price":null,"picture":null}],"rowCount":2}""")]
    [InlineData("SELECT name FROM parts WHERE id = ?", "[2]", """{"rows":[{"name":"nut"}],"rowCount":1}""")]
    [InlineData("SELECT name FROM parts WHERE id = :id AND name = @name", """{"id":2,"name":"nut"}""", """{"rows":[{"name":"nut"}],"rowCount":1}""")]
    [InlineData("SELECT ?1 a, ?2 b, ?3 c, ?4 d, typeof(?4) e, ?5 f;  -- the end", """[true,1.5,null,{"base64":"aGk="},{"x":[1]}]""", """{"rows":[{"a":1,"b":1.5,"c":null,"d":{"base64":"aGk="},"e":"blob","f":"{\"x\":[1]}"}],"rowCount":1}""")]
    [InlineData("SELECT 9007199254740991 a, 9007199254740992 b, 9e999 c, 'ü' d", "[]", """{"rows":[{"a":9007199254740991,"b":"9007199254740992","c":"Infinity","d":"ü"}],"rowCount":1}""")]
    [InlineData("SELECT name FROM pragma_table_info('parts') WHERE pk", "[]", """{"rows":[{"name":"id"}],"rowCount":1}""")]
    public async Task Run_GivesTheRows(string query, string parameters, string output) => Assert.Equal(output, (await RunAsync(query, parameters)).Output.ToString());

    [Fact]
    public async Task Values_AreNeverPartOfTheStatement()
    {
        const string Hostile = "x'; DROP TABLE parts; --";
        var result = await RunAsync("INSERT INTO parts (name) VALUES (:name) RETURNING name", Json.From(new { name = Hostile }).ToString(), ", \"write\": true");

        Assert.Equal(Hostile, result.Output.ToDocument().RootElement.GetProperty("rows")[0].GetProperty("name").GetString());
        Assert.Equal(1, result.Output.ToDocument().RootElement.GetProperty("affected").GetInt32());
        Assert.Equal(3L, Scalar("SELECT count(*) FROM parts"));
        Assert.Equal("""{"rows":[],"rowCount":0}""", (await RunAsync("SELECT * FROM parts WHERE name = ?", """["' OR 1=1 --"]""")).Output.ToString());
    }

    [Theory]
    [InlineData("DELETE FROM parts", "readonly")]
    [InlineData("CREATE TABLE more (a)", "readonly")]
    [InlineData("ATTACH 'other.db' AS other", "not authorized")]
    [InlineData("VACUUM INTO 'copy.db'", "")]
    [InlineData("SELECT load_extension('/lib/evil.so')", "not authorized")]
    [InlineData("PRAGMA writable_schema = ON", "not authorized")]
    [InlineData("PRAGMA journal_mode = DELETE", "not authorized")]
    [InlineData("BEGIN", "not authorized")]
    [InlineData("SELECT 1; DELETE FROM parts", "more than one statement")]
    [InlineData("SELECT 1; ATTACH 'x' AS y", "more than one statement")]
    [InlineData("-- nothing", "empty")]
    [InlineData("SELECT absent FROM parts", "no such column")]
    [InlineData("SELECT 1 AS a, 2 AS a", "Two columns")]
    [InlineData("SELECT ?", "has no value")]
    [InlineData("SELECT zeroblob(100000000)", "too big")]
    [InlineData("SELECT hex(zeroblob(4000000))", "1MB")]
    [InlineData("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", "more than 1000 rows")]
    public async Task WhatMayNotBe_IsRefused_AndChangesNothing(string query, string words)
    {
        var error = await FailAsync(query, "[]");

        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.False(error.Retryable);
        Assert.Equal(2L, Scalar("SELECT count(*) FROM parts"));
        Assert.False(File.Exists("copy.db") || File.Exists("other.db"));
    }

    [Theory]
    [InlineData("ATTACH 'other.db' AS other")]
    [InlineData("VACUUM INTO 'copy.db'")]
    [InlineData("VACUUM")]
    [InlineData("COMMIT")]
    [InlineData("PRAGMA user_version = 5")]
    [InlineData("INSERT INTO parts (name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) SELECT 'x' || i FROM n RETURNING id")]
    public async Task Writing_KeepsToTheRowsOfTheFile_AndIsWholeOrNot(string query)
    {
        Assert.False((await FailAsync(query, "[]", ", \"write\": true")).Retryable);
        Assert.Equal(2L, Scalar("SELECT count(*) FROM parts"));
        Assert.False(File.Exists("copy.db") || File.Exists("other.db"));
    }

    [Fact]
    public async Task EndlessQuery_EndsAtTheTimeout()
    {
        var clock = Stopwatch.StartNew();
        var error = await FailAsync("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n", "[]", timeout: TimeSpan.FromMilliseconds(300));

        Assert.Equal(("query_timed_out", true), (error.Code, error.Retryable));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task FileThatAnotherWrites_IsWaitedFor_AndThenWritten()
    {
        Task<StepResult> writing;
        using (var other = Open("stock.db"))
        {
            SqliteDatabase.Execute(other, "BEGIN IMMEDIATE; DELETE FROM parts WHERE id = 1");
            writing = RunAsync("INSERT INTO parts (name) VALUES ('washer')", "[]", ", \"write\": true");
            Assert.False(writing.IsCompleted);
            SqliteDatabase.Execute(other, "COMMIT");
        }

        await writing;
        Assert.Equal(2L, Scalar("SELECT count(*) FROM parts"));
    }

    [Theory]
    [InlineData("../data/automation.db", "leads out")]
    [InlineData("shop/../../data/x.db", "leads out")]
    [InlineData("/etc/passwd", "relative")]
    [InlineData("file:stock.db?mode=rwc", "relative")]
    [InlineData(":memory:", "relative")]
    [InlineData("shop//stock.db", "empty part")]
    [InlineData("linked.db", "symbolic link")]
    [InlineData("outside/stock.db", "symbolic link")]
    [InlineData("none.db", "There is no file")]
    public async Task OtherFiles_AreNotOpened(string file, string words)
    {
        File.CreateSymbolicLink(Path.Combine(folder, "files", "linked.db"), Path.Combine(folder, "files", "stock.db"));
        Directory.CreateSymbolicLink(Path.Combine(folder, "files", "outside"), Path.Combine(folder, "files"));

        Assert.Contains(words, (await FailAsync("SELECT 1", "[]", file: file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Journal_IsNotRead_WhereverItLies()
    {
        new SqliteFile(Path.Combine(folder, "files", "copied.db")).Open(TimeProvider.System).Dispose();
        Assert.Equal("file_refused", (await FailAsync("SELECT 1", "[]", file: "copied.db")).Code);

        // The folder that is allowed may hold the data folder, by mistake.
        File.Copy(Path.Combine(folder, "files", "stock.db"), Path.Combine(folder, "data", "stock.db"));
        var files = new SqliteFiles(folder, Path.Combine(folder, "data"));
        Assert.Contains("data folder", Assert.Throws<StepException>(() => files.Find("data/stock.db")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileThatIsNoDatabase_IsAnErrorInSqlitesWords()
    {
        File.WriteAllText(Path.Combine(folder, "files", "text.db"), new string('x', 5000));
        Assert.Contains("not a database", (await FailAsync("SELECT 1 FROM parts", "[]", file: "text.db")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_NamesWhatIsWrong_AndTheSettingThatIsMissing()
    {
        var check = new CheckedStep("""{ "file": "../x", "query": "SELECT '${input.id}'", "parameters": "x" }""");
        new SqliteQueryStep(queries, new SqliteFiles("", folder), TimeProvider.System).Check(check);

        Assert.Equal(["/query", "/parameters", "/file", "/file"], check.Problems.Select(p => p.Split(':')[0]));
        Assert.Contains(check.Problems, p => p.Contains("Queries:SqliteFolder names no folder", StringComparison.Ordinal));
        Assert.Contains(check.Problems, p => p.Contains("\"parameters\"", StringComparison.Ordinal));
    }

    private SqliteConnection Open(string name)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "files", name), Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private object? Scalar(string sql)
    {
        using var connection = Open("stock.db");
        return SqliteDatabase.Scalar(connection, sql);
    }

    private async Task<StepResult> RunAsync(string query, string parameters, string more = "", string file = "stock.db", TimeSpan? timeout = null)
    {
        var config = Json.Parse($$"""{ "file": {{Json.From(file)}}, "query": {{Json.From(query)}}, "parameters": {{parameters}}{{more}} }""").To<SqliteQueryStep.Config>()!;
        using var timer = timeout is { } limit ? new CancellationTokenSource(limit) : null;
        return await step.RunAsync(config, new CallContext(step, timeout: timeout, cancelled: timer?.Token ?? CancellationToken.None));
    }

    private async Task<StepError> FailAsync(string query, string parameters, string more = "", string file = "stock.db", TimeSpan? timeout = null) =>
        (await Assert.ThrowsAsync<StepException>(() => RunAsync(query, parameters, more, file, timeout))).Error;
}

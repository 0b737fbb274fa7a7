using System.Net;
using System.Net.Sockets;
using Automation.Server.Deliveries;
using Automation.Server.Queries;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Secrets;
using Automation.Server.Tests.Steps;
using Automation.Server.Tests.Storage;
using Automation.Server.Values;
using Npgsql;

namespace Automation.Server.Tests.Queries;

public sealed class PostgresQueryTests : IDisposable
{
    private readonly TestDatabase.OfPostgres database = new();
    private readonly string user = $"asker_{Guid.NewGuid():N}";
    private readonly OutboundTcp network = new(new OutboundOptions { AllowPrivate = "loopback", ConnectTimeout = TimeSpan.FromSeconds(2) }, TimeProvider.System);
    private readonly PostgresQueries queries;

    public PostgresQueryTests()
    {
        queries = new PostgresQueries(network, new QueryOptions { PostgresConnections = 2 });
        database.Execute($"CREATE TABLE parts (id BIGSERIAL PRIMARY KEY, name TEXT, price NUMERIC); INSERT INTO parts (name, price) VALUES ('bolt', 0.25), ('nut', NULL); CREATE ROLE {user} LOGIN PASSWORD 'right-password'; GRANT ALL ON ALL TABLES IN SCHEMA public TO {user}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {user}");
    }

    private NpgsqlConnectionStringBuilder Server => new(database.Address);

    private string Url => $"postgresql://{user}:p%40ss-word@127.0.0.1:{Server.Port}/{Server.Database}?sslmode=disable";

    public void Dispose()
    {
        queries.Dispose();
        network.Dispose();
        database.Execute($"DROP OWNED BY {user}; DROP ROLE {user}");
        database.Dispose();
    }

    [Theory]
    [InlineData("SELECT * FROM parts ORDER BY id", "null", """[{"id":1,"name":"bolt","price":0.25},{"id":2,"name":"nut","price":null}]""")]
    [InlineData("SELECT name FROM parts WHERE id = $1 AND name = $2", """[2,"nut"]""", """[{"name":"nut"}]""")]
    [InlineData("SELECT name FROM parts WHERE id = :id AND ':id' <> name -- ; :none", """{"id":2}""", """[{"name":"nut"}]""")]
    [InlineData("SELECT id FROM parts WHERE name = ANY(@names) ORDER BY id", """{"names":["nut","bo\"lt","bolt"]}""", """[{"id":1},{"id":2}]""")]
    [InlineData("SELECT $1::int[] a, $2::jsonb b, $3::bytea c, $4::boolean d, $5::text e", """[[1,null,3],{"x":[1,"y"]},{"base64":"aGk="},true,null]""", """[{"a":[1,null,3],"b":{"x":[1,"y"]},"c":{"base64":"aGk="},"d":true,"e":null}]""")]
    [InlineData("SELECT 9007199254740991 a, 9007199254740992 b, 1.50 c, 12345678901234567890.5 d, 'NaN'::numeric e, 0.1::float8 f, 'NaN'::float8 g, '-Infinity'::float4 h", "[]", """[{"a":9007199254740991,"b":"9007199254740992","c":1.50,"d":"12345678901234567890.5","e":"NaN","f":0.1,"g":"NaN","h":"-Infinity"}]""")]
    [InlineData("SELECT '2026-01-02 03:04:05.6+02'::timestamptz a, '2026-01-02 03:04:05'::timestamp b, '2026-01-02'::date c, '03:04'::time d, interval '1 day 2 hours' e, 'infinity'::timestamptz f", "[]", """[{"a":"2026-01-02T01:04:05.6Z","b":"2026-01-02T03:04:05","c":"2026-01-02","d":"03:04:00","e":"P1DT2H","f":"infinity"}]""")]
    [InlineData("""SELECT '{{1,2},{3,4}}'::int[] a, ARRAY['x,y','{"}','NULL',NULL,''] b, ARRAY['\x6869'::bytea] c, '{}'::text[] d, ARRAY['{"k":1}'::json] e""", "[]", """[{"a":[[1,2],[3,4]],"b":["x,y","{\"}","NULL",null,""],"c":[{"base64":"aGk="}],"d":[],"e":[{"k":1}]}]""")]
    [InlineData("SELECT '5b2b5cf6-8e9f-4bd5-a3a6-0c6b6e7a1c11'::uuid a, '10.0.0.0/8'::cidr b, '{\"a\": \"\\ud83d\"}'::json c", "[]", """[{"a":"5b2b5cf6-8e9f-4bd5-a3a6-0c6b6e7a1c11","b":"10.0.0.0/8","c":{"a":"�"}}]""")]
    public async Task Run_GivesTheRows(string query, string parameters, string rows) =>
        Assert.Equal(rows, (await RunAsync(query, parameters)).Output.ToDocument().RootElement.GetProperty("rows").GetRawText());

    [Fact]
    public async Task Values_AreNeverPartOfTheStatement()
    {
        const string Hostile = "x'; DROP TABLE parts; --";
        var result = await RunAsync("INSERT INTO parts (name) VALUES (:name) RETURNING name", Json.From(new { name = Hostile }).ToString(), ", \"write\": true");

        Assert.Equal(Hostile, result.Output.ToDocument().RootElement.GetProperty("rows")[0].GetProperty("name").GetString());
        Assert.Equal(1, result.Output.ToDocument().RootElement.GetProperty("affected").GetInt32());
        Assert.Equal(3L, database.Scalar("SELECT count(*) FROM parts"));
        Assert.Equal(0, (await RunAsync("SELECT * FROM parts WHERE name = $1", """["' OR 1=1 --"]""")).Output.ToDocument().RootElement.GetProperty("rowCount").GetInt32());
    }

    [Theory]
    [InlineData("DELETE FROM parts", "\"sqlState\":\"25006\"", "\"write\": true")]
    [InlineData("WITH gone AS (DELETE FROM parts RETURNING id) SELECT * FROM gone", "25006", "read-only")]
    [InlineData("SELECT nextval('parts_id_seq')", "25006", "read-only")]
    [InlineData("SET TRANSACTION READ WRITE", "25001", "read-write")]
    [InlineData("DO $$ BEGIN PERFORM set_config('transaction_read_only', 'off', true); DELETE FROM parts; END $$", "25001", "read-write")]
    [InlineData("DO $$ BEGIN COMMIT; DELETE FROM parts; END $$", "2D000", "invalid transaction termination")]
    [InlineData("COPY parts TO PROGRAM 'touch /tmp/never'", "42501", "superuser")]
    [InlineData("COPY parts TO '/tmp/never'", "42501", "superuser")]
    [InlineData("SELECT pg_read_file('/etc/passwd')", "42501", "permission denied")]
    [InlineData("SELECT nothing FROM parts", "42703", "does not exist")]
    [InlineData("SELECT 1/0", "22012", "division by zero")]
    [InlineData("SELECT $1", "", "SQLSTATE")]
    public async Task WhatMayNotBe_IsRefusedByTheDatabase_AndChangesNothing(string query, string details, string words)
    {
        var error = await FailAsync(query);

        Assert.Equal(("query_failed", false), (error.Code, error.Retryable));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains(details, error.Details.ToString()!, StringComparison.Ordinal);
        Assert.Equal(2L, database.Scalar("SELECT count(*) FROM parts"));
    }

    [Theory]
    [InlineData("SELECT 1; DELETE FROM parts")]
    [InlineData("COMMIT; DELETE FROM parts")]
    [InlineData("SELECT :id; DELETE FROM parts")]
    public async Task SecondStatement_IsNotRun(string query)
    {
        var error = await FailAsync(query, query.Contains(":id", StringComparison.Ordinal) ? """{ "id": 1 }""" : "null", ", \"write\": true");

        Assert.Contains("more than one statement", error.Message, StringComparison.Ordinal);
        Assert.Equal(2L, database.Scalar("SELECT count(*) FROM parts"));
    }

    [Fact]
    public async Task SecondStatement_WithValuesByPosition_IsRefusedByTheDatabase()
    {
        Assert.Contains("multiple commands", (await FailAsync("SELECT $1; DELETE FROM parts", "[1]", ", \"write\": true")).Message, StringComparison.Ordinal);
        Assert.Equal(2L, database.Scalar("SELECT count(*) FROM parts"));
    }

    [Theory]
    [InlineData("SELECT generate_series(1, 1000000000)", "too_many_rows")]
    [InlineData("SELECT repeat('x', 100000000)", "result_too_large")]
    [InlineData("INSERT INTO parts (name) SELECT 'x' FROM generate_series(1, 2000) RETURNING id", "too_many_rows")]
    [InlineData("SELECT 1 AS a, 2 AS a", "query_invalid")]
    public async Task TooMuch_IsNotRead_AndTheConnectionServesTheNext(string query, string code)
    {
        Assert.Equal(code, (await FailAsync(query, "null", ", \"write\": true")).Code);
        for (var i = 0; i < 3; i++) Assert.Equal("""{"rows":[{"n":2}],"rowCount":1}""", (await RunAsync("SELECT count(*) AS n FROM parts")).Output.ToString());
    }

    [Theory]
    [InlineData("SELECT pg_sleep(600)")]
    [InlineData("WITH RECURSIVE n(i) AS (SELECT 1::numeric UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n")]
    public async Task EndlessQuery_IsEndedInTheDatabase_AtTheTimeout(string query)
    {
        var error = await FailAsync(query, timeout: TimeSpan.FromMilliseconds(500));

        Assert.Equal(("query_timed_out", true), (error.Code, error.Retryable));
        await WorkflowServer.UntilAsync(() => (long)database.Scalar($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}' AND state = 'active'")! == 0);
    }

    [Fact]
    public async Task CancelledRun_EndsTheQueryInTheDatabase()
    {
        using var cancelled = new CancellationTokenSource();
        var running = RunAsync("SELECT pg_sleep(600)", cancelled: cancelled.Token);
        await WorkflowServer.UntilAsync(() => (long)database.Scalar($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}' AND query LIKE '%pg_sleep%' AND state = 'active'")! == 1);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await WorkflowServer.UntilAsync(() => (long)database.Scalar($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}' AND state = 'active'")! == 0);
    }

    [Fact]
    public async Task Superuser_IsNotUsed()
    {
        var error = await FailAsync("COPY (SELECT 1) TO PROGRAM 'touch /tmp/never'", url: $"postgresql://automation@127.0.0.1:{Server.Port}/{Server.Database}?sslmode=disable");
        Assert.Equal(("database_refused", false), (error.Code, error.Retryable));
        Assert.Contains("CREATE ROLE", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Journal_IsNotRead()
    {
        using (database.Database.Open(TimeProvider.System))
        {
            var error = await FailAsync("SELECT 1");
            Assert.Equal("database_refused", error.Code);
            Assert.Contains("journal", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("postgresql://u:hidden-word@10.1.2.3:5432/d", "address_blocked")]
    [InlineData("postgresql://u:hidden-word@[::ffff:169.254.169.254]:5432/d", "address_blocked")]
    [InlineData("postgresql://u:hidden-word@127.0.0.1:1/d", "connection_failed")]
    [InlineData("postgresql://u:hidden-word@127.0.0.1:PORT/d", "tls_failed")]
    [InlineData("postgresql://u:hidden-word@127.0.0.1,10.0.0.1/d", "config_invalid")]
    [InlineData("postgresql://u:hidden-word@%2Ftmp/d", "config_invalid")]
    [InlineData("postgresql:///d?host=/tmp", "config_invalid")]
    [InlineData("postgresql://u:hidden-word@127.0.0.1:PORT/d?sslmode=prefer", "config_invalid")]
    [InlineData("postgresql://u:hidden-word@127.0.0.1:PORT/d?options=-csearch_path%3Dx", "config_invalid")]
    [InlineData("Host=127.0.0.1;Password=hidden-word", "config_invalid")]
    public async Task Address_IsJudged_AndNeverShown(string url, string code)
    {
        var error = await FailAsync("SELECT 1", url: url.Replace("PORT", $"{Server.Port}", StringComparison.Ordinal));

        Assert.Equal(code, error.Code);
        Assert.DoesNotContain("hidden-word", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "query_timed_out")] // says nothing
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "connection_lost")]
    public async Task WhatIsNoPostgres_HoldsNothingUp(string answer, string code)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var answering = Task.Run(async () =>
        {
            using var socket = await listener.AcceptSocketAsync();
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(answer));
            while (await socket.ReceiveAsync(new byte[1000]) > 0) continue;
        });
        var error = await FailAsync("SELECT 1", timeout: TimeSpan.FromMilliseconds(500), url: $"postgresql://u:hidden-word@127.0.0.1:{port}/d?sslmode=disable");

        Assert.Contains(error.Code, new[] { code, "connection_failed", "query_timed_out" });
        Assert.DoesNotContain("hidden-word", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_NamesWhatIsWrong_AndTheSecretThatIsNeeded()
    {
        var check = new CheckedStep("""{ "query": "SELECT ${input.id}", "connection": "cold-store", "parameters": 5 }""");
        StepOf(queries, "").Check(check);

        Assert.Equal(["/query", "/parameters"], check.Problems.Select(p => p.Split(':')[0]));
        Assert.Contains("\"parameters\"", check.Problems[0], StringComparison.Ordinal);
        Assert.Equal(["COLD_STORE_URL"], check.Secrets);
    }

    private static PostgresQueryStep StepOf(PostgresQueries queries, string url) => new(queries, TestSecrets.Of(("POSTGRES_URL", url)), TimeProvider.System);

    private static PostgresQueryStep.Config Config(string query, string parameters, string more) => Json.Parse($$"""{ "query": {{Json.From(query)}}, "parameters": {{parameters}}{{more}} }""").To<PostgresQueryStep.Config>()!;

    private async Task<StepResult> RunAsync(string query, string parameters = "null", string more = "", TimeSpan? timeout = null, string? url = null, CancellationToken cancelled = default)
    {
        using var timer = timeout is { } limit ? new CancellationTokenSource(limit) : null;
        var step = StepOf(queries, url ?? Url);
        return await step.RunAsync(Config(query, parameters, more), new CallContext(step, timeout: timeout, cancelled: timer?.Token ?? cancelled));
    }

    private async Task<StepError> FailAsync(string query, string parameters = "null", string more = "", TimeSpan? timeout = null, string? url = null) =>
        (await Assert.ThrowsAsync<StepException>(() => RunAsync(query, parameters, more, timeout, url))).Error;
}

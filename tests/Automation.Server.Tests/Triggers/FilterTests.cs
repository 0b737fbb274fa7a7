using System.Diagnostics;
using Automation.Server.Storage;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Workflows;
using Automation.Server.Triggers.Filters;
using Automation.Server.Values;

namespace Automation.Server.Tests.Triggers;

/// <summary>Filters of triggers: what they drop stores nothing, and what they remember is that of the events that got past, over crashes and servers.</summary>
public sealed class FilterTests
{
    private const string Changed =
        """
        { "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/news/{device}", "when": "${event.data >= 0}", "changed": { "value": "${event.data}", "deadband": 1 } } },
          "steps": { "keep": { "type": "script", "code": "(state.kept ??= []).push(event.data)" } } }
        """;

    [Fact]
    public async Task DroppedEvent_StoresNothing_AndIsCounted()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Changed);
        foreach (var (value, answer) in new[] { ("5", "eventId"), ("5.5", "filtered"), ("6", "filtered"), ("6.5", "eventId"), ("-1", "filtered"), ("6", "filtered") }) Assert.Contains(answer, await SendAsync(server, "news/a", value), StringComparison.Ordinal);
        await server.CrashAsync();
        await server.StartAsync();
        Assert.Contains("filtered", await SendAsync(server, "news/a", "6"), StringComparison.Ordinal);
        Assert.Contains("eventId", await SendAsync(server, "news/b", "6"), StringComparison.Ordinal);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("""{"kept":[5,6.5]}""", server.GetState(id, "a"));
        Assert.Equal((3L, 3L), (server.Count("SELECT count(*) FROM events"), server.Count("SELECT count(*) FROM runs")));
        await server.Get<FilterTallies>().StoreOnceAsync();
        var counts = Assert.Single((await server.GetAsync($"/api/workflows/{id}/filters"))["items"]!.AsArray())!;
        Assert.True(counts["passed"]!.GetValue<long>() >= 1 && counts["dropped"]!["changed"]!.GetValue<long>() >= 1);
        Assert.Equal("6", counts["sample"]!["data"]!.GetValue<string>());
    }

    [Fact]
    public async Task Throttle_AndDedupe_GoByTheTimeOfAcceptance()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(
            """
            { "key": "one", "triggers": { "in": { "type": "webhook", "path": "/few", "dedupe": { "by": "${event.data}", "within": "1m" }, "throttle": { "per": "10s" } } },
              "steps": { "keep": { "type": "script", "code": "(state.kept ??= []).push(event.data)" } } }
            """);
        foreach (var (after, value) in new[] { (0, "1"), (5, "2"), (5, "2"), (10, "1"), (41, "1"), (1, "3"), (10, "3") })
        {
            time.Advance(TimeSpan.FromSeconds(after));
            await SendAsync(server, "few", value);
            await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        }

        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("""{"kept":[1,2,1,3]}""", server.GetState(id, "one")); // a throttled 2 was not remembered
    }

    [Fact]
    public async Task ManyAtOnce_LetOneValuePassOnce()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Changed);
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => SendAsync(server, "news/a", "5")));
        Assert.Equal(39, answers.Count(answer => answer.Contains("filtered", StringComparison.Ordinal)));
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("""{"kept":[5]}""", server.GetState(id, "a"));
    }

    [Fact]
    public async Task WhatAnotherServerLetPass_IsFoundInTheTransaction_AndDecidedAgain()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Changed);
        await SendAsync(server, "news/a", "5");
        var other = new FilterMemory(Json.Parse("9"), 0, null, null, null);
        await server.Get<Journal>().CommitAsync(new FilterPassed(new FilterId(id, "in", "a"), other, LastPassed(server), server.Get<IdSource>().Next(), null));
        Assert.Contains("filtered", await SendAsync(server, "news/a", "9"), StringComparison.Ordinal); // it would have passed by what this server knew
        Assert.Contains("eventId", await SendAsync(server, "news/a", "5"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatWasForgotten_AndIsRememberedAnew_IsNotTakenForWhatItWas()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(Changed.Replace("\"deadband\": 1", "\"deadband\": 1, \"forget\": \"1m\"", StringComparison.Ordinal));
        await SendAsync(server, "news/a", "5");
        var journal = server.Get<Journal>();
        await journal.CommitAsync(new StatesExpired(time.GetUtcNow().AddHours(1), 100)); // by retention; then another server lets one pass
        await journal.CommitAsync(new FilterPassed(new FilterId(id, "in", "a"), new FilterMemory(Json.Parse("9"), time.GetUtcNow().ToUnixTimeMilliseconds(), null, null, null), 0, server.Get<IdSource>().Next(), null));
        Assert.Contains("filtered", await SendAsync(server, "news/a", "9"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StateTtl_HasFiltersForgetToo()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        await server.AddAsync(Changed.Replace("\"triggers\"", "\"stateTtl\": \"1h\", \"triggers\"", StringComparison.Ordinal));
        await SendAsync(server, "news/a", "5");
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Contains("filtered", await SendAsync(server, "news/a", "5"), StringComparison.Ordinal);
        Assert.Equal(1, server.Count("SELECT count(*) FROM filter_states WHERE expires_at IS NOT NULL"));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("eventId", await SendAsync(server, "news/a", "5"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FilterThatFails_FailsTheRun_AndLosesNothing()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/broken", "when": "${event.data.a.b > 1}" } }, "steps": { "x": { "type": "log", "message": "x" } } }""");
        var run = await server.HookAsync(id, "/hooks/broken", WorkflowServer.Json("{}"));
        Assert.Equal(("failed", "filter_failed"), (run.State, run.ErrorCode));
    }

    [Fact]
    public async Task Dropping_IsFasterThanStoring()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync("""{ "key": "${event.params.device}", "triggers": { "in": { "type": "mqtt", "topic": "flood/{device}", "changed": { "value": "${event.data}", "deadband": 1 } } }, "steps": { "x": { "type": "filter", "condition": false } } }""");
        await using var client = new Automation.Mqtt.Client.MqttClient(new() { Server = new Uri($"mqtt://127.0.0.1:{server.MqttPort}") });
        await client.ConnectAsync();
        async Task<double> RoundAsync(int value)
        {
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => client.PublishAsync(new Automation.Mqtt.MqttApplicationMessage { Topic = $"flood/d{i}", Payload = System.Text.Encoding.UTF8.GetBytes($"{value}"), QualityOfService = Automation.Mqtt.MqttQualityOfService.AtLeastOnce })));
            return 2000 / clock.Elapsed.TotalSeconds;
        }

        var stored = await RoundAsync(1);
        await RoundAsync(1);
        var dropped = await RoundAsync(2);
        TestContext.Current.TestOutputHelper!.WriteLine($"stored {stored:0}/s, dropped {dropped:0}/s");
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(2000, server.Count("SELECT count(*) FROM events"));
    }

    [Theory]
    [InlineData("\"when\": \"${state.x}\"", "/triggers/in/when", "only \"event\" is there")]
    [InlineData("\"throttle\": { \"per\": \"soon\" }", "/triggers/in/throttle/per", "Expected a duration")]
    [InlineData("\"dedupe\": { \"by\": 1 }", "/triggers/in/dedupe", "within")]
    public async Task Mistake_IsReportedAtItsPlace(string filter, string place, string message)
    {
        var problem = await new Compiling().OnlyProblemAsync($$"""{ "key": "one", "triggers": { "in": { "type": "hook", "path": "/x", {{filter}} } }, "steps": { "x": { "type": "log", "message": "x" } } }""");
        Assert.Equal(place, problem.Pointer);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    private static long LastPassed(WorkflowServer server) => server.Count("SELECT version FROM filter_states");

    private static async Task<string> SendAsync(WorkflowServer server, string path, string body)
    {
        using var answer = await server.Http.PostAsync(new Uri("/hooks/" + path, UriKind.Relative), WorkflowServer.Json(body));
        Assert.Equal(202, (int)answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }
}

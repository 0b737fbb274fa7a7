namespace Automation.Server.Tests.Runs;

/// <summary>Half of a surrogate pair is valid JSON, and senders who cut a text do send it: no text of a script or an event may end more than the step that cannot use it.</summary>
public sealed class HalfCharacterTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    private const string Data = """{"t":"a\ud83d","o":{"\ud83d":1}}""";

    [Fact]
    public async Task Console_WritesTheReplacementCharacter()
    {
        var run = await server.RunAsync("""{ "steps": { "a": { "type": "script", "code": "console.log(event.data.t, [event.data.t]); return 1" } } }""", Data);
        Assert.Equal(("succeeded", "1"), (run.State, run.Output("a")));
        Assert.Equal("info a\ufffd [\"a\\ud83d\"]", Assert.Single(run.Log("a")));
    }

    [Fact]
    public async Task ScriptError_WritesTheReplacementCharacter()
    {
        var run = await server.RunAsync("""{ "steps": { "a": { "type": "script", "code": "throw new Error(event.data.t + \"\\ud800\")" } } }""", Data);
        Assert.Equal("script_failed", run.ErrorCode);
        Assert.Equal("a\ufffd\ufffd", run["a"]["error"]!["message"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{ "type": "log", "message": "m ${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "log", "message": "m", "data": "${event.data}", "next": "last" }""", null)]
    [InlineData("""{ "type": "if", "condition": "${event.data.t}", "next": { "true": "last", "false": "last" } }""", "config_invalid")]
    [InlineData("""{ "type": "set", "values": { "a": "${event.data}" }, "next": "last" }""", null)]
    [InlineData("""{ "type": "set", "values": "${event.data.o}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "switch", "value": "${event.data.t}", "cases": { "x": "y" }, "next": { "x": "last", "default": "last" } }""", null)]
    [InlineData("""{ "type": "switch", "value": "${event.data}", "cases": { "x": { "t": 1, "o": 1 } }, "next": { "x": "last", "default": "last" } }""", null)]
    [InlineData("""{ "type": "switch", "value": "${event.data.o}", "cases": { "x": [{ "a": 1 }], "y": "${event.data.o}" }, "next": { "x": "last", "y": "last", "default": "last" } }""", null)]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half/${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "query": { "q": "${event.data.t}" }, "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "headers": { "X-A": "${event.data.t}" }, "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "acceptStatus": "${[event.data.t]}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "contentType": "${event.data.t}", "body": 1, "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "method": "POST", "contentType": "application/x-www-form-urlencoded", "body": "${event.data.o}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "method": "POST", "contentType": "text/plain", "body": "${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "method": "POST", "contentType": "text/plain", "body": "${event.data.o}", "next": "last" }""", null)]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "method": "POST", "contentType": "text/plain", "body": "${({base64: event.data.t})}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "webhook.send", "url": "RECEIVER/half/${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "webhook.send", "url": "RECEIVER/half", "headers": { "X-A": "${event.data.t}" }, "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "webhook.send", "url": "RECEIVER/half", "contentType": "application/x-www-form-urlencoded", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "webhook.send", "url": "RECEIVER/half", "attemptTimeout": "${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "maxResponse": "${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "http.request", "url": "RECEIVER/half", "response": "${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "respond", "contentType": "text/plain", "body": "${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "respond", "contentType": "${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "respond", "headers": { "X-A": "${event.data.t}" }, "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "respond", "headers": "${event.data.o}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "mqtt.publish", "topic": "${event.data.t}", "next": "last" }""", "config_invalid")]
    [InlineData("""{ "type": "mqtt.publish", "topic": "half", "payload": "${event.data.t}", "next": "last" }""", "invalid_payload")]
    [InlineData("""{ "type": "mqtt.publish", "topic": "half", "next": "last" }""", null)]
    public async Task Step_TakesIt_OrSaysWhatToMend(string step, string? error)
    {
        // the steps behind it change the variables and see all that went before
        var run = await server.RunAsync($$"""
            { "start": "a", "steps": {
                "a": {{step}},
                "last": { "type": "set", "values": { "b": 1 }, "next": "seen" },
                "seen": { "type": "log", "message": "${[vars, steps, event].length}" } } }
            """, Data);
        Assert.True(error == run.ErrorCode, $"{run.ErrorCode} {run.Node["error"]}");
        Assert.Equal(error is null ? "succeeded" : "failed", run.State);
    }
}

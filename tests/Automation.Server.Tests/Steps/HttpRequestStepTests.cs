using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Tests.Deliveries;
using Automation.Server.Tests.Secrets;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Steps;

public sealed class HttpRequestStepTests : IDisposable
{
    private const string Token = "tok-\"en\"/12345";
    private readonly ManualTime time = new();
    private readonly OutboundHttp http;
    private readonly HttpRequestStep step;

    public HttpRequestStepTests()
    {
        http = new OutboundHttp(new OutboundOptions { AllowPrivate = "loopback" }, time);
        step = new HttpRequestStep(http, TestSecrets.Of(("TOKEN", Token), ("DIGITS", "9876543210")), time);
    }

    public void Dispose() => http.Dispose();

    [Fact]
    public async Task Run_SendsTheRequest_AndGoesOnWithTheAnswer()
    {
        await using var receiver = await Receiver.StartAsync(async context =>
        {
            context.Response.Headers["X-Page"] = "2";
            context.Response.ContentType = "application/json; charset=utf-8";
            await context.Response.WriteAsync("""{ "items": [1.50, "ü"] }""");
        });
        var result = await RunAsync(receiver, """{ "method": "POST", "url": "URL/items?a=1#part", "query": { "q": "x y&z", "page": 2 }, "headers": { "X-A": "b" }, "body": { "n": 1 } }""");
        var request = Assert.Single(receiver.Requests);
        Assert.Equal("POST /items?a=1&q=x%20y%26z&page=2", request.Method + " " + request.Target);
        Assert.Equal("""{"n":1}""", request.Text);
        Assert.Equal("run_1.call.0", request.Headers["Idempotency-Key"]);
        var output = result.Output.ToDocument().RootElement;
        Assert.Equal(200, output.GetProperty("status").GetInt32());
        Assert.Equal("2", output.GetProperty("headers").GetProperty("x-page").GetString());
        Assert.Equal("""{"items":[1.50,"ü"]}""", output.GetProperty("body").GetRawText());
    }

    [Fact]
    public async Task Run_SendsNoIdempotencyKey_WhereNothingChanges()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        var result = await RunAsync(receiver, """{ "url": "URL" }""");
        Assert.DoesNotContain("Idempotency-Key", Assert.Single(receiver.Requests).Headers.Keys);
        Assert.Equal(JsonValueKind.Null, Body(result).ValueKind);
    }

    [Theory]
    [InlineData("auto", "text/plain; charset=iso-8859-1", "\"hé\"")]
    [InlineData("auto", "image/png", "{\"base64\":\"aOk=\"}")]
    [InlineData("bytes", "text/plain", "{\"base64\":\"aOk=\"}")]
    [InlineData("text", "application/json", "\"h\uFFFD\"")]
    [InlineData("auto", "application/json", "\"h\uFFFD\"")]
    public async Task Run_HandsTheBodyOnAsAsked(string form, string contentType, string body)
    {
        await using var receiver = await Receiver.StartAsync(async context =>
        {
            context.Response.ContentType = contentType;
            await context.Response.Body.WriteAsync(new byte[] { (byte)'h', 0xE9 });
        });
        Assert.Equal(body, Body(await RunAsync(receiver, $$"""{ "url": "URL", "response": "{{form}}" }""")).GetRawText());
    }

    [Fact]
    public async Task Run_FailsWhenJsonWasAskedForAndSomethingElseCame()
    {
        await using var receiver = await Receiver.StartAsync(context => context.Response.WriteAsync("<html>"));
        Assert.Equal("invalid_json", (await FailAsync(receiver, """{ "url": "URL", "response": "json" }""")).Code);
    }

    [Theory]
    [InlineData(404, false)]
    [InlineData(429, true)]
    [InlineData(503, true)]
    [InlineData(302, false)]
    public async Task Run_FailsOnAnotherStatus_WithTheAnswerAsDetails(int status, bool retryable)
    {
        await using var receiver = await Receiver.StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "/elsewhere";
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("""{"reason":"no"}""");
        });
        var error = await FailAsync(receiver, """{ "url": "URL" }""");
        Assert.Equal(("http_status", retryable), (error.Code, error.Retryable));
        Assert.Equal("no", error.Details!.Value.ToDocument().RootElement.GetProperty("body").GetProperty("reason").GetString());
        Assert.Single(receiver.Requests);
    }

    [Theory]
    [InlineData("[\"2xx\",\"404\"]", true)]
    [InlineData("[\"4xx\"]", true)]
    [InlineData("[\"405\"]", false)]
    public async Task Run_AcceptsTheStatusesItIsTold(string accepted, bool done)
    {
        await using var receiver = await Receiver.StartAsync(context =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        var config = $$"""{ "url": "URL", "acceptStatus": {{accepted}} }""";
        if (done) Assert.Equal("done", (await RunAsync(receiver, config)).Outcome);
        else Assert.Equal("http_status", (await FailAsync(receiver, config)).Code);
    }

    [Fact]
    public async Task Run_MasksSecretsInWhatComesBack()
    {
        await using var receiver = await Receiver.StartAsync(async context =>
        {
            context.Response.StatusCode = 401;
            context.Response.ContentType = "application/json";
            context.Response.Headers["X-Echo"] = context.Request.Headers.Authorization;
            await context.Response.WriteAsync("{\"you\":\"tok\\u002d\\u0022en\\u0022/12345\",\"n\":9876543210,\"tok-\\\"en\\\"\\/12345\":[\"a 9876543210\"]}");
        });
        var error = await FailAsync(receiver, """{ "url": "URL/?d=${secret.DIGITS}", "headers": { "Authorization": "${secret.TOKEN}" } }""");
        Assert.Equal(Token, Assert.Single(receiver.Requests).Headers["Authorization"]);
        Assert.Equal("""{"you":"•••","n":"•••","•••":["a •••"]}""", error.Details!.Value.ToDocument().RootElement.GetProperty("body").GetRawText());
        Assert.Equal("•••", error.Details!.Value.ToDocument().RootElement.GetProperty("headers").GetProperty("x-echo").GetString());
    }

    [Theory]
    [InlineData("Content-Length: 2000000\r\n\r\n")]
    [InlineData("\r\n")]
    public async Task Run_RefusesAnAnswerThatIsTooLarge(string rest)
    {
        await using var receiver = new RawReceiver(async (socket, stop) =>
        {
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + rest), stop);
            while (true) await socket.SendAsync(new byte[8192], stop);
        });
        var error = await FailAsync(receiver.Url, """{ "url": "URL" }""");
        Assert.Equal("response_too_large", error.Code);
        Assert.Contains("1MB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_TimesOutAfterTenSeconds()
    {
        await using var receiver = new RawReceiver((_, stop) => RawReceiver.NeverAsync(stop));
        var failing = FailAsync(receiver.Url, """{ "url": "URL" }""");
        await receiver.RequestCame.Task;
        time.Advance(TimeSpan.FromSeconds(10));
        var error = await failing;
        Assert.Equal(("receiver_timed_out", true), (error.Code, error.Retryable));
    }

    [Fact]
    public async Task Run_StopsWithTheRun()
    {
        await using var receiver = new RawReceiver((_, stop) => RawReceiver.NeverAsync(stop));
        using var cancelled = new CancellationTokenSource();
        var running = step.RunAsync(Config(receiver.Url, """{ "url": "URL" }"""), new CallContext(step, cancelled: cancelled.Token)).AsTask();
        await receiver.RequestCame.Task;
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Theory]
    [InlineData("""{ "url": "http://10.0.0.1/${secret.TOKEN}" }""", "address_blocked")]
    [InlineData("""{ "url": "http://127.0.0.1:1/${secret.TOKEN}" }""", "connection_failed")]
    [InlineData("""{ "url": "${secret.TOKEN}" }""", "invalid_address")]
    [InlineData("""{ "url": "http://127.0.0.1:1/", "headers": { "X-A\r\nX-B": "1" } }""", "invalid_header")]
    [InlineData("""{ "url": "http://127.0.0.1:1/", "headers": { "X-A": "${secret.NONE}" } }""", "secret_missing")]
    [InlineData("""{ "url": "http://127.0.0.1:1/", "method": "BREW" }""", "invalid_method")]
    public async Task Run_NamesWhatFailed_WithoutShowingSecrets(string config, string code)
    {
        var error = await Assert.ThrowsAsync<StepException>(() => step.RunAsync(Config("", config), new CallContext(step)).AsTask());
        Assert.Equal(code, error.Error.Code);
        Assert.DoesNotContain("tok-", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_ReportsEveryMistakeAtOnce()
    {
        var check = new CheckedStep("""{ "url": "x", "headers": { "Content-Type": "a" }, "acceptStatus": ["2xx", "ok", "404", "${x}", "20"] }""");
        step.Check(check);
        Assert.Equal(["/url", "/headers/Content-Type", "/acceptStatus/1", "/acceptStatus/4"], check.Problems.Select(p => p.Split(':')[0]));
    }

    private static JsonElement Body(StepResult result) => result.Output.ToDocument().RootElement.GetProperty("body");

    private static HttpRequestStep.Config Config(string url, string config) => Json.Parse(config.Replace("URL", url, StringComparison.Ordinal).Replace("\r\n", "\\r\\n", StringComparison.Ordinal)).To<HttpRequestStep.Config>()!;

    private async Task<StepResult> RunAsync(Receiver receiver, string config) => await step.RunAsync(Config(receiver.Url, config), new CallContext(step));

    private Task<StepError> FailAsync(Receiver receiver, string config) => FailAsync(receiver.Url, config);

    private async Task<StepError> FailAsync(string url, string config) =>
        (await Assert.ThrowsAsync<StepException>(() => step.RunAsync(Config(url, config), new CallContext(step)).AsTask())).Error;
}

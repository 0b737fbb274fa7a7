using System.Text;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Triggers;

public class RespondStepTests
{
    [Theory]
    [InlineData("{}", 200, "application/json", "{\"in\":1}")]
    [InlineData("""{"status":201,"body":{"a":"b"}}""", 201, "application/json", "{\"a\":\"b\"}")]
    [InlineData("""{"body":"text"}""", 200, "application/json", "\"text\"")]
    [InlineData("""{"body":"a\nb","contentType":"text/plain"}""", 200, "text/plain; charset=utf-8", "a\nb")]
    [InlineData("""{"body":"<a/>","contentType":"application/xml"}""", 200, "application/xml", "<a/>")]
    [InlineData("""{"body":"x","contentType":"application/vnd.api+json"}""", 200, "application/vnd.api+json", "\"x\"")]
    [InlineData("""{"body":{"n":1},"contentType":"text/plain"}""", 200, "text/plain; charset=utf-8", "{\"n\":1}")]
    public async Task Respond_SendsStatusTypeAndBody(string config, int status, string contentType, string body)
    {
        var context = new Context();
        var result = await RunAsync(config, context);
        Assert.Equal("{\"in\":1}", result.Output.ToString());
        Assert.Equal((status, contentType, body), (context.Answer!.Status, context.Answer.ContentType, Encoding.UTF8.GetString(context.Answer.Body.Span)));
    }

    [Fact]
    public async Task Respond_GoesOn_WhenNobodyWaits()
    {
        var context = new Context { Waits = false };
        Assert.Equal("done", (await RunAsync("{}", context)).Outcome);
        Assert.Contains("Nobody waits", Assert.Single(context.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"headers":{"X-A":"a\r\nSet-Cookie: b"}}""")]
    [InlineData("""{"headers":{"X-A":"é"}}""")]
    [InlineData("""{"headers":{"X A":"a"}}""")]
    [InlineData("""{"headers":{"X\r\n":"a"}}""")]
    [InlineData("""{"headers":{"":"a"}}""")]
    [InlineData("""{"headers":{"Content-Length":"1"}}""")]
    [InlineData("""{"headers":{"transfer-encoding":"chunked"}}""")]
    [InlineData("""{"headers":{"Set-Cookie":"a=b"}}""")]
    public async Task Header_ThatCannotBeSent_FailsTheStep_AndIsFoundAtLoad(string config)
    {
        var error = await Assert.ThrowsAsync<StepException>(async () => await RunAsync(config, new Context()));
        Assert.Equal("config_invalid", error.Error.Code);
        var check = new RecordingCheck(config);
        new RespondStep().Check(check);
        Assert.StartsWith("/headers/", Assert.Single(check.Problems).Pointer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"status":199}""")]
    [InlineData("""{"status":600}""")]
    [InlineData("""{"contentType":"json"}""")]
    public async Task Config_ThatDoesNotFit_FailsTheStep(string config)
    {
        var error = await Assert.ThrowsAsync<StepException>(async () => await RunAsync(config, new Context()));
        Assert.Equal("config_invalid", error.Error.Code);
        Assert.False(error.Error.Retryable);
    }

    [Fact]
    public async Task Body_WithHalfACharacter_FailsTheStep()
    {
        var config = new RespondStep.Config(Body: Json.Parse("\"\\ud800\""), ContentType: "text/plain");
        var error = await Assert.ThrowsAsync<StepException>(async () => await new RespondStep().RunAsync(config, new Context()));
        Assert.Equal("config_invalid", error.Error.Code);
    }

    [Fact]
    public void Check_LeavesExpressionsToTheRun()
    {
        var check = new RecordingCheck("""{"headers":{"Location":"${input.url + 'é'}"}}""");
        new RespondStep().Check(check);
        Assert.Empty(check.Problems);
    }

    private static ValueTask<StepResult> RunAsync(string config, Context context) =>
        new RespondStep().RunAsync(JsonSerializer.Deserialize<RespondStep.Config>(config, JsonFormat.Wire)!, context);

    private sealed class RecordingCheck(string config) : StepCheck
    {
        public List<(string Pointer, string Message)> Problems { get; } = [];

        public override string StepId => "respond";

        public override JsonElement Config { get; } = JsonDocument.Parse(config).RootElement;

        public override void Problem(string pointer, string message) => Problems.Add((pointer, message));

        public override void Missing(string pointer, string message) => Problem(pointer, message);

        public override void Outcome(string name) => throw new NotSupportedException();

        public override void Script(SandboxUnit unit) => throw new NotSupportedException();

        public override string? ReadFile(string pointer, string file) => throw new NotSupportedException();
    }

    private sealed class Context : StepContext
    {
        public bool Waits { get; init; } = true;

        public ResponseToCaller? Answer { get; private set; }

        public List<string> Lines { get; } = [];

        public override Json Input => Json.Parse("{\"in\":1}");

        public override StepDefinition Step => throw new NotSupportedException();

        public override Event Event => throw new NotSupportedException();

        public override long RunId => 1;

        public override int Round => 0;

        public override string IdempotencyKey => "run_1.respond.0";

        public override DateTimeOffset Now => DateTimeOffset.UnixEpoch;

        public override CancellationToken Cancelled => CancellationToken.None;

        public override bool TimedOut => false;

        public override long Queue(DeliveryRequest delivery) => throw new NotSupportedException();

        public override bool Respond(ResponseToCaller response)
        {
            Answer = response;
            return Waits;
        }

        public override void SetVariables(Json values) => throw new NotSupportedException();

        public override void Log(string level, string text) => Lines.Add(text);

        public override ValueTask<Json> CallScriptAsync() => throw new NotSupportedException();
    }
}

using System.Net;
using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Tests.Triggers;

public class WebhookResultTests
{
    private const string Result = """{"path":"/a","respond":"result","timeout":"10s"}""";

    [Fact]
    public async Task RespondStep_GivesTheAnswer_Sandboxed()
    {
        var headers = new Dictionary<string, string> { ["X-Shop"] = "1", ["Content-Security-Policy"] = "default-src 'none'" };
        var answer = await AnswerAsync(new RunAnswer(7, new ResponseToCaller(201, headers, "text/html; charset=utf-8", "<p>"u8.ToArray()), Json.Null, null, null));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("<p>", await answer.Content.ReadAsStringAsync());
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("1", answer.Headers.GetValues("X-Shop").Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        var policies = string.Join('|', answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("sandbox", policies, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", policies, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RespondStep_WithStatus204_SendsNoBody()
    {
        var answer = await AnswerAsync(new RunAnswer(7, new ResponseToCaller(204, new Dictionary<string, string>(), "application/json", "1"u8.ToArray()), Json.Null, null, null));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Fact]
    public async Task Run_WithoutARespondStep_GivesItsOutput()
    {
        var answer = await AnswerAsync(new RunAnswer(7, null, Json.Parse("{\"n\":1}"), null, null));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("{\"n\":1}", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task FailedRun_Is500_WithRunStepAndMessage()
    {
        var answer = await AnswerAsync(new RunAnswer(7, null, Json.Null, "slack", new StepError("receiver_refused", "Slack said no.", Script: "secret/path.ts", Details: Json.Parse("{\"x\":\"inner\"}"))));
        await WebhookEndpointTests.AssertProblemAsync(answer, 500, "Slack said no.");
        var text = await answer.Content.ReadAsStringAsync();
        using var problem = JsonDocument.Parse(text);
        Assert.Equal("urn:automation:run-failed", problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(PublicId.Format("run", 7), problem.RootElement.GetProperty("runId").GetString());
        Assert.Equal("slack", problem.RootElement.GetProperty("step").GetString());
        Assert.Equal("Slack said no.", problem.RootElement.GetProperty("message").GetString());
        Assert.DoesNotContain("inner", text, StringComparison.Ordinal);
        Assert.DoesNotContain("path.ts", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TimeOut_Is202_AndTheRunGoesOn()
    {
        await using var server = await WebhookServer.StartAsync(Result);
        var answer = server.Http.PostAsync("/hooks/a", null);
        await server.WhenOfferedAsync();
        server.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(answer.IsCompleted);
        while (!answer.IsCompleted)
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(HttpStatusCode.Accepted, (await answer).StatusCode);
        var text = await (await answer).Content.ReadAsStringAsync();
        Assert.Equal($$"""{"eventId":"{{PublicId.Format("evt", server.Single.Id)}}","runId":"{{PublicId.Format("run", WebhookServer.RunId)}}","status":"running"}""", text);
    }

    [Fact]
    public async Task ServerThatStops_AnswersThoseWhoWait()
    {
        await using var server = await WebhookServer.StartAsync(Result);
        var answer = server.Http.PostAsync("/hooks/a", null);
        await server.WhenOfferedAsync();
        server.StopApplication();
        Assert.Equal(HttpStatusCode.Accepted, (await answer).StatusCode);
    }

    [Fact]
    public async Task CallerWhoLeaves_IsNoError()
    {
        await using var server = await WebhookServer.StartAsync(Result);
        using var leaving = new CancellationTokenSource();
        var answer = server.Http.PostAsync("/hooks/a", null, leaving.Token);
        await server.WhenOfferedAsync();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await server.WhenLoggedAsync();
        Assert.Contains("went away", Assert.Single(server.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnlyATriggerThatWaits_HandsInAnAnswer()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a"}""");
        var wanted = true;
        server.Accept = (_, answer) =>
        {
            wanted = answer is not null;
            return ValueTask.FromResult(IntakeOutcome.Accepted);
        };
        (await server.Http.PostAsync("/hooks/a", null)).EnsureSuccessStatusCode();
        Assert.False(wanted);
    }

    private static async Task<HttpResponseMessage> AnswerAsync(RunAnswer run)
    {
        await using var server = await WebhookServer.StartAsync(Result);
        server.Accept = (_, answer) =>
        {
            answer!.SetResult(run);
            return ValueTask.FromResult(IntakeOutcome.Accepted);
        };
        var response = await server.Http.PostAsync("/hooks/a", WebhookEndpointTests.Json("{}"));
        await response.Content.LoadIntoBufferAsync();
        return response;
    }
}

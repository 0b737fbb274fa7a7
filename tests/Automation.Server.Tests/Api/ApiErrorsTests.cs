using System.Text.Json.Nodes;

namespace Automation.Server.Tests.Api;

public sealed class ApiErrorsTests : ApiTest
{
    [Theory]
    [InlineData("/api")]
    [InlineData("/api/nothing")]
    [InlineData("/api/runs/run_0000000000001/nothing")]
    public async Task UnknownPath_Is404(string path)
    {
        var problem = await Server.GetAsync(path, 404);

        Assert.Contains(path, problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(404, problem["status"]!.GetValue<int>());
    }

    [Fact]
    public async Task WrongMethod_Is405_AndSaysWhichAreTaken()
    {
        var problem = await Server.PostAsync("/api/runs", 405);

        Assert.Contains("GET", problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Defect_Is500_WithATraceIdOnly()
    {
        var problem = await Server.GetAsync("/api/broken", 500);

        var trace = problem["traceId"]!.GetValue<string>();
        Assert.DoesNotContain("inner text", problem.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", problem.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains(Logged(), line => line.Contains(trace, StringComparison.Ordinal) && line.Contains("the inner text", StringComparison.Ordinal));
    }

    [Fact]
    public async Task JournalThatCannotWrite_Is503_AndMayBeTriedAgain()
    {
        await Server.Journal.DisposeAsync();

        using var answer = await Server.Client.PostAsync(new Uri("/api/workflows/orders/keys/k/skip", UriKind.Relative), null);

        Assert.Equal((503, TimeSpan.FromSeconds(1)), ((int)answer.StatusCode, answer.Headers.RetryAfter?.Delta));
        Assert.Contains("/health/ready", (await ApiServer.ReadAsync(answer, 503))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/runs", 401)]
    [InlineData("/nope", 404)]
    public async Task Refusal_IsTheSame_WhateverTheClientAccepts(string path, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", "text/html");

        using var answer = await Server.Stranger.SendAsync(request);

        Assert.NotEmpty((await ApiServer.ReadAsync(answer, status))["detail"]!.GetValue<string>());
        Assert.True(answer.Headers.Contains("Content-Security-Policy"));
    }

    [Theory]
    [InlineData("""{"valeu":"hidden"}""", "line 1")]
    [InlineData("""{"value":"hidden""", "line 1")]
    [InlineData("", "missing")]
    public async Task BodyThatCannotBeRead_IsExplained_WithoutWhatIsInIt(string body, string word)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await Server.Client.PutAsync(new Uri("/api/secrets/X", UriKind.Relative), body.Length == 0 ? null : content);

        var detail = (await ApiServer.ReadAsync(answer, 400))["detail"]!.GetValue<string>();
        Assert.Contains(word, detail, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", detail + string.Join('\n', Logged()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/audit?actor=%00")]
    [InlineData("/api/audit?target=a%00b")]
    public async Task ParameterThatNoTextCanBe_IsRefused(string path) => Assert.Contains("U+0000", (await Server.GetAsync(path, 400))["detail"]!.GetValue<string>(), StringComparison.Ordinal);

    [Fact]
    public async Task Live_AnswersWithoutToken()
    {
        Assert.Equal("live", JsonNode.Parse(await Server.Stranger.GetStringAsync(new Uri("/health/live", UriKind.Relative)))!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Ready_NamesWhatIsWrong()
    {
        Assert.Equal("ready", JsonNode.Parse(await Server.Stranger.GetStringAsync(new Uri("/health/ready", UriKind.Relative)))!["status"]!.GetValue<string>());

        Server.ReadyProblem = "The folder is not there.";
        var response = await Server.Stranger.GetAsync(new Uri("/health/ready", UriKind.Relative));

        Assert.Equal(503, (int)response.StatusCode);
        Assert.Equal("""{"status":"not ready","problems":[{"name":"workflows","problem":"The folder is not there."}]}""", await response.Content.ReadAsStringAsync());
    }

    private List<string> Logged()
    {
        lock (Server.Logged) return [.. Server.Logged];
    }
}

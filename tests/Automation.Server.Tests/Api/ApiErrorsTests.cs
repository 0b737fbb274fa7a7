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

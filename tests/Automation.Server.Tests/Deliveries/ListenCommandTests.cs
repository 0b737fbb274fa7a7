using System.Text;
using Automation.Server.Cli;

namespace Automation.Server.Tests.Deliveries;

public sealed class ListenCommandTests
{
    [Fact]
    public async Task Listen_PrintsWhatComes_FailsFirst_AndNoticesRepeats()
    {
        using var stop = new CancellationTokenSource();
        using var output = new Lines();
        var running = ListenCommand.RunAsync(new ListenCommand.Answers(202, TimeSpan.Zero, 1), 0, output, output, TimeProvider.System, stop.Token);
        var url = (await output.FirstAsync).Split(' ')[2];
        using var client = new HttpClient();
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url + "/hook?x=1") { Content = new StringContent("{\"a\":{\"b\":1}}", Encoding.UTF8, "application/json") };
            request.Headers.Add("webhook-id", "run_1.send.0");
            using var response = await client.SendAsync(request);
            Assert.Equal(i == 0 ? 503 : 202, (int)response.StatusCode);
        }

        await stop.CancelAsync();
        Assert.Equal(0, await running);
        var printed = output.ToString();
        Assert.Contains("POST /hook?x=1  → 503", printed, StringComparison.Ordinal);
        Assert.Contains("first time this webhook-id is seen", printed, StringComparison.Ordinal);
        Assert.Contains("REPEAT: this webhook-id has come 2 times", printed, StringComparison.Ordinal);
        Assert.Contains("    \"a\": {\n      \"b\": 1", printed.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listen_SaysThatThePortIsTaken()
    {
        await using var other = await Receiver.StartAsync(_ => Task.CompletedTask);
        using var error = new StringWriter();
        Assert.Equal(1, await ListenCommand.RunAsync(new ListenCommand.Answers(200, TimeSpan.Zero, 0), other.Port, TextWriter.Null, error, TimeProvider.System, CancellationToken.None));
        Assert.Equal($"Port {other.Port} is in use by another program; choose another one with --port.", error.ToString().Trim());
    }

    [Theory]
    [InlineData("--port 70000")]
    [InlineData("--status 99")]
    [InlineData("--delay soon")]
    [InlineData("--fail-first -1")]
    public void Listen_RefusesOptionsOutOfRange(string options) => Assert.Single(ListenCommand.Create().Parse(options.Split(' ')).Errors);

    private sealed class Lines : StringWriter
    {
        private readonly TaskCompletionSource<string> first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> FirstAsync => first.Task;

        public override async Task WriteLineAsync(string? value)
        {
            await base.WriteLineAsync(value);
            first.TrySetResult(value ?? "");
        }
    }
}

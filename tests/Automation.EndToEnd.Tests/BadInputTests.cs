using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>What comes from outside can be anything: a clear error each, nothing lost, nothing crashed.</summary>
public class BadInputTests(BadInputTests.Fixture fixture) : IClassFixture<BadInputTests.Fixture>
{
    private static readonly Dictionary<string, string> Echo = new()
    {
        ["echo.json"] = """
            {
              "name": "Echo",
              "triggers": {
                "web": { "type": "webhook", "path": "/echo", "methods": ["POST"], "maxBody": "64KB" },
                "json": { "type": "webhook", "path": "/only-json", "methods": ["POST"], "accepts": ["application/json"] },
                "mqtt": { "type": "mqtt", "topic": "echo/#", "qos": 1 }
              },
              "steps": { "send": { "type": "webhook.send", "url": "RECEIVER/echo", "body": { "data": "${event.data}" } } }
            }
            """,
    };

    [Theory]
    [InlineData("/hooks/echo", "application/json", "{\"n\":", HttpStatusCode.BadRequest)]
    [InlineData("/hooks/echo", "application/xml", "<open>", HttpStatusCode.BadRequest)]
    [InlineData("/hooks/only-json", "text/csv", "a;b", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("/hooks/nobody", "application/json", "{}", HttpStatusCode.NotFound)]
    public async Task Body_IsRefused_WithProblemDetails(string path, string contentType, string body, HttpStatusCode expected)
    {
        using var answer = await PostAsync(path, contentType, Encoding.UTF8.GetBytes(body));

        await AssertProblemAsync(expected, answer);
    }

    [Fact]
    public async Task Body_IsRefused_WhenItIsNoUtf8()
    {
        using var answer = await PostAsync("/hooks/echo", "application/json", [(byte)'"', 0xC3, 0x28, 0xFF, (byte)'"']);

        await AssertProblemAsync(HttpStatusCode.BadRequest, answer);
    }

    [Fact]
    public async Task Body_IsRefused_WhenItIsOverTheLimit()
    {
        using var answer = await PostAsync("/hooks/echo", "text/plain", new byte[70_000]);

        await AssertProblemAsync(HttpStatusCode.RequestEntityTooLarge, answer);
    }

    [Fact]
    public async Task Method_IsRefused_WithTheAllowedOnes()
    {
        using var answer = await fixture.Server.Http.DeleteAsync(new Uri("/hooks/echo", UriKind.Relative));

        await AssertProblemAsync(HttpStatusCode.MethodNotAllowed, answer);
        Assert.Contains("POST", answer.Content.Headers.Allow);
    }

    [Fact]
    public async Task ThousandUnknownPaths_AreNotFound()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async i =>
        {
            using var answer = await fixture.Server.Http.GetAsync(new Uri($"/hooks/unknown-{i}/%2e%2e/%00{i}", UriKind.Relative));
            return answer.StatusCode;
        }));

        Assert.All(answers, status => Assert.True(status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, status.ToString()));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\u0010\u0000")]
    [InlineData("\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF")]
    [InlineData("\u0010\u007F\u0000\u0004MQTT\u0009")]
    public async Task MqttPort_ClosesTheConnection_OnWhatIsNotMqtt(string bytes)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, fixture.Server.Settings.MqttPort);
        var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));
        tcp.Client.Shutdown(SocketShutdown.Send);

        // Ends when the server closes, or resets because bytes are left that it did not want.
        var end = await Record.ExceptionAsync(() => stream.CopyToAsync(Stream.Null).WaitAsync(Eventually.Soon));
        Assert.True(end is null or IOException, end?.ToString());

        await AssertStillWorksAsync();
    }

    [Fact]
    public async Task MqttPayload_ThatIsNoJson_IsTakenAsItIs()
    {
        var published = await Shell.MosquittoPubAsync(fixture.Server.Settings.MqttPort, "echo/text", "{not json");

        Assert.True(published.ExitCode == 0, published.All);
        await ArrivesAsync("""{"data":"{not json"}""");
    }

    private static async Task AssertProblemAsync(HttpStatusCode expected, HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(expected == answer.StatusCode, $"{(int)answer.StatusCode} {body}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.NotEmpty(JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString()!);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string contentType, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        var answer = await fixture.Server.Http.PostAsync(new Uri(path, UriKind.Relative), content);
        await AssertStillWorksAsync();
        return answer;
    }

    private async Task AssertStillWorksAsync()
    {
        var mark = Guid.NewGuid().ToString();
        using var answer = await MainJobTests.PostAsync(fixture.Server, "/hooks/echo", $"\"{mark}\"");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await ArrivesAsync($$"""{"data":"{{mark}}"}""");
    }

    private Task ArrivesAsync(string body) => Eventually.HoldsAsync(() => Task.FromResult(fixture.Receiver.Arrivals.Any(a => a.Body == body)), $"{body} arrives");

    /// <summary>One server for all: what one bad input breaks, the next test sees.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private Installation? installation;

        internal ServerProcess Server => installation!.Server;

        internal Receiver Receiver => installation!.Receiver;

        public async ValueTask InitializeAsync() => installation = await Installation.StartAsync(Echo);

        public ValueTask DisposeAsync() => installation!.DisposeAsync();
    }
}

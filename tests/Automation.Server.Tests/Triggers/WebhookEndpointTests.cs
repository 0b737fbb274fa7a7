using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Automation.Server.Runs;
using Automation.Server.Triggers;

namespace Automation.Server.Tests.Triggers;

public class WebhookEndpointTests
{
    private const string Any = """{"path":"/orders/{id}","methods":["ANY"]}""";

    [Fact]
    public async Task Post_IsAnswered202_WithTheStoredEventsId()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/orders"}""");
        var answer = await server.Http.PostAsync("/hooks/orders", Json("{\"a\": 1}"));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
        var stored = server.Single;
        Assert.Equal($$"""{"eventId":"{{Automation.Server.Values.PublicId.Format("evt", stored.Id)}}"}""", await answer.Content.ReadAsStringAsync());
        Assert.Equal("{\"a\": 1}", stored.Data.ToString());
        Assert.Equal("{\"a\": 1}"u8.ToArray(), stored.Body.ToArray());
        Assert.Equal(("webhook", "webhook.received", "/hooks/orders"), (stored.Trigger, stored.Type, stored.Source));
    }

    [Fact]
    public async Task Event_TellsTheRequest_AndMasksCredentials()
    {
        await using var server = await WebhookServer.StartAsync(Any);
        using var request = new HttpRequestMessage(HttpMethod.Put, "/hooks/orders/caf%C3%A9%2F7?a=1&b=x%20y&a=2&e");
        request.Content = new StringContent("hi", Encoding.UTF8, "text/plain");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer abc");
        request.Headers.TryAddWithoutValidation("Cookie", "s=abc");
        request.Headers.TryAddWithoutValidation("Proxy-Authorization", "abc");
        request.Headers.TryAddWithoutValidation("X-API-Key", "abc");
        request.Headers.TryAddWithoutValidation("X-Gitlab-Token", "abc");
        request.Headers.TryAddWithoutValidation("X-Many", ["one", "two"]);
        (await server.Http.SendAsync(request)).EnsureSuccessStatusCode();
        using var scope = server.Single.ToScope().ToDocument();
        var root = scope.RootElement;
        Assert.StartsWith("evt_", root.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("/hooks/orders/caf%C3%A9%2F7", root.GetProperty("source").GetString());
        Assert.Equal("/orders/caf%C3%A9%2F7", root.GetProperty("path").GetString());
        Assert.Equal("2026-01-02T03:04:05Z", root.GetProperty("time").GetString());
        Assert.Equal("PUT", root.GetProperty("method").GetString());
        Assert.Equal("café/7", root.GetProperty("params").GetProperty("id").GetString());
        Assert.Equal("""{"a":["1","2"],"b":"x y","e":""}""", root.GetProperty("query").GetRawText());
        Assert.Equal("text/plain; charset=utf-8", root.GetProperty("contentType").GetString());
        Assert.Equal("127.0.0.1", root.GetProperty("remoteAddress").GetString());
        Assert.Equal("hi", root.GetProperty("data").GetString());
        var headers = root.GetProperty("headers");
        Assert.Equal("one, two", headers.GetProperty("x-many").GetString());
        foreach (var name in (string[])["authorization", "cookie", "proxy-authorization", "x-api-key", "x-gitlab-token"]) Assert.Equal("•••", headers.GetProperty(name).GetString());
        Assert.DoesNotContain("abc", server.Single.Attributes.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AllWorkflowsOnAPath_GetTheOneEvent()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/orders/{id}"}""", """{"path":"/orders/{order}"}""", """{"path":"/orders/7","methods":["GET"]}""", """{"path":"/{all*}"}""");
        (await server.Http.PostAsync("/hooks/orders/7", Json("1"))).EnsureSuccessStatusCode();
        var (stored, targets) = Assert.Single(server.Offered);
        Assert.Equal(["w0", "w1", "w3"], targets.Select(target => target.Version.WorkflowId).Order());
        Assert.Contains("""
            "params":{"id":"7","order":"7","all":"orders/7"}
            """, stored.Attributes.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Workflows_ThatGiveOneNameToTwoParts_GetAnEventEach()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/{a}/x"}""", """{"path":"/y/{a}"}""");
        (await server.Http.PostAsync("/hooks/y/x", null)).EnsureSuccessStatusCode();
        Assert.Equal(["\"params\":{\"a\":\"x\"}", "\"params\":{\"a\":\"y\"}"], server.Offered.Select(offered => Between(offered.Event, "\"params\"", ",\"query\"")).Order());
        Assert.Equal(1, server.Units); // both are stored or none
    }

    [Fact]
    public async Task CallerOfEventsThatWereSplit_IsAnsweredByTheRunThatAnswers()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/{a}/x"}""", """{"path":"/y/{a}","respond":"result"}""");
        server.Accept = (_, answer) =>
        {
            answer!.SetResult(new RunAnswer(WebhookServer.RunId + 1, null, Automation.Server.Values.Json.Parse("5"), null, null));
            return ValueTask.FromResult(IntakeOutcome.Accepted);
        };
        var answered = await server.Http.PostAsync("/hooks/y/x", null);
        Assert.Equal("5", await answered.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("POST", "/hooks/nothing", 404)]
    [InlineData("POST", "/hooks", 404)]
    [InlineData("POST", "/hooks/", 404)]
    [InlineData("POST", "/hooks/Orders/7", 404)]
    [InlineData("POST", "/hooks/orders/", 404)]
    [InlineData("POST", "/hooks/only-post", 202)]
    [InlineData("POST", "http://test/hooks/only-post?x=1", 202)]
    [InlineData("GET", "/hooks/only-post", 405)]
    [InlineData("HEAD", "/hooks/only-post", 405)]
    [InlineData("BREW", "/hooks/only-post", 405)]
    [InlineData("ANY", "/hooks/orders/7", 405)]
    [InlineData("OPTIONS", "/hooks/only-post", 204)]
    [InlineData("OPTIONS", "/hooks/nothing", 404)]
    [InlineData("HEAD", "/hooks/orders/7", 204)]
    [InlineData("DELETE", "/hooks/orders/7", 202)]
    [InlineData("POST", "/hooks/orders/%zz", 400)]
    [InlineData("POST", "/hooks/orders/%ff", 400)]
    [InlineData("POST", "/hooks/orders/%c0%af", 400)]
    [InlineData("POST", "/hooks/orders/%00", 400)]
    [InlineData("POST", "/hooks/x/../orders/7", 400)]
    [InlineData("POST", "/hooks/orders/%2e%2e", 400)]
    [InlineData("POST", "/hooks/x/%2E/orders/7", 400)]
    [InlineData("POST", "/%68ooks/orders/7", 400)]
    [InlineData("POST", "/hooks/orders/{id}", 202)]
    public async Task Request_GetsItsStatus(string method, string target, int status)
    {
        await using var server = await WebhookServer.StartAsync(Any, """{"path":"/only-post"}""");
        var answer = await server.SendRawAsync(method, target);
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 202 ? 1 : 0, server.Offered.Count);
        if (status is 404 or 405 && method != "HEAD") Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        if (status is 204 or 405) Assert.Contains(target.Contains("only", StringComparison.Ordinal) ? "Allow: POST, OPTIONS" : "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AThousandUnknownPaths_Are404_AndNameOnlyThemselves()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/hidden-path"}""");
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async at =>
        {
            using var answer = await server.Http.PostAsync($"/hooks/unknown/{at}", Json("{}"));
            return (at, answer.StatusCode, Text: await answer.Content.ReadAsStringAsync());
        }));
        Assert.All(answers, answer =>
        {
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Contains($"/hooks/unknown/{answer.at}.", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("hidden", answer.Text, StringComparison.Ordinal);
        });
        Assert.Empty(server.Offered);
    }

    [Theory]
    [InlineData("application/json", "{\"a\":}", 400, "line 1, byte 6")]
    [InlineData("application/x-www-form-urlencoded", "a=%zz", 400, "byte 1")]
    [InlineData("text/xml", "<!DOCTYPE a><a/>", 400, "DTD")]
    [InlineData("text/plain; charset=ebcdic", "x", 415, "ebcdic")]
    [InlineData("application/cloudevents-batch+json", "[]", 415, "Batches")]
    [InlineData("nonsense", "x", 415, "media type")]
    [InlineData("application/octet-stream", "\u0001", 202, "eventId")]
    public async Task Body_IsChecked_BeforeItIsStored(string contentType, string body, int status, string expected)
    {
        await using var server = await WebhookServer.StartAsync(Any);
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        var answer = await server.Http.PostAsync("/hooks/orders/7", content);
        await AssertProblemAsync(answer, status, expected);
        Assert.Equal(status == 202 ? 1 : 0, server.Offered.Count);
    }

    [Fact]
    public async Task UnknownContentEncoding_Is415_AndNamesThoseTaken()
    {
        await using var server = await WebhookServer.StartAsync(Any);
        using var content = Json("x");
        content.Headers.ContentEncoding.Add("compress");
        var answer = await server.Http.PostAsync("/hooks/orders/7", content);
        await AssertProblemAsync(answer, 415, "compress");
        Assert.Equal("gzip, deflate, br", answer.Headers.GetValues("Accept-Encoding").Single());
    }

    [Fact]
    public async Task Accepts_DecidesForEachWorkflow()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","accepts":["application/json","text/*"]}""", """{"path":"/a","accepts":["application/*+json"]}""");
        await AssertProblemAsync(await server.Http.PostAsync("/hooks/a", new StringContent("<a/>", Encoding.UTF8, "application/xml")), 415, "application/xml");
        await AssertProblemAsync(await server.Http.PostAsync("/hooks/a", null), 415, "without a Content-Type");
        (await server.Http.PostAsync("/hooks/a", new StringContent("x", Encoding.UTF8, "text/csv"))).EnsureSuccessStatusCode();
        Assert.Equal("w0", Assert.Single(Assert.Single(server.Offered).Targets).Version.WorkflowId);
        Assert.Contains("w1/hook", Assert.Single(server.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_OverTheLimit_Is413_BeforeItIsSent()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","maxBody":"10B"}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/a") { Content = Json("12345678901") };
        request.Headers.ExpectContinue = true;
        await AssertProblemAsync(await server.Http.SendAsync(request), 413, "10 bytes");
        (await server.Http.PostAsync("/hooks/a", Json("1234567890"))).EnsureSuccessStatusCode();
    }

    [Theory]
    [InlineData(10, 202)]
    [InlineData(11, 413)]
    [InlineData(3_000_000, 413)]
    public async Task ChunkedBody_IsReadUpToTheLimit(int length, int status)
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","maxBody":"10B"}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/a") { Content = new ByteArrayContent(Encoding.ASCII.GetBytes(new string('1', length))) };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.ExpectContinue = true;
        var answer = await server.Http.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 202) Assert.Equal(length, server.Single.Body.Length);
    }

    [Fact]
    public async Task ChunkedBody_GoesOnlyToWorkflowsThatTakeItsSize()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","maxBody":"10B"}""", """{"path":"/a"}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/a") { Content = Json(new string('1', 200_000)) };
        request.Headers.TransferEncodingChunked = true;
        (await server.Http.SendAsync(request)).EnsureSuccessStatusCode();
        Assert.Equal("w1", Assert.Single(Assert.Single(server.Offered).Targets).Version.WorkflowId);
    }

    [Fact]
    public async Task LargeBody_MayExceedTheServersOwnLimit_WhereTheTriggerSaysSo()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","maxBody":"64MB"}""");
        using var content = new ByteArrayContent(new byte[40 << 20]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        (await server.Http.PostAsync("/hooks/a", content)).EnsureSuccessStatusCode();
        Assert.Equal(40 << 20, server.Single.Body.Length);
    }

    [Theory]
    [InlineData("POST /hooks/a HTTP/1.1\r\nHost: t\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400)]
    [InlineData("POST /hooks/a HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("POST /hooks/a HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1", 415)]
    public async Task BrokenRequest_StoresNothing(string request, int status)
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a"}""");
        Assert.StartsWith($"HTTP/1.1 {status} ", await server.SendRawAsync(request), StringComparison.Ordinal);
        Assert.Empty(server.Offered);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task IntakeThatCannotStore_Is503_WithRetryAfter(bool isDown)
    {
        await using var server = await WebhookServer.StartAsync(Any);
        server.Accept = (_, _) => ValueTask.FromResult(isDown ? IntakeOutcome.Unavailable : IntakeOutcome.Busy);
        var answer = await server.Http.PostAsync("/hooks/orders/7", Json("1"));
        await AssertProblemAsync(answer, 503, "nothing was stored");
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
    }

    [Fact]
    public async Task IntakeThatThrows_Is500_WithoutTheErrorsText()
    {
        await using var server = await WebhookServer.StartAsync(Any);
        server.Accept = (_, _) => throw new InvalidOperationException("inner detail");
        var answer = await server.Http.PostAsync("/hooks/orders/7", Json("1"));
        await AssertProblemAsync(answer, 500, "send it again");
        Assert.DoesNotContain("inner detail", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_LeavesOnlyAfterTheCommit()
    {
        await using var server = await WebhookServer.StartAsync(Any);
        var offered = new TaskCompletionSource();
        var commit = new TaskCompletionSource<IntakeOutcome>();
        server.Accept = (_, _) =>
        {
            offered.SetResult();
            return new(commit.Task);
        };
        var answer = server.Http.PostAsync("/hooks/orders/7", Json("1"));
        await offered.Task;
        Assert.False(answer.IsCompleted);
        commit.SetResult(IntakeOutcome.Accepted);
        Assert.Equal(HttpStatusCode.Accepted, (await answer).StatusCode);
    }

    internal static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    internal static async Task AssertProblemAsync(HttpResponseMessage answer, int status, string expected)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(status, (int)answer.StatusCode);
        if (status < 400) return;
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(text);
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.RootElement.GetProperty("title").GetString()!);
        Assert.Contains(expected, problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static string Between(Event stored, string from, string to)
    {
        var text = stored.Attributes.ToString();
        var start = text.IndexOf(from, StringComparison.Ordinal);
        return text[start..text.IndexOf(to, start, StringComparison.Ordinal)];
    }
}

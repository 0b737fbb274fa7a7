using System.Text;

namespace Automation.Server.Tests.Triggers;

public class CloudEventTests
{
    private const string Hook = """{"path":"/a"}""";

    [Fact]
    public async Task BinaryMode_TakesTheAttributesFromTheHeaders()
    {
        await using var server = await WebhookServer.StartAsync(Hook);
        using var request = Binary(("ce-specversion", "1.0"), ("ce-id", "A-1"), ("ce-source", "/shop"), ("ce-type", "order.placed"), ("ce-subject", "caf%C3%A9 %22x%22"), ("ce-time", "2026-01-31T12:00:00.123456789+01:00"), ("CE-Tenant", "\"a\\\"b\""));
        (await server.Http.SendAsync(request)).EnsureSuccessStatusCode();
        var stored = server.Single;
        Assert.Equal(("/shop", "order.placed", "café \"x\""), (stored.Source, stored.Type, stored.Subject));
        using var scope = stored.ToScope().ToDocument();
        var root = scope.RootElement;
        Assert.Equal("A-1", root.GetProperty("id").GetString());
        Assert.Equal("2026-01-31T12:00:00.123456789+01:00", root.GetProperty("time").GetString());
        Assert.Equal("café \"x\"", root.GetProperty("subject").GetString());
        Assert.Equal("a\"b", root.GetProperty("extensions").GetProperty("tenant").GetString());
        Assert.Equal("{\"n\":1}", root.GetProperty("data").GetRawText());
    }

    [Theory]
    [InlineData("\"data\":{\"n\": 1}", "{\"n\": 1}")]
    [InlineData("\"data\":null", "null")]
    [InlineData("\"subject\":\"s\"", "null")]
    [InlineData("\"data\":\"text\"", "\"text\"")]
    [InlineData("\"datacontenttype\":\"text/plain\",\"data\":\"a\\nb\"", "\"a\\nb\"")]
    [InlineData("\"datacontenttype\":\"text/xml\",\"data\":\"<a>1</a>\"", "{\"a\":\"1\"}")]
    [InlineData("\"datacontenttype\":\"text/xml\",\"data\":{\"n\":1}", "{\"n\":1}")]
    [InlineData("\"data_base64\":\"eyJuIjoxfQ==\"", "{\"n\":1}")]
    [InlineData("\"datacontenttype\":\"application/octet-stream\",\"data_base64\":\"AQI=\"", "{\"base64\":\"AQI=\"}")]
    [InlineData("\"datacontenttype\":\"application/cloudevents+json\",\"data\":{\"data\":1}", "{\"data\":1}")]
    public async Task StructuredMode_GivesTheData(string members, string data)
    {
        await using var server = await WebhookServer.StartAsync(Hook);
        var body = $$"""{"specversion":"1.0","id":"1","source":"/s","type":"t","count":3,"flag":true,"gone":null,{{members}}}""";
        var answer = await server.Http.PostAsync("/hooks/a", new StringContent(body, Encoding.UTF8, "application/cloudevents+json"));
        await WebhookEndpointTests.AssertProblemAsync(answer, 202, "");
        Assert.Equal(data, server.Single.Data.ToString());
        Assert.Equal(body, Encoding.UTF8.GetString(server.Single.Body.Span));
        Assert.Equal(("/s", "t"), (server.Single.Source, server.Single.Type));
        Assert.Contains("\"extensions\":{\"count\":3,\"flag\":true}", server.Single.Attributes.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "specversion, id, source, type")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"/s\",\"type\":\"t\"}", "required id")]
    [InlineData("{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"}", "0.3")]
    [InlineData("{\"specversion\":1.0,\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"}", "specversion is not a string")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"time\":\"Monday\"}", "RFC 3339")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"time\":\"2026-02-30T00:00:00Z\"}", "RFC 3339")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"bad_name\":\"x\"}", "bad_name")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"ext\":{}}", "ext is not")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"data_base64\":\"*\"}", "data_base64")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"\\ud800\",\"source\":\"/s\",\"type\":\"t\"}", "half of a character")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"datacontenttype\":\"text/plain\",\"data\":\"\\ud800\"}", "half of a character")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"datacontenttype\":\"text/xml\",\"data\":\"<a>\"}", "not valid XML")]
    [InlineData("[1]", "JSON object")]
    [InlineData("{", "not valid JSON")]
    [InlineData("", "JSON")]
    public async Task StructuredMode_RefusesAnIncompleteEvent_AndSaysWhatIsWrong(string body, string expected)
    {
        await using var server = await WebhookServer.StartAsync(Hook);
        var answer = await server.Http.PostAsync("/hooks/a", new StringContent(body, Encoding.UTF8, "application/cloudevents+json"));
        await WebhookEndpointTests.AssertProblemAsync(answer, 400, expected);
        Assert.Empty(server.Offered);
    }

    [Theory]
    [InlineData("ce-id", "1", "specversion, source, type")]
    [InlineData("ce-type", "%zz", "percent-encoded")]
    [InlineData("ce-bad_name", "x", "ce-bad_name")]
    public async Task BinaryMode_RefusesAnIncompleteEvent(string name, string value, string expected)
    {
        await using var server = await WebhookServer.StartAsync(Hook);
        using var request = name == "ce-id" ? Binary((name, value)) : Binary((name, value), ("ce-specversion", "1.0"));
        await WebhookEndpointTests.AssertProblemAsync(await server.Http.SendAsync(request), 400, expected);
    }

    private static HttpRequestMessage Binary(params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/a") { Content = WebhookEndpointTests.Json("{\"n\":1}") };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }
}

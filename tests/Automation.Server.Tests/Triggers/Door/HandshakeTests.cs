using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Automation.Server.Tests.Triggers.Door;

/// <summary>What senders ask before they send events is answered as they document it, starts nothing, and is refused to who does not know the secret.</summary>
public class HandshakeTests
{
    [Fact]
    public async Task EventGrid_GetsItsCode()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","handshake":"cloudevents"}""");
        using var request = Post("""[{"id":"1","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"0000-AB"},"eventTime":"2026-01-01T00:00:00Z"}]""");
        request.Headers.Add("aeg-event-type", "SubscriptionValidation");
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("""{"validationResponse":"0000-AB"}""", await answer.Content.ReadAsStringAsync());
        Assert.Empty(server.Offered);
    }

    [Fact]
    public async Task CloudEvents_IsAllowedForTheOriginThatAsks()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","handshake":"cloudevents"}""");
        using var request = new HttpRequestMessage(HttpMethod.Options, "/hooks/a");
        request.Headers.Add("WebHook-Request-Origin", "eventgrid.azure.net");
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(("eventgrid.azure.net", "*"), (answer.Headers.GetValues("WebHook-Allowed-Origin").Single(), answer.Headers.GetValues("WebHook-Allowed-Rate").Single()));
        Assert.Empty(server.Offered);
    }

    [Fact]
    public async Task Dropbox_GetsItsChallenge_AsText()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","handshake":"challenge"}""");
        using var answer = await server.Http.GetAsync("/hooks/a?challenge=a%3Cb%3Ec");
        Assert.Equal((HttpStatusCode.OK, "text/plain"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal("a<b>c", await answer.Content.ReadAsStringAsync());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Empty(server.Offered);
    }

    [Fact]
    public async Task Slack_SeesThatTlsWorks()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"slack","secrets":["KEY"]}}""");
        using var answer = await server.Http.PostAsync("/hooks/a", new FormUrlEncodedContent([KeyValuePair.Create("ssl_check", "1"), KeyValuePair.Create("token", "x")]));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(server.Offered);
    }

    [Fact]
    public async Task Zoom_GetsItsTokenSigned()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"zoom","secrets":["KEY"]}}""");
        using var answer = await server.Http.SendAsync(Post("""{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"""));
        var said = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal("qgg8vlvZRS6UYooatFL8Aw", (string)said["plainToken"]!);
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(server.Secrets["KEY"]), "qgg8vlvZRS6UYooatFL8Aw"u8)), (string)said["encryptedToken"]!);
        Assert.Empty(server.Offered);
    }

    [Theory]
    [InlineData("right", HttpStatusCode.OK)]
    [InlineData("wrong", HttpStatusCode.Forbidden)]
    [InlineData("", HttpStatusCode.Forbidden)]
    public async Task Meta_IsAnsweredWhereItsTokenIsRight(string token, HttpStatusCode status)
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"meta","secrets":["KEY"],"challengeSecret":"ASKED"}}""");
        server.Secrets["ASKED"] = "right";
        using var answer = await server.Http.GetAsync("/hooks/a?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=" + token);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status is HttpStatusCode.OK, await answer.Content.ReadAsStringAsync() == "1158201444");
        Assert.Empty(server.Offered);
    }

    private static HttpRequestMessage Post(string body) => new(HttpMethod.Post, "/hooks/a") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
}

using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Triggers.Webhooks.Door;
using Automation.Server.Values;

namespace Automation.Server.Tests.Triggers.Door;

/// <summary>Who may call, how often, and with what kind of body.</summary>
public class WebhookDoorTests
{
    [Theory]
    [InlineData("loopback", HttpStatusCode.Accepted)]
    [InlineData("127.0.0.1", HttpStatusCode.Accepted)]
    [InlineData("127.0.0.0/8", HttpStatusCode.Accepted)]
    [InlineData("github", HttpStatusCode.Forbidden)]
    [InlineData("::1", HttpStatusCode.Forbidden)]
    public async Task Address_HasToBeAllowed(string allow, HttpStatusCode status)
    {
        await using var server = await WebhookServer.StartAsync($$"""{"path":"/a","allow":["{{allow}}"]}""");
        var answer = await server.Http.PostAsync("/hooks/a", Json("{}"));
        Assert.Equal(status, answer.StatusCode);
        if (status is HttpStatusCode.Forbidden)
        {
            Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
            Assert.Contains("127.0.0.1 is not in \"allow\"", Assert.Single(server.Lines), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void KnownRanges_AreThere_AndWrongEntriesAreTold()
    {
        Assert.Equal(["github", "gitlab", "loopback", "private", "stripe"], AddressList.KnownRanges);
        Assert.True(AddressList.Of(["github"]).Has(IPAddress.Parse("::ffff:140.82.115.4")));
        Assert.False(AddressList.Of(["github"]).Has(IPAddress.Parse("140.82.128.1")));
        Assert.All(new[] { "guthib", "1.2.3", "10.0.0.0/40", "", "12" }, entry => Assert.Contains("github", AddressList.Problem(entry), StringComparison.Ordinal));
    }

    [Fact]
    public async Task TooManyRequests_Get429_AndTheTimeToWait()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","rateLimit":{"perSource":"2/1m"}}""");
        for (var at = 0; at < 2; at++) Assert.Equal(HttpStatusCode.Accepted, (await server.Http.PostAsync("/hooks/a", Json("{}"))).StatusCode);
        var refused = await server.Http.PostAsync("/hooks/a", Json("{}"));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(30), refused.Headers.RetryAfter!.Delta);
        server.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await server.Http.PostAsync("/hooks/a", Json("{}"))).StatusCode);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Accepted, (await server.Http.PostAsync("/hooks/a", Json("{}"))).StatusCode);
        Assert.Equal(3, server.Offered.Count);
    }

    [Fact]
    public void ManySources_CostNoMemory_AndAreStillLimited()
    {
        var time = new ManualTime();
        var limits = new RateLimits(new Rate(1, TimeSpan.FromMinutes(1)));
        var taken = Enumerable.Range(0, 50_000).Count(at => limits.TryTake($"s{at}", time, out _));
        Assert.InRange(taken, RateLimits.MostSources, RateLimits.MostSources + 1);
        Assert.False(limits.TryTake("s0", time, out var wait));
        Assert.Equal(TimeSpan.FromMinutes(1), wait);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limits.TryTake("new", time, out _));
        Assert.True(limits.TryTake("s0", time, out _));
    }

    [Theory]
    [InlineData("60/1m", 60, 60)]
    [InlineData("10/s", 10, 1)]
    [InlineData("1/2.5s", 1, 2.5)]
    public void Rate_IsRead(string text, int count, double seconds)
    {
        Assert.True(Rate.TryParse(text, out var rate));
        Assert.Equal((count, TimeSpan.FromSeconds(seconds)), (rate.Count, rate.Per));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("0/1s")]
    [InlineData("-1/1s")]
    [InlineData("1/0s")]
    [InlineData("1/")]
    [InlineData("x/1s")]
    public void WrongRate_IsRefused(string text) => Assert.False(Rate.TryParse(text, out _));

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("GZIP")]
    public async Task CompressedBody_IsTakenPlain_AndItsSignatureIsOverEither(string encoding)
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"github","secrets":["KEY"]}}""");
        byte[] plain = [.. "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"u8];
        var packed = Pack(plain, encoding);
        foreach (var signed in new[] { plain, packed })
        {
            var answer = await PostAsync(server, packed, encoding, signed);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            Assert.Equal(plain, server.Offered.Last().Event.Body.ToArray());
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(server, packed, encoding, [.. "other"u8])).StatusCode);
    }

    [Fact]
    public async Task Bomb_IsStopped_AtTheTriggersLimit()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","maxBody":"1MB"}""");
        foreach (var encoding in new[] { "gzip", "deflate", "br" })
        {
            var packed = Pack(new byte[64 << 20], encoding);
            Assert.InRange(packed.Length, 1, 1 << 20);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await PostAsync(server, packed, encoding, null)).StatusCode);
        }

        Assert.Equal(0, server.BodyBytes);
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.BadRequest)]
    [InlineData("br", HttpStatusCode.BadRequest)]
    [InlineData("compress", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("gzip, gzip", HttpStatusCode.UnsupportedMediaType)]
    public async Task BodyThatIsNotWhatItsEncodingSays_IsRefused(string encoding, HttpStatusCode status)
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a"}""");
        Assert.Equal(status, (await PostAsync(server, [.. "not packed at all"u8], encoding, null)).StatusCode);
        Assert.Empty(server.Offered);
    }

    [Fact]
    public async Task SlowSender_Gets408_AfterTheTimeForABody()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a"}""");
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", server.Http.BaseAddress!.Port);
        var stream = client.GetStream();
        await stream.WriteAsync("POST /hooks/a HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"u8.ToArray());
        var read = new StreamReader(stream).ReadLineAsync();
        while (!read.IsCompleted && server.BodyBytes == 0) await Task.Yield(); // the first byte has come
        server.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Contains("408", await read.WaitAsync(TimeSpan.FromSeconds(30)), StringComparison.Ordinal);
        Assert.Empty(server.Offered);
    }

    private static byte[] Pack(byte[] plain, string encoding)
    {
        using var packed = new MemoryStream();
        using (Stream packer = encoding.ToLowerInvariant() switch
        {
            "br" => new BrotliStream(packed, CompressionLevel.Optimal),
            "deflate" => new ZLibStream(packed, CompressionLevel.Optimal),
            _ => new GZipStream(packed, CompressionLevel.Optimal),
        })
        {
            packer.Write(plain);
        }

        return packed.ToArray();
    }

    private static async Task<HttpResponseMessage> PostAsync(WebhookServer server, byte[] body, string encoding, byte[]? signed)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/hooks/a") { Content = new ByteArrayContent(body) };
        message.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        message.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        if (signed is not null) message.Headers.Add("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("It's a Secret to Everybody"u8, signed)));
        return await server.Http.SendAsync(message);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}

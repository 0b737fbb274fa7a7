using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Deliveries;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Deliveries;

public sealed class DeliverySenderTests
{
    private const string Token = "t0ken/with+signs=\"1\"";

    [Fact]
    public async Task Send_SendsTheRequest_WithIdentityAndAuthorHeaders()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig();
        var delivery = rig.Delivery(receiver.Url + "/hook?a=1", "{\"a\":1}", headers: [("X-Shop", "Köln"), ("User-Agent", "mine")]);
        var result = await rig.Sender.SendAsync(delivery, CancellationToken.None);
        var request = Assert.Single(receiver.Requests);
        Assert.Equal("POST /hook?a=1", request.Method + " " + request.Target);
        Assert.Equal("{\"a\":1}", request.Text);
        Assert.Equal("application/json", request.Headers["Content-Type"]);
        Assert.Equal("7", request.Headers["Content-Length"]);
        Assert.Equal(delivery.IdempotencyKey, request.Headers["Idempotency-Key"]);
        Assert.Equal(delivery.IdempotencyKey, request.Headers["webhook-id"]);
        Assert.Equal(rig.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), request.Headers["webhook-timestamp"]);
        Assert.Equal("Köln", request.Headers["X-Shop"]);
        Assert.Equal("mine", request.Headers["User-Agent"]);
        Assert.DoesNotContain("traceparent", request.Headers.Keys);
        Assert.DoesNotContain("webhook-signature", request.Headers.Keys);
        Assert.Equal(DeliveryState.Succeeded, result.State);
        Assert.Equal(new Attempt(1, rig.Time.GetUtcNow(), 0, 200, null, null, result.Attempt.ResponseHead), result.Attempt with { RequestHead = null, Timing = null });
        Assert.StartsWith("HTTP/1.1 200 OK\n", result.Attempt.ResponseHead, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_NotesTheRequestHead_WithSecretsMasked_AndWhereTheTimeWent()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig(secrets: [("TOKEN", Token), ("PART", "abcdefgh12345")]);
        var attempt = (await rig.Sender.SendAsync(rig.Delivery(receiver.Url + "/${secret.PART}?a=1", headers: [("Authorization", "Bearer ${secret.TOKEN}")]), CancellationToken.None)).Attempt;
        Assert.StartsWith($"POST /•••?a=1 HTTP/", attempt.RequestHead, StringComparison.Ordinal);
        Assert.Contains($"\nHost: 127.0.0.1:{receiver.Port}\n", attempt.RequestHead, StringComparison.Ordinal);
        Assert.Contains("\nAuthorization: Bearer •••\n", attempt.RequestHead, StringComparison.Ordinal);
        Assert.Contains("\nContent-Type: application/json\n", attempt.RequestHead, StringComparison.Ordinal);
        Assert.Equal(new AttemptTiming(null, 0, null, 0, 0), attempt.Timing); // the clock stands still; no name, no TLS
        Assert.Null((await rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None)).Attempt.Timing!.ConnectMs); // the same connection
    }

    [Fact]
    public async Task Send_SignsTheBytesItSends()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig(secrets: [("KEY", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ("TOKEN", Token)]);
        await rig.Sender.SendAsync(rig.Delivery(receiver.Url, "{\"t\":\"${secret.TOKEN}\"}", sign: "KEY"), CancellationToken.None);
        var request = Assert.Single(receiver.Requests);
        Assert.Equal("{\"t\":\"t0ken/with+signs=\\\"1\\\"\"}", request.Text);
        var timestamp = long.Parse(request.Headers["webhook-timestamp"], CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{request.Headers["webhook-id"]}.{timestamp}."), .. request.Body];
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), signed)), request.Headers["webhook-signature"]);
    }

    [Fact]
    public async Task Send_SignsWithEd25519_WhenTheSecretIsAKeyPair()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig(secrets: [("KEY", "whsk_" + Convert.ToBase64String(new byte[64]))]);
        await rig.Sender.SendAsync(rig.Delivery(receiver.Url, "{}", sign: "KEY"), CancellationToken.None);
        Assert.StartsWith("v1a,", Assert.Single(receiver.Requests).Headers["webhook-signature"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_")]
    [InlineData("whsec_not base 64!")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")]
    [InlineData("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    public async Task Send_RefusesToSign_WithASecretOfAnotherForm_WithoutShowingIt(string secret)
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig(secrets: [("PARTNER_KEY", secret)]);
        var sent = await rig.Sender.SendAsync(rig.Delivery(receiver.Url, "{}", sign: "PARTNER_KEY"), CancellationToken.None);
        Assert.Equal((DeliveryState.Retrying, "signing_secret_invalid"), (sent.State, sent.Attempt.Error));
        Assert.Contains("PARTNER_KEY", sent.Attempt.Message, StringComparison.Ordinal);
        if (secret.Length > 6) Assert.DoesNotContain(secret[6..], sent.Attempt.Message, StringComparison.Ordinal);
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task Send_PutsSecretsInAtTheLastMoment_AndMasksThemInWhatComesBack()
    {
        await using var receiver = await Receiver.StartAsync(async context =>
        {
            context.Response.StatusCode = 400;
            context.Response.Headers["X-Echo"] = context.Request.Headers.Authorization;
            await context.Response.WriteAsync($"bad token {Token} in {context.Request.QueryString}; {Convert.ToBase64String(Encoding.UTF8.GetBytes("x" + Token))}");
        });
        await using var rig = new DeliveryRig(secrets: [("TOKEN", Token), ("PATH_PART", "abcdefgh12345")]);
        var delivery = rig.Delivery(receiver.Url + "/${secret.PATH_PART}?literal=$${x}", headers: [("Authorization", "Bearer ${secret.TOKEN}")]);
        var attempt = (await rig.Sender.SendAsync(delivery, CancellationToken.None)).Attempt;
        var request = Assert.Single(receiver.Requests);
        Assert.Equal("Bearer " + Token, request.Headers["Authorization"]);
        Assert.StartsWith("/abcdefgh12345?literal=$", request.Target, StringComparison.Ordinal);
        Assert.Contains("X-Echo: Bearer •••", attempt.ResponseHead, StringComparison.Ordinal);
        Assert.Contains("bad token •••", attempt.ResponseHead, StringComparison.Ordinal);
        Assert.DoesNotContain("t0ken", attempt.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes("x" + Token))[4..20], attempt.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(rig.SenderLog.Lines, l => l.Contains("t0ken", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(200, null, DeliveryState.Succeeded)]
    [InlineData(204, null, DeliveryState.Succeeded)]
    [InlineData(299, null, DeliveryState.Succeeded)]
    [InlineData(400, "receiver_refused", DeliveryState.Retrying)]
    [InlineData(404, "receiver_refused", DeliveryState.Retrying)]
    [InlineData(408, "receiver_refused", DeliveryState.Retrying)]
    [InlineData(410, "receiver_gone", DeliveryState.Dead)]
    [InlineData(429, "receiver_refused", DeliveryState.Retrying)]
    [InlineData(500, "receiver_refused", DeliveryState.Retrying)]
    [InlineData(503, "receiver_refused", DeliveryState.Retrying)]
    public async Task Send_JudgesTheStatus(int status, string? error, string state)
    {
        await using var receiver = await Receiver.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig();
        var result = await rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None);
        Assert.Equal((status, error, state), (result.Attempt.Status, result.Attempt.Error, result.State));
        if (state == DeliveryState.Retrying) Assert.InRange((result.NextAttemptAt!.Value - rig.Time.GetUtcNow()).TotalSeconds, 4, 6);
        else Assert.Null(result.NextAttemptAt);
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("Fri, 02 Jan 2026 03:14:05 GMT", 600)]
    public async Task Send_TakesRetryAfter(string header, double seconds)
    {
        await using var receiver = await Receiver.StartAsync(context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = header;
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig();
        var result = await rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None);
        Assert.Equal(seconds, (result.NextAttemptAt!.Value - rig.Time.GetUtcNow()).TotalSeconds);
    }

    [Fact]
    public async Task Send_IsDead_AfterTheLastAttempt()
    {
        await using var receiver = await Receiver.StartAsync(context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig();
        Assert.Equal(DeliveryState.Dead, (await rig.Sender.SendAsync(rig.Delivery(receiver.Url, maxAttempts: 3, attempts: 2), CancellationToken.None)).State);
        Assert.Equal(DeliveryState.Retrying, (await rig.Sender.SendAsync(rig.Delivery(receiver.Url, maxAttempts: 3, attempts: 1), CancellationToken.None)).State);
    }

    [Fact]
    public async Task Send_DoesNotFollowARedirect()
    {
        await using var target = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var receiver = await Receiver.StartAsync(context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"http://other.example:{target.Port}/secret-path";
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig();
        var attempt = (await rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None)).Attempt;
        Assert.Equal("redirect_refused", attempt.Error);
        Assert.Contains("other.example", attempt.Message, StringComparison.Ordinal);
        Assert.Empty(target.Requests);
    }

    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("content-length", "0")]
    [InlineData("Transfer-Encoding", "chunked")]
    [InlineData("Connection", "close")]
    [InlineData("idempotency-key", "mine")]
    [InlineData("Webhook-Id", "mine")]
    [InlineData("webhook-signature", "v1,xxx")]
    [InlineData("X-A", "1\r\nX-B: 2")]
    [InlineData("X-A", "1\nX-B: 2")]
    [InlineData("X-A", "a\0b")]
    [InlineData("X-A: x\r\nX-B", "1")]
    [InlineData("X A", "1")]
    [InlineData("", "1")]
    public async Task Send_RefusesHeadersThatWouldChangeTheRequestItself(string name, string value)
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig();
        var result = await rig.Sender.SendAsync(rig.Delivery(receiver.Url, headers: [(name, value)]), CancellationToken.None);
        Assert.Equal(("invalid_header", DeliveryState.Dead), (result.Attempt.Error, result.State));
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task Send_RefusesASecretThatBreaksTheLine_WithoutShowingIt()
    {
        await using var rig = new DeliveryRig(secrets: [("TWO", "first-line\nsecond-line")]);
        var attempt = (await rig.Sender.SendAsync(rig.Delivery("http://127.0.0.1:1/", headers: [("X-A", "${secret.TWO}")]), CancellationToken.None)).Attempt;
        Assert.Equal("invalid_header", attempt.Error);
        Assert.DoesNotContain("line-", attempt.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("second", attempt.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_RetriesWhileASecretIsMissing()
    {
        await using var rig = new DeliveryRig();
        var result = await rig.Sender.SendAsync(rig.Delivery("http://127.0.0.1:1/${secret.MISSING}"), CancellationToken.None);
        Assert.Equal(("secret_missing", DeliveryState.Retrying), (result.Attempt.Error, result.State));
        Assert.Contains("MISSING", result.Attempt.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_NamesTheBlockedHost_ButNotWhenASecretHoldsIt()
    {
        await using var rig = new DeliveryRig(allowPrivate: "none", secrets: [("INNER", "http://10.1.2.3:8080/tok3n-tok3n"), ("PART", "tok3n-tok3n")]);
        var named = (await rig.Sender.SendAsync(rig.Delivery("http://10.1.2.3/${secret.PART}"), CancellationToken.None)).Attempt;
        Assert.Equal("address_blocked", named.Error);
        Assert.Equal("10.1.2.3 is a private address, and such addresses are not called; --allow-private 10.1.2.3 would permit it.", named.Message);
        var hidden = (await rig.Sender.SendAsync(rig.Delivery("${secret.INNER}"), CancellationToken.None)).Attempt;
        Assert.Equal("address_blocked", hidden.Error);
        Assert.DoesNotContain("10.1.2.3", hidden.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("tok3n", hidden.ToString() + named, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_SendsNoBody_WhenThereIsNone()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig();
        await rig.Sender.SendAsync(rig.Delivery(receiver.Url, "", "GET", contentType: null), CancellationToken.None);
        Assert.DoesNotContain("Content-Type", Assert.Single(receiver.Requests).Headers.Keys);
    }
}

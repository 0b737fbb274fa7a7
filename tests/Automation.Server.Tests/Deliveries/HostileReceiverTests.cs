using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Automation.Server.Deliveries;
using Microsoft.AspNetCore.Hosting;

namespace Automation.Server.Tests.Deliveries;

public sealed class HostileReceiverTests
{
    [Fact]
    public async Task NeverAnswering_TimesOut()
    {
        await using var receiver = new RawReceiver((_, stop) => RawReceiver.NeverAsync(stop));
        await using var rig = new DeliveryRig();
        var sending = rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None).AsTask();
        await receiver.RequestCame.Task;
        rig.Time.Advance(TimeSpan.FromSeconds(15));
        var result = await sending;
        Assert.Equal(("receiver_timed_out", DeliveryState.Retrying, (int?)null), (result.Attempt.Error, result.State, result.Attempt.Status));
        Assert.Equal("The receiver did not answer within 15s.", result.Attempt.Message);
        Assert.Equal(15_000, result.Attempt.DurationMs);
    }

    [Fact]
    public async Task HeadThatDrips_TimesOut()
    {
        await using var receiver = new RawReceiver(async (socket, stop) =>
        {
            await SendAsync(socket, "HTTP/1.1 200 OK\r\nX-Slow: ");
            await RawReceiver.NeverAsync(stop);
        });
        Assert.Equal("receiver_timed_out", (await TimedOutAsync(receiver)).Attempt.Error);
    }

    [Fact]
    public async Task BodyThatDrips_SucceedsByItsStatus_AfterTwoSeconds()
    {
        await using var receiver = new RawReceiver(async (socket, stop) =>
        {
            await SendAsync(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na");
            await RawReceiver.NeverAsync(stop);
        });
        var result = await TimedOutAsync(receiver);
        Assert.Equal((200, DeliveryState.Succeeded), (result.Attempt.Status, result.State));
    }

    [Fact]
    public async Task EndlessBody_IsCutAtTwentyKilobytes()
    {
        await using var receiver = new RawReceiver(async (socket, stop) =>
        {
            await SendAsync(socket, "HTTP/1.1 500 Oops\r\n\r\n");
            var chunk = Encoding.ASCII.GetBytes(new string('x', 8192));
            while (true) await socket.SendAsync(chunk, stop);
        });
        await using var rig = new DeliveryRig();
        var attempt = (await rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None)).Attempt;
        Assert.Equal(500, attempt.Status);
        Assert.Equal(ResponseHead.Limit, attempt.ResponseHead!.Length);
        // The next attempt gets a connection of its own and a whole answer.
        Assert.Equal(500, (await rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None)).Attempt.Status);
        Assert.Equal(2, receiver.Accepted);
    }

    [Fact]
    public async Task HugeHead_IsRefused()
    {
        await using var receiver = new RawReceiver((socket, _) => SendAsync(socket, "HTTP/1.1 200 OK\r\nX-Big: " + new string('x', 100_000) + "\r\n\r\n"));
        Assert.Equal("invalid_response", (await ResultAsync(receiver)).Attempt.Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-")]
    public async Task ConnectionThatEnds_BeforeTheHeadIsComplete_IsLost(string sent)
    {
        await using var receiver = new RawReceiver((socket, _) => SendAsync(socket, sent));
        var result = await ResultAsync(receiver);
        Assert.Equal("connection_lost", result.Attempt.Error);
        Assert.Equal(DeliveryState.Retrying, result.State);
    }

    [Fact]
    public async Task ConnectionThatIsReset_IsLost()
    {
        await using var receiver = new RawReceiver((socket, _) =>
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
            return Task.CompletedTask;
        });
        Assert.Equal("connection_lost", (await ResultAsync(receiver)).Attempt.Error);
    }

    [Theory]
    [InlineData("Content-Length: 5000\r\n\r\nshort")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nFFFF\r\nshort")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nno chunk\r\n")]
    [InlineData("Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nshort")]
    public async Task BodyThatIsNotWhatTheHeadSays_StillCountsByItsStatus(string rest)
    {
        await using var receiver = new RawReceiver((socket, _) => SendAsync(socket, "HTTP/1.1 202 Accepted\r\n" + rest));
        var result = await ResultAsync(receiver);
        Assert.Equal((202, DeliveryState.Succeeded), (result.Attempt.Status, result.State));
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n\r\n")]
    [InlineData("HTTP/1.1 abc OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")]
    public async Task WhatIsNotHttp_IsRefusedOrLost(string sent)
    {
        await using var receiver = new RawReceiver((socket, _) => SendAsync(socket, sent));
        var attempt = (await ResultAsync(receiver)).Attempt;
        Assert.True(attempt.Error is "invalid_response" or "connection_lost" || attempt.Status == 200, attempt.ToString());
        Assert.NotEqual("internal_error", attempt.Error);
    }

    [Fact]
    public async Task NobodyListening_IsAFailedConnection()
    {
        await using var rig = new DeliveryRig();
        var attempt = (await rig.Sender.SendAsync(rig.Delivery("http://127.0.0.1:1/"), CancellationToken.None)).Attempt;
        Assert.Equal("connection_failed", attempt.Error);
        Assert.Equal("No connection to 127.0.0.1 port 1: nothing listens there.", attempt.Message);
    }

    [Fact]
    public async Task CertificateNobodyVouchesFor_IsNamed()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask, listen => listen.UseHttps(certificate));
        await using var rig = new DeliveryRig();
        var attempt = (await rig.Sender.SendAsync(rig.Delivery($"https://127.0.0.1:{receiver.Port}/"), CancellationToken.None)).Attempt;
        Assert.Equal("certificate_untrusted", attempt.Error);
        Assert.Contains("signed by itself", attempt.Message, StringComparison.Ordinal);
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task ManyAnswers_ShareAConnection()
    {
        await using var receiver = new RawReceiver(async (socket, stop) =>
        {
            var buffer = new byte[4096];
            do
            {
                await SendAsync(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
            while (await socket.ReceiveAsync(buffer, stop) > 0);
        });
        await using var rig = new DeliveryRig();
        for (var i = 0; i < 5; i++) Assert.Equal(200, (await rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None)).Attempt.Status);
        Assert.Equal(1, receiver.Accepted);
    }

    private static async Task<SendResult> ResultAsync(RawReceiver receiver)
    {
        await using var rig = new DeliveryRig();
        return await rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None);
    }

    /// <summary>Lets the clock run out as soon as the request is there; a head or body that is on its way is then read or not, but never completed.</summary>
    private static async Task<SendResult> TimedOutAsync(RawReceiver receiver)
    {
        await using var rig = new DeliveryRig();
        var sending = rig.Sender.SendAsync(rig.Delivery(receiver.Url), CancellationToken.None).AsTask();
        await receiver.RequestCame.Task;
        while (!sending.IsCompleted)
        {
            // Small steps, so that an answer's head that is already on the wire is read before the time is up.
            rig.Time.Advance(TimeSpan.FromMilliseconds(20));
            await Task.WhenAny(sending, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System));
        }

        return await sending;
    }

    private static async Task SendAsync(Socket socket, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        for (var sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent));
    }
}

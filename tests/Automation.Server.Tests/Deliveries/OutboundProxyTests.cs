using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Automation.Server.Deliveries;

namespace Automation.Server.Tests.Deliveries;

public sealed class OutboundProxyTests
{
    [Fact]
    public async Task TheProxy_IsToldTheAddressThatWasJudged_NeverTheName()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var proxy = new Proxy("200 Connection established");
        using var http = Http(proxy, "loopback", "");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://receiver.example:{receiver.Port}/hook");
        using var response = await http.SendAsync(request, CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal($"receiver.example:{receiver.Port}", Assert.Single(receiver.Requests).Headers["Host"]);
        var head = Assert.Single(proxy.Heads);
        Assert.StartsWith($"CONNECT 127.0.0.1:{receiver.Port} HTTP/1.1\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("receiver.example", head, StringComparison.Ordinal);
        Assert.Contains("\r\nProxy-Authorization: Basic bWU6cGFzcw==\r\n", head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://inner.example/")]
    [InlineData("http://169.254.169.254/")]
    public async Task WhatMayNotBeCalled_IsNotAskedOfTheProxyEither(string url)
    {
        await using var proxy = new Proxy("200 OK");
        using var http = Http(proxy, "loopback", "10.0.0.1");
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => http.SendAsync(request, CancellationToken.None));
        Assert.Equal("address_blocked", OutboundErrors.Sort(error, null)!.Code);
        Assert.Empty(proxy.Heads);
    }

    [Theory]
    [InlineData("407 Proxy Authentication Required", "The proxy answered 407")]
    [InlineData("nonsense", "not HTTP")]
    public async Task AProxyThatRefuses_IsNamed(string answer, string message)
    {
        await using var proxy = new Proxy(answer);
        using var http = Http(proxy, "loopback", "");
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://receiver.example/");
        var failure = OutboundErrors.Sort(await Assert.ThrowsAnyAsync<Exception>(() => http.SendAsync(request, CancellationToken.None)), null)!;
        Assert.Equal("proxy_refused", failure.Code);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://proxy.example")]
    [InlineData("http://user:pass@proxy.example")]
    [InlineData("proxy.example:3128")]
    public void AProxyThatIsNone_StopsTheStart(string proxy) => Assert.Contains("Outbound:Proxy", Assert.Single(new OutboundOptions { Proxy = proxy }.Problems()), StringComparison.Ordinal);

    private static OutboundHttp Http(Proxy proxy, string allow, string resolved) => new(
        new OutboundOptions { AllowPrivate = allow, Proxy = proxy.Url, ProxyUser = "me", ProxyPasswordSecret = "PROXY" },
        TimeProvider.System,
        (_, _) => Task.FromResult(new[] { resolved.Length > 0 ? IPAddress.Parse(resolved) : IPAddress.Loopback }),
        name => name == "PROXY" ? "pass" : null);

    /// <summary>A proxy that makes tunnels.</summary>
    private sealed class Proxy : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stopping = new();
        private readonly string answer;
        private readonly Task accepting;

        public Proxy(string answer)
        {
            this.answer = answer;
            listener.Start();
            accepting = AcceptAsync();
        }

        public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

        public ConcurrentQueue<string> Heads { get; } = new();

        public async ValueTask DisposeAsync()
        {
            await stopping.CancelAsync();
            listener.Stop();
            await accepting;
            stopping.Dispose();
        }

        private async Task AcceptAsync()
        {
            var tunnels = new List<Task>();
            try
            {
                while (true) tunnels.Add(TunnelAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or InvalidOperationException)
            {
                await Task.WhenAll(tunnels);
            }
        }

        private async Task TunnelAsync(TcpClient client)
        {
            using (client)
            {
                try
                {
                    var stream = client.GetStream();
                    var head = new List<byte>();
                    var one = new byte[1];
                    while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()) && await stream.ReadAsync(one, stopping.Token) > 0) head.Add(one[0]);
                    var text = Encoding.ASCII.GetString([.. head]);
                    Heads.Enqueue(text);
                    await stream.WriteAsync(Encoding.ASCII.GetBytes((answer[0] is >= '0' and <= '9' ? "HTTP/1.1 " : "") + answer + "\r\n\r\n"), stopping.Token);
                    if (answer[0] != '2') return;
                    using var target = new TcpClient();
                    await target.ConnectAsync(IPEndPoint.Parse(text.Split(' ')[1]), stopping.Token);
                    await Task.WhenAny(stream.CopyToAsync(target.GetStream(), stopping.Token), target.GetStream().CopyToAsync(stream, stopping.Token));
                }
                catch (Exception error) when (error is IOException or OperationCanceledException or SocketException)
                {
                    // Either side hung up, or the test is over.
                }
            }
        }
    }
}

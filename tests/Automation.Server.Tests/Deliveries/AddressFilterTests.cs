using System.Net;
using System.Net.Sockets;
using Automation.Server.Deliveries;

namespace Automation.Server.Tests.Deliveries;

public sealed class AddressFilterTests
{
    private static readonly Dictionary<string, string[]> Names = new()
    {
        ["rebind.example"] = ["10.0.0.5"],
        ["metadata.example"] = ["169.254.169.254"],
        ["mixed.example"] = ["127.0.0.1", "::1", "192.168.1.1"],
        ["six.example"] = ["::ffff:10.1.1.1"],
        ["localtest.example"] = ["127.0.0.1"],
        ["localhost"] = ["127.0.0.1", "::1"],
        ["localhost."] = ["127.0.0.1"],
        ["x.localhost"] = ["::1"],
        ["0x7f.1"] = ["127.0.0.1"],
        ["metadata.google.internal"] = ["169.254.169.254"],
        ["metadata.google.internal."] = ["169.254.169.254"],
        ["instance-data"] = ["169.254.169.254"],
        ["127.0.0.1.nip.example"] = ["127.0.0.1"],
        ["127.0.0.1."] = ["127.0.0.1"],
        ["empty.example"] = [],
    };

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://127.1/")]
    [InlineData("http://127.0.1/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f000001/")]
    [InlineData("http://0x7f.0x0.0x0.0x1/")]
    [InlineData("http://0177.0.0.1/")]
    [InlineData("http://017700000001/")]
    [InlineData("http://127.255.255.254:8080/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://0/")]
    [InlineData("http://0.1.2.3/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://10.255.255.255/")]
    [InlineData("http://167772161/")]
    [InlineData("http://172.16.0.1/")]
    [InlineData("http://172.31.255.254/")]
    [InlineData("http://192.168.0.1/admin")]
    [InlineData("http://100.64.0.1/")]
    [InlineData("http://100.127.255.254/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://0xa9fea9fe/")]
    [InlineData("http://192.0.0.170/")]
    [InlineData("http://192.0.2.1/")]
    [InlineData("http://198.18.0.1/")]
    [InlineData("http://198.51.100.7/")]
    [InlineData("http://203.0.113.9/")]
    [InlineData("http://224.0.0.1/")]
    [InlineData("http://239.255.255.250:1900/")]
    [InlineData("http://240.0.0.1/")]
    [InlineData("http://255.255.255.255/")]
    [InlineData("http://[::]/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[0:0:0:0:0:0:0:1]/")]
    [InlineData("http://[::127.0.0.1]/")]
    [InlineData("http://[::ffff:127.0.0.1]/")]
    [InlineData("http://[::ffff:7f00:1]/")]
    [InlineData("http://[::ffff:a9fe:a9fe]/")]
    [InlineData("http://[::ffff:0:127.0.0.1]/")]
    [InlineData("http://[64:ff9b::10.0.0.1]/")]
    [InlineData("http://[64:ff9b:1::1]/")]
    [InlineData("http://[2002:7f00:1::]/")]
    [InlineData("http://[2002:a00:1::1]/")]
    [InlineData("http://[2001::1]/")]
    [InlineData("http://[2001:db8::1]/")]
    [InlineData("http://[3fff::1]/")]
    [InlineData("http://[fc00::1]/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fec0::1]/")]
    [InlineData("http://[ff02::1]/")]
    [InlineData("http://[100::1]/")]
    [InlineData("http://[5f00::1]/")]
    [InlineData("http://127。0。0。1/")]
    [InlineData("http://0x7F.0.0x0.01/")]
    [InlineData("http://00000177.0.0.1/")]
    [InlineData("http://10.0.256/")]
    [InlineData("http://0xa.0.0.1/")]
    [InlineData("http://192.168.257/")]
    [InlineData("http://127.0.0.1./")]
    [InlineData("http://168.63.129.16/machine?comp=goalstate")]
    [InlineData("http://100.100.100.200/latest/meta-data/")]
    [InlineData("http://192.0.0.192/opc/v2/")]
    [InlineData("http://[fe80::1%25eth0]/")]
    [InlineData("http://[fe80::a9fe:a9fe%251]/")]
    [InlineData("http://[2001:0:7f00:1::]/")]
    [InlineData("http://[64:ff9b::a9fe:a9fe]/")]
    [InlineData("http://[0000:0000:0000:0000:0000:ffff:7f00:0001]/")]
    [InlineData("http://[::0a00:0001]/")]
    [InlineData("http://[fe80::5efe:10.0.0.1]/")]
    [InlineData("http://metadata.google.internal/computeMetadata/v1/")]
    [InlineData("http://METADATA.google.internal./computeMetadata/v1/")]
    [InlineData("http://instance-data/latest/meta-data/")]
    [InlineData("http://127.0.0.1.nip.example/")]
    [InlineData("http://127.0.0.1#@example.com/")]
    [InlineData("http://127.0.0.1?@example.com/")]
    [InlineData("http:\\\\127.0.0.1/")]
    [InlineData("http://rebind.example/")]
    [InlineData("https://metadata.example/latest")]
    [InlineData("http://mixed.example/")]
    [InlineData("http://six.example/")]
    [InlineData("http://localtest.example:5432/")]
    [InlineData("http://localhost/")]
    [InlineData("http://LOCALHOST./")]
    [InlineData("http://x.localhost/")]
    public async Task SendAsync_RefusesAddressesThatAreNotPublic(string url)
    {
        var error = await FailureAsync(url, "none");
        Assert.Equal("address_blocked", error.Code);
        Assert.Contains("--allow-private", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://①②⑦.⓪.⓪.①/")]
    [InlineData("http://１２７.0.0.1/")]
    public async Task SendAsync_TakesDigitsOfOtherScriptsForNames_ThatHaveToResolve(string url) => Assert.Equal("name_not_resolved", (await FailureAsync(url, "none")).Code);

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://127.0.0.1/")]
    [InlineData("ftp://example.com/")]
    [InlineData("/relative")]
    [InlineData("http://%31%32%37.0.0.1/")]
    [InlineData("http:127.0.0.1/")]
    [InlineData("example.com/hook")]
    [InlineData("http://user:password@example.com/")]
    [InlineData("http://example.com/a\r\nX-Injected: 1")]
    [InlineData("javascript:alert(1)")]
    [InlineData("http://")]
    [InlineData("")]
    public void Address_RefusesWhatIsNoHttpAddress(string url)
    {
        var error = Assert.Throws<OutboundException>(() => OutboundRequest.Address(url));
        Assert.Equal("invalid_address", error.Code);
        Assert.DoesNotContain("password@", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.15.0.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.63.255.255")]
    [InlineData("192.167.0.1")]
    [InlineData("223.255.255.255")]
    [InlineData("2606:4700::1111")]
    [InlineData("2a00:1450:4001::200e")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2002:808:808::1")]
    public void Permits_PublicAddresses(string address) => Assert.True(new AddressFilter("none").Permits(IPAddress.Parse(address), out _));

    [Theory]
    [InlineData("loopback", "127.0.0.1", true)]
    [InlineData("loopback", "::1", true)]
    [InlineData("loopback", "::ffff:127.0.0.1", true)]
    [InlineData("loopback", "10.0.0.1", false)]
    [InlineData("10.1.0.0/16, loopback", "10.1.2.3", true)]
    [InlineData("10.1.0.0/16, loopback", "10.2.2.3", false)]
    [InlineData("192.168.7.7", "192.168.7.7", true)]
    [InlineData("192.168.7.7", "192.168.7.8", false)]
    [InlineData("fd00::/8", "fd12::1", true)]
    [InlineData("fd00::/8", "fe80::1", false)]
    [InlineData("all", "169.254.169.254", true)]
    [InlineData("none", "10.0.0.1", false)]
    [InlineData("", "10.0.0.1", false)]
    public void Permits_WhatTheOperatorAllowed(string allowed, string address, bool permitted) =>
        Assert.Equal(permitted, new AddressFilter(allowed).Permits(IPAddress.Parse(address), out _));

    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("private")]
    [InlineData("10.0.0.0/8 localhost")]
    public void AllowPrivate_NamesTheEntryThatIsWrong(string allowed)
    {
        var problem = Assert.Single(new OutboundOptions { AllowPrivate = allowed }.Problems());
        Assert.Contains(allowed.Split(' ')[^1], problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_SaysThatANameHasNoAddress()
    {
        Assert.Equal("name_not_resolved", (await FailureAsync("http://empty.example/", "none")).Code);
        Assert.Equal("name_not_resolved", (await FailureAsync("http://unknown.example/", "none")).Code);
    }

    [Fact]
    public async Task SendAsync_ConnectsToThePermittedAddressOnly_WhenANameHasSeveral()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        // 127.0.0.2 is refused although it comes first; the receiver listens on 127.0.0.1.
        using var http = new OutboundHttp(new OutboundOptions { AllowPrivate = "127.0.0.1" }, TimeProvider.System, (_, _) => Task.FromResult(new[] { IPAddress.Parse("127.0.0.2"), IPAddress.Loopback }));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://several.example:{receiver.Port}/");
        using var response = await http.SendAsync(request, CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal($"several.example:{receiver.Port}", Assert.Single(receiver.Requests).Headers["Host"]);
    }

    [Fact]
    public async Task SendAsync_AsksAboutTheAddressItConnectsTo_NotAboutAnEarlierAnswer()
    {
        // Rebinding: a permitted address when the name is looked up first, another one the next time.
        var asked = 0;
        Task<IPAddress[]> Rebinding(string host, CancellationToken cancellation) => Task.FromResult(new[] { IPAddress.Parse(asked++ == 0 ? "127.0.0.2" : "127.0.0.1") });
        using var http = new OutboundHttp(new OutboundOptions { AllowPrivate = "127.0.0.2" }, TimeProvider.System, Rebinding);
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://rebinding.example:1/");
            var error = await Assert.ThrowsAnyAsync<Exception>(() => http.SendAsync(request, CancellationToken.None));
            Assert.Equal(i == 0 ? "connection_failed" : "address_blocked", OutboundErrors.Sort(error, null)!.Code);
        }
    }

    private static async Task<OutboundFailure> FailureAsync(string url, string allowPrivate)
    {
        using var http = new OutboundHttp(new OutboundOptions { AllowPrivate = allowPrivate }, TimeProvider.System, Resolve);
        using var request = new HttpRequestMessage(HttpMethod.Get, OutboundRequest.Address(url));
        var error = await Assert.ThrowsAnyAsync<Exception>(() => http.SendAsync(request, CancellationToken.None));
        return OutboundErrors.Sort(error, null) ?? throw error;
    }

    private static Task<IPAddress[]> Resolve(string host, CancellationToken cancellation) => Names.TryGetValue(host.ToLowerInvariant(), out var addresses)
        ? Task.FromResult(addresses.Select(IPAddress.Parse).ToArray())
        : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
}

using Automation.Server.Hosting;
using Automation.Server.Tests.Api;

namespace Automation.Server.Tests.Access;

public sealed class ProxySignInTests
{
    [Theory]
    [InlineData("anna", "staff, ops", 200, "operator")]
    [InlineData("anna", "ops,root", 200, "admin")]
    [InlineData("anna", "staff", 401, null)]
    [InlineData("", "root", 401, null)]
    public async Task UserOfATrustedProxy_HasTheRoleOfTheGroups(string user, string groups, int status, string? role)
    {
        await using var rig = await StartAsync("127.0.0.1");

        var answer = await MeAsync(rig.Server, status, ("X-Forwarded-User", user), ("X-Forwarded-Groups", groups), ("X-Forwarded-For", "203.0.113.9"));

        Assert.Equal(role, answer["role"]?.GetValue<string>());
        if (role is not null) Assert.Equal(("anna", "proxy"), (answer["name"]!.GetValue<string>(), answer["kind"]!.GetValue<string>()));
    }

    [Fact]
    public async Task HeaderFromElsewhere_IsRefused_AlsoWhenItClaimsTheProxysAddress()
    {
        await using var rig = await StartAsync("10.9.9.9");

        var answer = await MeAsync(rig.Server, 401, ("X-Forwarded-User", "anna"), ("X-Forwarded-Groups", "root"), ("X-Forwarded-For", "10.9.9.9"), ("X-Original-For", "10.9.9.9"));

        Assert.Contains("Server:TrustedProxies", answer["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChangesThroughTheProxy_NeedTheSameOrigin()
    {
        await using var rig = await StartAsync("127.0.0.1");
        (string, string)[] headers = [("X-Forwarded-User", "anna"), ("X-Forwarded-Groups", "ops")];

        using var evil = await SendAsync(rig.Server, HttpMethod.Post, "/api/deliveries/replay", [.. headers, ("Sec-Fetch-Site", "cross-site")]);
        using var own = await SendAsync(rig.Server, HttpMethod.Post, "/api/deliveries/replay", [.. headers, ("Sec-Fetch-Site", "same-origin")]);

        await ApiServer.ReadAsync(evil, 403);
        await ApiServer.ReadAsync(own, 200);
        var entry = (await rig.Server.GetAsync("/api/audit?action=replayDeliveries"))["items"]![0]!;
        Assert.Equal("proxy:anna", entry["actor"]!.GetValue<string>());
    }

    private static async Task<Rig> StartAsync(string proxy)
    {
        var server = new ApiServer
        {
            Settings =
            {
                [ServerOptions.TrustedProxies + ":0"] = proxy,
                ["Access:ProxyUserHeader"] = "X-Forwarded-User",
                ["Access:ProxyGroupsHeader"] = "X-Forwarded-Groups",
                ["Access:ProxyRoles:ops"] = "operator",
                ["Access:ProxyRoles:root"] = "admin",
            },
        };
        await server.InitializeAsync();
        return new Rig(server);
    }

    private static async Task<System.Text.Json.Nodes.JsonNode> MeAsync(ApiServer server, int status, params (string Name, string Value)[] headers)
    {
        using var answer = await SendAsync(server, HttpMethod.Get, "/api/me", headers);
        return await ApiServer.ReadAsync(answer, status);
    }

    private static async Task<HttpResponseMessage> SendAsync(ApiServer server, HttpMethod method, string path, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await server.Stranger.SendAsync(request);
    }

    private sealed record Rig(ApiServer Server) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}

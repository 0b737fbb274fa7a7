using System.Net;
using Automation.Server.Access;
using Automation.Server.Tests.Api;

namespace Automation.Server.Tests.Access;

public sealed class AccessTests : ApiTest
{
    private const string Path = "/api/workflows";

    [Fact]
    public async Task WithoutToken_TheAnswerSaysWhereItIs()
    {
        using var response = await SendAsync(HttpMethod.Get, Path);

        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        var detail = (await ApiServer.ReadAsync(response, 401))["detail"]!.GetValue<string>();
        Assert.Contains("admin-token", detail, StringComparison.Ordinal);
        Assert.DoesNotContain(Server.Folder, detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer a-token-for-these-testsx")]
    public async Task WrongToken_IsRefused(string authorization)
    {
        using var response = await SendAsync(HttpMethod.Get, Path, ("Authorization", authorization));

        Assert.Contains("invalid_token", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        await ApiServer.ReadAsync(response, 401);
    }

    [Theory]
    [InlineData("Basic YTpi")]
    [InlineData("Bearer")]
    [InlineData(ApiServer.Token)]
    public async Task OtherSchemes_AreRefused(string authorization)
    {
        using var response = await SendAsync(HttpMethod.Get, Path, ("Authorization", authorization));

        await ApiServer.ReadAsync(response, 401);
    }

    [Theory]
    [InlineData("/API/workflows")]
    [InlineData("/%61pi/workflows")]
    [InlineData("/api/nothing")]
    [InlineData("/api")]
    public async Task NoSpellingOfThePath_GoesPast(string path)
    {
        using var response = await SendAsync(HttpMethod.Get, path);

        await ApiServer.ReadAsync(response, 401);
    }

    [Fact]
    public async Task LinkWithToken_BeginsASession_AndLosesTheToken()
    {
        using var response = await SendAsync(HttpMethod.Get, "/?token=" + ApiServer.Token);

        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal("/", response.Headers.Location!.ToString());
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(ApiServer.Token, cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LinkWithAWrongToken_BeginsNone()
    {
        using var response = await SendAsync(HttpMethod.Get, "/?token=wrong");

        Assert.False(response.Headers.Contains("Set-Cookie"));
        await ApiServer.ReadAsync(response, 401);
    }

    [Fact]
    public async Task Root_NeedsASession_AndIsAPageWithoutScripts()
    {
        using var refused = await SendAsync(HttpMethod.Get, "/");
        using var page = await SendAsync(HttpMethod.Get, "/", ("Cookie", await SessionAsync()));

        await ApiServer.ReadAsync(refused, 401);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.StartsWith("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("/openapi/v1.json", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_OpensTheApi_UntilItIsOver()
    {
        var cookie = await SessionAsync();

        using var within = await SendAsync(HttpMethod.Get, Path, ("Cookie", cookie));
        for (var day = 0; day < 29; day++)
        {
            Server.Time.Advance(TimeSpan.FromDays(1));
            using var used = await SendAsync(HttpMethod.Get, Path, ("Cookie", cookie));
            await ApiServer.ReadAsync(used, 200);
        }

        Server.Time.Advance(TimeSpan.FromDays(1));
        using var after = await SendAsync(HttpMethod.Get, Path, ("Cookie", cookie));

        await ApiServer.ReadAsync(within, 200);
        await ApiServer.ReadAsync(after, 401);
    }

    [Fact]
    public async Task SessionThatIsNotUsed_Ends()
    {
        var cookie = await SessionAsync();

        Server.Time.Advance(TimeSpan.FromDays(7));

        using var after = await SendAsync(HttpMethod.Get, Path, ("Cookie", cookie));
        await ApiServer.ReadAsync(after, 401);
    }

    [Fact]
    public async Task SessionThatAnAdminEnded_IsOver()
    {
        var cookie = await SessionAsync();
        var id = (await Server.GetAsync("/api/sessions"))["items"]![0]!["id"]!.GetValue<string>();

        using var ended = await Server.Client.DeleteAsync(new Uri("/api/sessions/" + id, UriKind.Relative));

        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        using var after = await SendAsync(HttpMethod.Get, Path, ("Cookie", cookie));
        await ApiServer.ReadAsync(after, 401);
    }

    [Fact]
    public async Task Cookie_IsNoBearerToken()
    {
        var value = (await SessionAsync()).Split('=', 2)[1];

        using var whole = await SendAsync(HttpMethod.Get, Path, ("Authorization", "Bearer " + value));

        await ApiServer.ReadAsync(whole, 401);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("9999999999.")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task ForgedCookie_IsRefused(string value)
    {
        using var response = await SendAsync(HttpMethod.Get, Path, ("Cookie", Session.CookieName + "=" + value));

        await ApiServer.ReadAsync(response, 401);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin", 200)]
    [InlineData("Sec-Fetch-Site", "same-site", 403)]
    [InlineData("Sec-Fetch-Site", "cross-site", 403)]
    [InlineData("Sec-Fetch-Site", "none", 403)]
    [InlineData("Origin", "http://{host}", 200)]
    [InlineData("Origin", "https://{host}", 200)]
    [InlineData("Origin", "https://evil.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("X-Nothing", "x", 403)]
    public async Task ChangesWithACookie_NeedTheSameOrigin(string header, string value, int status)
    {
        var host = Server.Client.BaseAddress!.Authority;

        using var response = await SendAsync(HttpMethod.Post, "/api/deliveries/replay", ("Cookie", await SessionAsync()), (header, value.Replace("{host}", host, StringComparison.Ordinal)));

        await ApiServer.ReadAsync(response, status);
    }

    [Fact]
    public async Task ChangesWithTheToken_ComeFromAnywhere()
    {
        using var response = await SendAsync(HttpMethod.Post, "/api/deliveries/replay", ("Authorization", "Bearer " + ApiServer.Token), ("Origin", "https://evil.example"));

        await ApiServer.ReadAsync(response, 200);
    }

    [Fact]
    public async Task TenWrongTokens_BlockTheAddress_ForTheRestOfTheMinute()
    {
        var cookie = await SessionAsync();
        for (var i = 0; i < WrongTokens.Allowed; i++)
        {
            using var wrong = await SendAsync(HttpMethod.Get, Path, ("Authorization", "Bearer guess" + i));
            await ApiServer.ReadAsync(wrong, 401);
        }

        Server.Time.Advance(TimeSpan.FromSeconds(20));
        using var right = await SendAsync(HttpMethod.Get, Path, ("Authorization", "Bearer " + ApiServer.Token));
        using var session = await SendAsync(HttpMethod.Get, Path, ("Cookie", cookie));
        Server.Time.Advance(TimeSpan.FromSeconds(40));
        using var later = await SendAsync(HttpMethod.Get, Path, ("Authorization", "Bearer " + ApiServer.Token));

        Assert.Equal(TimeSpan.FromSeconds(40), right.Headers.RetryAfter!.Delta);
        await ApiServer.ReadAsync(right, 429);
        await ApiServer.ReadAsync(session, 200);
        await ApiServer.ReadAsync(later, 200);
    }

    [Fact]
    public async Task Token_IsNeverLogged()
    {
        await SessionAsync();
        await Server.GetAsync(Path);
        using var wrong = await SendAsync(HttpMethod.Get, "/?token=" + ApiServer.Token + "x");

        lock (Server.Logged)
        {
            Assert.NotEmpty(Server.Logged);
            Assert.DoesNotContain(Server.Logged, line => line.Contains(ApiServer.Token, StringComparison.Ordinal));
        }
    }

    private async Task<string> SessionAsync()
    {
        using var response = await SendAsync(HttpMethod.Get, "/?token=" + ApiServer.Token);
        return response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Server.Stranger.SendAsync(request);
    }
}

using System.Net;
using Automation.Server.Access;
using Automation.Server.Storage;
using Automation.Server.Tests.Api;
using Automation.Server.Tests.Runs;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Access;

public sealed class SignInTests : ApiTest
{
    private const string Password = "correct horse battery";

    [Fact]
    public async Task FirstUser_IsMadeThroughTheLink_Once()
    {
        var code = Server.Get<SetUpCode>().Value!;
        using var page = await GetAsync("/set-up?code=" + code);
        using var made = await PostAsync("/set-up", ("code", code), ("user", "anna"), ("password", Password), ("again", Password));
        using var again = await PostAsync("/set-up", ("code", code), ("user", "eve"), ("password", Password), ("again", Password));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.SeeOther, HttpStatusCode.Forbidden), (page.StatusCode, made.StatusCode, again.StatusCode));
        var me = await MeAsync(CookieOf(made));
        Assert.Equal(("anna", "admin"), (me["name"]!.GetValue<string>(), me["role"]!.GetValue<string>()));
        Assert.Null(Server.Get<SetUpCode>().Value);
        Assert.Single((await Server.GetAsync("/api/users"))["items"]!.AsArray());
    }

    [Theory]
    [InlineData("wrong", "anna", Password, Password, 403)]
    [InlineData(null, "anna", "short", "short", 400)]
    [InlineData(null, "anna", Password, "another one here", 400)]
    [InlineData(null, "anna", "anna is my name", "anna is my name", 400)]
    [InlineData(null, "an na", Password, Password, 400)]
    public async Task BadSetUp_MakesNobody(string? code, string user, string password, string again, int status)
    {
        using var answer = await PostAsync("/set-up", ("code", code ?? Server.Get<SetUpCode>().Value!), ("user", user), ("password", password), ("again", again));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Empty(Server.Get<AccessDirectory>().Users);
    }

    [Fact]
    public async Task SetUpLink_IsOverAfterADay()
    {
        var code = Server.Get<SetUpCode>().Value!;
        Server.Time.Advance(TimeSpan.FromDays(1));

        using var late = await PostAsync("/set-up", ("code", code), ("user", "anna"), ("password", Password), ("again", Password));

        Assert.Equal(HttpStatusCode.Forbidden, late.StatusCode);
    }

    [Theory]
    [InlineData("/runs/run_0f9k2m7q4x3aw?step=a%20b&n=1#log", "/runs/run_0f9k2m7q4x3aw?step=a%20b&n=1#log")]
    [InlineData("/workflows/shop%2Forder/edit", "/workflows/shop%2Forder/edit")]
    [InlineData("", "/")]
    [InlineData("runs", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("\\\\evil.example", "/")]
    [InlineData("/\t/evil.example", "/")]
    [InlineData("/runs\r\nSet-Cookie: a=b", "/")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("/runs/ü", "/")]
    [InlineData("/sign-in?return=/sign-in", "/")]
    [InlineData("/Sign-Out", "/")]
    [InlineData("/?token=abc", "/")]
    [InlineData("/\"><script>alert(1)</script>", "/\"><script>alert(1)</script>")]
    public async Task SignIn_LeadsOnToThePageThatWasAskedFor_OnThisServerAlone(string wanted, string led)
    {
        await AddAsync("anna", "viewer");
        var address = "/sign-in?return=" + Uri.EscapeDataString(wanted);
        using var page = await GetAsync(address);
        using var wrong = await PostAsync(address, ("user", "anna"), ("password", "a wrong password"));
        using var answer = await PostAsync(address, ("user", "anna"), ("password", Password));
        using var there = await GetAsync(address, CookieOf(answer));

        var action = led == "/" ? "/sign-in" : "/sign-in?return=" + Uri.EscapeDataString(led);
        foreach (var form in new[] { page, wrong }) Assert.Contains($"action=\"{action}\"", await form.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        foreach (var on in new[] { answer, there }) Assert.Equal((HttpStatusCode.SeeOther, Uri.UnescapeDataString(led)), (on.StatusCode, Uri.UnescapeDataString(on.Headers.GetValues("Location").Single()))); // the client escapes it
    }

    [Fact]
    public async Task TextOfManyKilobytes_LeadsNowhere()
    {
        Assert.Equal("/", ReturnAddress.Of("/" + new string('a', 10_000)));
        using var answer = await GetAsync("/sign-in?return=/a&return=/b");
        Assert.Contains("action=\"/sign-in\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RightPassword_BeginsASession_ThatSignOutEnds()
    {
        await AddAsync("anna", "operator");
        using var answer = await PostAsync("/sign-in", ("user", "anna"), ("password", Password));
        var cookie = CookieOf(answer);

        var set = answer.Headers.GetValues("Set-Cookie").Last();
        Assert.Contains("httponly", set, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", set, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("operator", (await MeAsync(cookie))["role"]!.GetValue<string>());
        Assert.DoesNotContain(cookie.Split('=')[1], Server.Database.Scalar("SELECT id || user_name || stamp FROM sessions")!.ToString(), StringComparison.Ordinal);

        using var ended = await PostAsync("/sign-out", cookie);
        Assert.Equal(HttpStatusCode.SeeOther, ended.StatusCode);
        await MeAsync(cookie, 401);
    }

    [Theory]
    [InlineData("anna", "a wrong password")]
    [InlineData("nobody", Password)]
    [InlineData("off", Password)]
    public async Task WrongSignIn_SaysTheSame_WhoeverItIs(string user, string password)
    {
        await AddAsync("anna", "viewer");
        await AddAsync("off", "viewer");
        await PutAsync("off", """{"disabled":true}""", 200);

        using var answer = await PostAsync("/sign-in", ("user", user), ("password", password));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("The user name or the password is wrong.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(answer.Headers.TryGetValues("Set-Cookie", out _));
        lock (Server.Logged) Assert.DoesNotContain(Server.Logged, line => line.Contains(password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task TenWrongPasswordsOfAUser_MakeTheUserWait_FromWhateverAddress()
    {
        await AddAsync("anna", "viewer");
        var passwords = Server.Get<Passwords>();
        for (var i = 0; i < 10; i++) Assert.Null((await passwords.CheckAsync("anna", "guess " + i, IPAddress.Parse("192.0.2." + i))).User);

        using var waits = await PostAsync("/sign-in", ("user", "anna"), ("password", Password));
        Assert.Equal(429, (int)waits.StatusCode);
        Assert.Equal(TimeSpan.FromMinutes(5), waits.Headers.RetryAfter!.Delta);

        Server.Time.Advance(TimeSpan.FromMinutes(5));
        using var later = await PostAsync("/sign-in", ("user", "anna"), ("password", Password));
        Assert.Equal(HttpStatusCode.SeeOther, later.StatusCode);
    }

    [Fact]
    public async Task TenWrongPasswordsFromAnAddress_MakeItWait()
    {
        for (var i = 0; i < WrongTokens.Allowed; i++)
        {
            using var wrong = await PostAsync("/sign-in", ("user", "user" + i), ("password", "a wrong password"));
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using var waits = await PostAsync("/sign-in", ("user", "anna"), ("password", Password));
        Assert.Equal(TimeSpan.FromMinutes(1), waits.Headers.RetryAfter!.Delta);
        Assert.Equal(429, (int)waits.StatusCode);
    }

    [Fact]
    public async Task ManyWrongPasswordsAtATime_AreNotLookedAtMoreThanTen()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => PostAsync("/sign-in", ("user", "user" + i), ("password", "a wrong password"))));

        Assert.Equal([(401, 10), (429, 20)], answers.CountBy(a => (int)a.StatusCode).OrderBy(c => c.Key).Select(c => (c.Key, c.Value)));
        foreach (var answer in answers) answer.Dispose();
    }

    [Fact]
    public async Task RightPasswords_AreNotCounted()
    {
        await AddAsync("anna", "viewer");
        for (var i = 0; i < 12; i++)
        {
            using var answer = await PostAsync("/sign-in", ("user", "anna"), ("password", Password));
            Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        }
    }

    [Fact]
    public async Task WrongCurrentPassword_MakesTheUserWaitAfterTen_AsASignInDoes()
    {
        await AddAsync("anna", "viewer");
        using var first = await PostAsync("/sign-in", ("user", "anna"), ("password", Password));
        for (var i = 0; i < 10; i++) await Server.Get<Passwords>().CheckAsync("anna", "guess " + i, IPAddress.Parse("192.0.2." + i));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/me/password") { Content = WorkflowServer.Json($$"""{"current":"{{Password}}","new":"another good password"}""") };
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        request.Headers.Add("Cookie", CookieOf(first));

        using var answer = await Server.Stranger.SendAsync(request);

        Assert.Equal((429, TimeSpan.FromMinutes(5)), ((int)answer.StatusCode, answer.Headers.RetryAfter?.Delta));
    }

    [Theory]
    [InlineData("e", "four words are good", true)]
    [InlineData("anna", "my name is Anna", false)]
    public void PasswordMustNotHoldTheName_WhereThatIsNoPartOfAnyWord(string user, string password, bool isGood) => Assert.Equal(isGood, Passwords.WhyNot(password, user) is null);

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/sign-out")]
    [InlineData("/set-up")]
    public async Task FormsOfOtherSites_AreRefused(string path)
    {
        using var content = new FormUrlEncodedContent([KeyValuePair.Create("user", "anna"), KeyValuePair.Create("password", Password)]);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.Add("Origin", "https://evil.example");

        using var answer = await Server.Stranger.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task NewPassword_EndsTheSessions()
    {
        await AddAsync("anna", "viewer");
        using var first = await PostAsync("/sign-in", ("user", "anna"), ("password", Password));
        var cookie = CookieOf(first);

        await PutAsync("anna", """{"password":"another good password"}""", 200);

        await MeAsync(cookie, 401);
        using var old = await PostAsync("/sign-in", ("user", "anna"), ("password", Password));
        Assert.Equal(HttpStatusCode.Unauthorized, old.StatusCode);
        using var now = await PostAsync("/sign-in", ("user", "anna"), ("password", "another good password"));
        Assert.Equal(HttpStatusCode.SeeOther, now.StatusCode);
    }

    [Theory]
    [InlineData("""{"disabled":true}""")]
    [InlineData("""{"role":"viewer"}""")]
    [InlineData(null)]
    public async Task UserWhoChangesThePassword_UndoesNothingThatAnAdminDoesMeanwhile(string? change)
    {
        await AddAsync("anna", "editor");
        using var first = await PostAsync("/sign-in", ("user", "anna"), ("password", Password));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/me/password") { Content = WorkflowServer.Json($$"""{"current":"{{Password}}","new":"another good password"}""") };
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        request.Headers.Add("Cookie", CookieOf(first));

        var changing = Server.Stranger.SendAsync(request); // takes its time: two passwords are hashed
        if (change is not null) await PutAsync("anna", change, 200);
        else using (await Server.Client.DeleteAsync(new Uri("/api/users/anna", UriKind.Relative))) { }
        using (await changing) { }

        var user = (await Server.GetAsync("/api/users"))["items"]!.AsArray().SingleOrDefault();
        Assert.Equal(change is null ? null : (change.Contains("disabled", StringComparison.Ordinal), change.Contains("viewer", StringComparison.Ordinal) ? "viewer" : "editor"),
            user is null ? ((bool, string)?)null : (user["disabled"]!.GetValue<bool>(), user["role"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("users", """{"role":"viewer","password":"correct horse battery"}""")]
    [InlineData("mqtt/users", """{"password":"correct horse battery","publish":["a"]}""")]
    public async Task ChangesOfTwoAdmins_BothHold(string kind, string made)
    {
        async Task SetAsync(string body)
        {
            using var answer = await Server.Client.PutAsync(new Uri($"/api/{kind}/dora", UriKind.Relative), WorkflowServer.Json(body));
            await ApiServer.ReadAsync(answer, 200);
        }

        await SetAsync(made);
        var hashing = SetAsync("""{"password":"another good password"}""");
        await SetAsync("""{"disabled":true}""");
        await hashing;

        Assert.True((await Server.GetAsync("/api/" + kind))["items"]![0]!["disabled"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("""{"password":"another good password"}""")]
    [InlineData("""{"disabled":true}""")]
    public async Task SignInWhosePasswordWasCheckedBefore_BeginsNoSession(string change)
    {
        await AddAsync("anna", "viewer");
        var answer = await Server.Get<Passwords>().CheckAsync("anna", Password, null);
        await PutAsync("anna", change, 200);

        Assert.Null(await Server.Get<Session>().StartAsync(new DefaultHttpContext(), answer.User!, "a newer hash"));

        Assert.Empty((await Server.GetAsync("/api/sessions"))["items"]!.AsArray());
        Assert.NotEqual("a newer hash", Server.Get<AccessDirectory>().Users["anna"].Password);
    }

    [Fact]
    public async Task OnlyAdmin_CannotBeDeletedOrDemoted()
    {
        await AddAsync("anna", "admin");

        await PutAsync("anna", """{"role":"viewer"}""", 409);
        await PutAsync("anna", """{"disabled":true}""", 409);
        using var deleted = await Server.Client.DeleteAsync(new Uri("/api/users/anna", UriKind.Relative));
        await ApiServer.ReadAsync(deleted, 409);

        await AddAsync("bert", "admin");
        await PutAsync("anna", """{"role":"viewer"}""", 200);
    }

    [Fact]
    public async Task Hash_IsPbkdf2WithSha512_AndNeverShown()
    {
        await AddAsync("anna", "viewer");

        var hash = Convert.FromBase64String(Server.Get<AccessDirectory>().Users["anna"].Password);
        Assert.Equal(1, hash[0]); // version 3 of the format
        Assert.Equal(2, hash[4]); // HMAC-SHA-512
        Assert.Equal(Passwords.Iterations, (hash[5] << 24) | (hash[6] << 16) | (hash[7] << 8) | hash[8]);
        Assert.DoesNotContain("assword", (await Server.GetAsync("/api/users")).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Browsers_AreSentToThePage_WhichHasNoScripts_AndEscapesWhatWasTyped()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Accept", "text/html,*/*");
        using var sent = await Server.Stranger.SendAsync(request);
        using var page = await PostAsync("/sign-in", ("user", "\"><script>alert(1)</script>"), ("password", "a wrong password"));

        Assert.Equal("/sign-in", sent.Headers.Location!.ToString());
        Assert.DoesNotContain("<script", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_OpensWhatItsRoleAllows_UntilItExpires_AndIsShownOnce()
    {
        var made = await Server.PostAsync("/api/tokens", 200, """{"name":"ci","role":"viewer","expiresIn":"1h"}""");
        var token = made["token"]!.GetValue<string>();

        Assert.StartsWith(made["about"]!["id"]!.GetValue<string>(), token, StringComparison.Ordinal);
        Assert.Equal(200, await WithAsync(token, HttpMethod.Get, "/api/runs"));
        Assert.Equal(403, await WithAsync(token, HttpMethod.Post, "/api/deliveries/replay"));
        var listed = (await Server.GetAsync("/api/tokens")).ToJsonString();
        Assert.DoesNotContain(token, listed, StringComparison.Ordinal);
        Assert.Contains("usedAt", listed, StringComparison.Ordinal);
        Assert.Equal(401, await WithAsync(token[..^1] + (token[^1] == 'A' ? 'B' : 'A'), HttpMethod.Get, "/api/runs"));

        Server.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(401, await WithAsync(token, HttpMethod.Get, "/api/runs"));
    }

    [Fact]
    public async Task TokenForNames_ReachesOnlyThose()
    {
        Server.AddWorkflow("shop/order");
        Server.AddWorkflow("other");
        var token = (await Server.PostAsync("/api/tokens", 200, """{"name":"shop","role":"operator","names":["shop/*"]}"""))["token"]!.GetValue<string>();

        Assert.Equal(200, await WithAsync(token, HttpMethod.Get, "/api/workflows/shop%2Forder"));
        Assert.Equal(200, await WithAsync(token, HttpMethod.Post, "/api/workflows/shop%2Forder/disable"));
        Assert.Equal(200, await WithAsync(token, HttpMethod.Get, "/api/runs?workflow=shop/order"));
        Assert.Equal(403, await WithAsync(token, HttpMethod.Get, "/api/runs?workflow=other"));
        Assert.Equal(403, await WithAsync(token, HttpMethod.Get, "/api/runs?workflow=shop/order&workflow=other"));
        Assert.Equal(403, await WithAsync(token, HttpMethod.Get, "/api/runs"));
        Assert.Equal(403, await WithAsync(token, HttpMethod.Get, "/api/workflows/other"));
        Assert.Equal(403, await WithAsync(token, HttpMethod.Get, "/api/workflows"));
        Assert.Equal(403, await WithAsync(token, HttpMethod.Post, "/api/deliveries/replay"));
        Assert.Equal(403, await WithAsync(token, HttpMethod.Get, "/api/runs/run_0000000000000"));
        Assert.Equal(200, await WithAsync(token, HttpMethod.Get, "/api/me"));
    }

    [Fact]
    public async Task TokensName_IsOfOneTokenOnly()
    {
        var id = (await Server.PostAsync("/api/tokens", 200, """{"name":"ci","role":"viewer"}"""))["about"]!["id"]!.GetValue<string>();
        await Server.PostAsync("/api/tokens", 409, """{"name":"ci","role":"editor"}""");

        using (await Server.Client.DeleteAsync(new Uri("/api/tokens/" + id, UriKind.Relative)))
        {
        }

        await Server.PostAsync("/api/tokens", 200, """{"name":"ci","role":"editor"}""");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task SessionInUse_DoesNotEnd_HoweverShortTheIdleTime(int minutes)
    {
        await using var server = new ApiServer { Settings = { ["Access:SessionIdle"] = TimeSpan.FromMinutes(minutes).ToString() } };
        await server.InitializeAsync();
        using var began = await server.Stranger.GetAsync(new Uri("/?token=" + ApiServer.Token, UriKind.Relative));
        for (var i = 0; i < 30; i++)
        {
            server.Time.Advance(TimeSpan.FromMinutes(minutes) / 6);
            await MeAsync(server, CookieOf(began));
        }

        server.Time.Advance(TimeSpan.FromMinutes(minutes));
        await MeAsync(server, CookieOf(began), 401);
    }

    [Fact]
    public async Task SessionThatIsInUseOnAnotherServer_IsKnownToBeSo()
    {
        using var began = await Server.Stranger.GetAsync(new Uri("/?token=" + ApiServer.Token, UriKind.Relative));
        await MeAsync(CookieOf(began));
        var session = (await Server.GetAsync("/api/sessions"))["items"]![0]!["id"]!.GetValue<string>();
        Server.Time.Advance(TimeSpan.FromDays(6));
        await Server.CommitAsync(new SessionUsed(session, Server.Time.GetUtcNow())); // as the other notes it
        Server.Time.Advance(TimeSpan.FromDays(2));

        await MeAsync(CookieOf(began));
    }

    [Fact]
    public async Task DeletedToken_IsOver()
    {
        var made = await Server.PostAsync("/api/tokens", 200, """{"name":"ci","role":"viewer"}""");

        using var deleted = await Server.Client.DeleteAsync(new Uri("/api/tokens/" + made["about"]!["id"], UriKind.Relative));

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(401, await WithAsync(made["token"]!.GetValue<string>(), HttpMethod.Get, "/api/runs"));
    }

    [Fact]
    public async Task DeletedToken_IsOver_WhileOthersAreUsedForTheFirstTime()
    {
        var directory = Server.Get<AccessDirectory>();
        var rows = Enumerable.Range(0, 400).Select(_ => ApiTokens.Make("x", Role.Viewer, [], Server.Time.GetUtcNow(), null, null).Row).ToList();
        await Server.CommitAsync([.. rows.Select(row => new TokenStored(row, AccessDirectory.MaxTokens))]);
        await directory.LoadAsync();

        using var done = new CancellationTokenSource();
        var using_ = Task.Run(() =>
        {
            for (var i = 0; !done.IsCancellationRequested; i++) directory.Use(rows[100 + (i % 300)] with { UsedAt = null });
        });
        foreach (var row in rows.Take(100))
        {
            await directory.CommitAsync(new TokenDeleted(row.Id));
            Assert.False(directory.Tokens.ContainsKey(row.Id));
        }

        await done.CancelAsync();
        await using_;
    }

    [Theory]
    [InlineData("""{"role":"viewer"}""")]
    [InlineData("""{"name":"ci"}""")]
    [InlineData("""{"name":"ci","role":"god"}""")]
    [InlineData("""{"name":"ci","role":"admin","names":["a"]}""")]
    [InlineData("""{"name":"ci","role":"viewer","names":["a*b"]}""")]
    [InlineData("""{"name":"ci","role":"viewer","names":[""]}""")]
    [InlineData("""{"name":"ci","role":"viewer","names":[]}""")]
    [InlineData("""{"name":"ci","role":"viewer","expiresIn":"soon"}""")]
    [InlineData("""{"name":"ci","role":"viewer","more":1}""")]
    public async Task BadTokens_AreRefused(string body) => await Server.PostAsync("/api/tokens", 400, body);

    [Fact]
    public async Task RouteWithoutARole_IsForAdminsOnly()
    {
        var token = (await Server.PostAsync("/api/tokens", 200, """{"name":"ci","role":"editor"}"""))["token"]!.GetValue<string>();

        Assert.Equal(403, await WithAsync(token, HttpMethod.Get, "/api/undeclared"));
        Assert.Equal(200, await WithAsync(ApiServer.Token, HttpMethod.Get, "/api/undeclared"));
    }

    private async Task AddAsync(string name, string role) => await PutAsync(name, $$"""{"role":"{{role}}","password":"{{Password}}"}""", 200);

    private async Task PutAsync(string name, string body, int status)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await Server.Client.PutAsync(new Uri("/api/users/" + name, UriKind.Relative), content);
        await ApiServer.ReadAsync(answer, status);
    }

    private Task<System.Text.Json.Nodes.JsonNode> MeAsync(string cookie, int status = 200) => MeAsync(Server, cookie, status);

    private static async Task<System.Text.Json.Nodes.JsonNode> MeAsync(ApiServer server, string cookie, int status = 200)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/me");
        request.Headers.Add("Cookie", cookie);
        return await ApiServer.ReadAsync(await server.Stranger.SendAsync(request), status);
    }

    private async Task<int> WithAsync(string token, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await Server.Stranger.SendAsync(request);
        return (int)answer.StatusCode;
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (cookie is not null) request.Headers.Add("Cookie", cookie);
        return await Server.Stranger.SendAsync(request);
    }

    private Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] fields) => PostAsync(path, null, fields);

    private async Task<HttpResponseMessage> PostAsync(string path, string? cookie, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))) };
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        if (cookie is not null) request.Headers.Add("Cookie", cookie);
        return await Server.Stranger.SendAsync(request);
    }

    private static string CookieOf(HttpResponseMessage answer) => answer.Headers.GetValues("Set-Cookie").Last().Split(';')[0];
}

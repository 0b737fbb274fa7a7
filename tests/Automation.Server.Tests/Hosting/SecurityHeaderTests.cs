using Automation.Server.Hosting;
using Automation.Server.Tests.Api;
using Microsoft.Extensions.Hosting;

namespace Automation.Server.Tests.Hosting;

public sealed class SecurityHeaderTests : ApiTest
{
    [Theory]
    [InlineData("/", 401)]
    [InlineData("/sign-in", 200)]
    [InlineData("/set-up", 403)]
    [InlineData("/api/runs", 200)]
    [InlineData("/api/broken", 500)]
    [InlineData("/nothing", 404)]
    [InlineData("/openapi/v1.json", 200)]
    [InlineData("/health/live", 200)]
    public async Task EveryAnswer_HasAStrictPolicy(string path, int status)
    {
        using var answer = await (path.StartsWith("/api", StringComparison.Ordinal) ? Server.Client : Server.Stranger).GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(status, (int)answer.StatusCode);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        foreach (var (name, value) in new[] { ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin") }) Assert.Equal(value, answer.Headers.GetValues(name).Single());
    }

    [Theory]
    [InlineData("GET", "/api/broken")]
    [InlineData("POST", "/sign-in")]
    [InlineData("POST", "/set-up")]
    [InlineData("GET", "/?token=" + ApiServer.Token)]
    public async Task Failure_TellsNothingOfTheInside(string method, string path)
    {
        var code = Server.Get<Automation.Server.Access.SetUpCode>().Value!;
        await Server.Journal.DisposeAsync(); // nothing can be stored any more
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        if (method == "POST") request.Content = new FormUrlEncodedContent([KeyValuePair.Create("user", "anna"), KeyValuePair.Create("password", "four words are good"), KeyValuePair.Create("again", "four words are good"), KeyValuePair.Create("code", code)]);

        using var answer = await (path.StartsWith("/api", StringComparison.Ordinal) ? Server.Client : Server.Stranger).SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();

        Assert.True((int)answer.StatusCode >= 400, $"{(int)answer.StatusCode}");
        foreach (var inside in (string[])["   at ", "Exception", "the inner text", ".cs", Server.Folder, "Automation.Server"]) Assert.DoesNotContain(inside, text, StringComparison.Ordinal);
    }

    [Fact]
    public void DeveloperPages_AreNeverShown_WhateverTheEnvironmentSays()
    {
        Environment.SetEnvironmentVariable("ASPNETCORE_ENVIRONMENT", "Development");
        try
        {
            Assert.True(ServerBuilder.Create(new Dictionary<string, string?>()).Environment.IsProduction());
        }
        finally
        {
            Environment.SetEnvironmentVariable("ASPNETCORE_ENVIRONMENT", null);
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Automation.Server.Tests.Triggers.Verification;

/// <summary>Tokens of an issuer whose keys are fetched, and under a shared key.</summary>
public sealed class JwtTests : IDisposable
{
    private readonly ManualTime time = new();
    private readonly HttpListener issuer = new();
    private readonly OutboundHttp http;
    private readonly KeySets keys;
    private readonly string url;
    private readonly List<RSA> made = [];
    private string answer = "";
    private int status = 200, asked;

    public JwtTests()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/keys/";
        }

        issuer.Prefixes.Add(url);
        issuer.Start();
        _ = ServeAsync();
        http = new OutboundHttp(new OutboundOptions { AllowPrivate = "loopback" }, time);
        keys = new KeySets(http, time);
    }

    [Fact]
    public async Task Token_OfTheIssuer_IsTaken_AndItsNewKeyIsFetched_OnceAMinuteAtMost()
    {
        var (first, second) = (Key("one"), Key("two"));
        answer = Set(first);
        Assert.Null((await VerifyAsync(Token(first))).Reason);
        Assert.Null((await VerifyAsync(Token(first))).Reason);
        Assert.Equal(1, asked);
        Assert.Contains("no key fits", (await VerifyAsync(Token(second))).Reason, StringComparison.Ordinal);
        Assert.Equal(1, asked); // a stranger's tokens cause no traffic
        answer = Set(first, second);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null((await VerifyAsync(Token(second))).Reason);
        Assert.Equal(2, asked);
        time.Advance(TimeSpan.FromHours(1));
        status = 503; // the last set is good for a day
        Assert.Null((await VerifyAsync(Token(second))).Reason);
        time.Advance(TimeSpan.FromDays(1));
        Assert.Contains("answers 503", (await VerifyAsync(Token(second))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EachThingWrongWithAToken_IsNamed()
    {
        var key = Key("one");
        answer = Set(key);
        Assert.Contains("audience", (await VerifyAsync(Token(key, audience: "others"))).Reason, StringComparison.Ordinal);
        Assert.Contains("issuer", (await VerifyAsync(Token(key, issuer: "others"))).Reason, StringComparison.Ordinal);
        Assert.Contains("expired 400 s ago", (await VerifyAsync(Token(key, expires: -400))).Reason, StringComparison.Ordinal);
        Assert.Null((await VerifyAsync(Token(key, expires: -300))).Reason);
        Assert.Contains("begins in 400 s", (await VerifyAsync(Token(key, begins: 400))).Reason, StringComparison.Ordinal);
        Assert.Contains("three parts", (await VerifyAsync("no token")).Reason, StringComparison.Ordinal);
        Assert.Contains("longer than", (await VerifyAsync(new string('a', 20_000))).Reason, StringComparison.Ordinal);
        var other = Key("one");
        Assert.Contains("signature does not fit", (await VerifyAsync(Token(other))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublicKey_DoesNotPass_ForASharedOne_AndNoneIsNoAlgorithm()
    {
        var key = Key("one");
        answer = Set(key);
        var forged = new JsonWebTokenHandler().CreateToken(Descriptor(new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(answer)) { KeyId = "one" }, SecurityAlgorithms.HmacSha256)));
        Assert.NotNull((await VerifyAsync(forged)).Reason);
        var unsigned = new JsonWebTokenHandler().CreateToken(Descriptor(null));
        Assert.NotNull((await VerifyAsync(unsigned)).Reason);
    }

    [Fact]
    public async Task HostileKeySets_AreRefused_WithAReason()
    {
        var key = Key("one");
        foreach (var hostile in new[] { "", "[]", "{}", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"one\",\"n\":\"!\",\"e\":\"AQAB\"}]}", new string(' ', 300_000) })
        {
            answer = hostile;
            Assert.NotNull((await VerifyAsync(Token(key))).Reason);
            time.Advance(TimeSpan.FromDays(2));
        }
    }

    public void Dispose()
    {
        http.Dispose();
        issuer.Close();
        foreach (var key in made) key.Dispose();
    }

    private async Task ServeAsync()
    {
        while (issuer.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await issuer.GetContextAsync();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            asked++;
            context.Response.StatusCode = status;
            try
            {
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer));
                context.Response.Close();
            }
            catch (HttpListenerException)
            {
                // The client read enough.
            }
        }
    }

    private RsaSecurityKey Key(string id)
    {
        var rsa = RSA.Create(2048);
        made.Add(rsa);
        return new RsaSecurityKey(rsa) { KeyId = id };
    }

    private static string Set(params RsaSecurityKey[] keys) => JsonSerializer.Serialize(new
    {
        keys = keys.Select(key =>
        {
            var parts = key.Rsa.ExportParameters(false);
            return new { kty = "RSA", kid = key.KeyId, use = "sig", n = Base64UrlEncoder.Encode(parts.Modulus), e = Base64UrlEncoder.Encode(parts.Exponent) };
        }),
    });

    private string Token(RsaSecurityKey key, string audience = "us", string issuer = "them", int expires = 60, int begins = -1000)
    {
        var descriptor = Descriptor(new SigningCredentials(key, SecurityAlgorithms.RsaSha256));
        (descriptor.Audience, descriptor.Issuer) = (audience, issuer);
        var now = time.GetUtcNow().UtcDateTime;
        descriptor.NotBefore = now.AddSeconds(begins);
        descriptor.Expires = now.AddSeconds(Math.Max(expires, begins + 1));
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    private SecurityTokenDescriptor Descriptor(SigningCredentials? credentials) => new()
    {
        Issuer = "them",
        Audience = "us",
        NotBefore = time.GetUtcNow().UtcDateTime,
        IssuedAt = time.GetUtcNow().UtcDateTime,
        Expires = time.GetUtcNow().UtcDateTime.AddMinutes(5),
        SigningCredentials = credentials,
    };

    private async Task<VerificationResult> VerifyAsync(string token)
    {
        var config = JsonSerializer.Deserialize<VerifyConfig>($$"""{"scheme":"jwt","jwksUrl":"{{url}}","audience":"us","issuer":"them"}""", JsonFormat.Wire)!;
        Assert.True(VerificationSchemes.BuiltIn.TryGet("jwt", out var scheme));
        Assert.Empty(OptionCheck.Of(scheme, config));
        var request = new WebhookRequest("POST", "https://hooks.example.com/a", new HeaderDictionary { ["Authorization"] = "Bearer " + token }, default);
        return await scheme.VerifyAsync(new VerificationInput(request, config, [], time.GetUtcNow(), keys.GetAsync));
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Automation.Server.Cryptography;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Triggers.Verification;

/// <summary>What each scheme takes from its own sender, and what it must not take.</summary>
public class SchemeTests
{
    private const string Url = "https://hooks.example.com/hooks/a?x=1%3A2";
    private const string DiscordSeed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", DiscordKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"; // RFC 8032 §7.1, test 1
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_760_000_000);

    /// <summary>Scheme, its options, what the sender signs with, what the receiver has.</summary>
    public static TheoryData<string, string, string, string> Senders
    {
        get
        {
            var data = new TheoryData<string, string, string, string>();
            foreach (var name in new[] { "github", "meta", "shopify", "x", "woocommerce", "stripe", "slack", "zoom", "zoho-payments", "twilio", "hubspot", "convoy", "gitlab", "api-key", "bearer" })
                data.Add(name, "", "a secret, with ünïcode", "a secret, with ünïcode");
            foreach (var version in new[] { "v1", "v2" }) data.Add("hubspot", $",\"version\":\"{version}\"", "k", "k");
            data.Add("convoy", ",\"version\":\"simple\",\"algorithm\":\"sha512\",\"encoding\":\"base64\"", "k", "k");
            data.Add("convoy", ",\"algorithm\":\"sha512\",\"encoding\":\"base64\"", "k", "k");
            data.Add("basic", ",\"user\":\"shop\"", "p:w", "p:w");
            data.Add("jwt", ",\"issuer\":\"us\",\"audience\":\"them\"", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef");
            data.Add("hmac", ",\"header\":\"X-Sig\",\"signed\":\"{id}.{timestamp}.{method}.{url}.{body}\",\"timestampHeader\":\"X-Time\",\"idHeader\":\"X-Id\",\"encoding\":\"base64\"", "k", "k");
            data.Add("discord", "", DiscordSeed, DiscordKey);
            data.Add("standard-webhooks", "", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
            var pair = Convert.ToBase64String([.. Convert.FromHexString(DiscordSeed), .. Convert.FromHexString(DiscordKey)]);
            data.Add("standard-webhooks", "", "whsk_" + pair, "whpk_" + Convert.ToBase64String(Convert.FromHexString(DiscordKey)));
            data.Add("microsoft-graph", "", "state \"1\"", "state \"1\"");
            data.Add("salesforce-soap", "", "00D5e0000012AbCEAU", "00D5e0000012AbC");
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Senders))]
    public async Task OwnSender_IsVerified_AndNothingElseIs(string name, string options, string signsWith, string has)
    {
        var config = Config(name, options);
        var sent = Request(config, signsWith);
        var good = await VerifyAsync(config, sent, "another", has);
        Assert.True(good.IsVerified, good.Reason);
        Assert.Equal("S1", good.Secret);
        Assert.False((await VerifyAsync(config, sent, "another")).IsVerified);
        if (Signs(config)) await AssertTamperingShowsAsync(config, sent, has);
    }

    [Theory]
    [InlineData("stripe", "")]
    [InlineData("slack", "")]
    [InlineData("zoom", "")]
    [InlineData("hubspot", "")]
    [InlineData("zoho-payments", "")]
    [InlineData("convoy", "")]
    [InlineData("discord", ",\"toleranceSeconds\":300")]
    [InlineData("standard-webhooks", "")]
    [InlineData("hmac", ",\"header\":\"X-Sig\",\"signed\":\"{timestamp}.{body}\",\"timestampHeader\":\"X-Time\"")]
    public async Task OldSignature_IsRefused_AndToldByHowMuch(string name, string options)
    {
        var config = Config(name, options);
        var (signsWith, has) = name switch { "discord" => (DiscordSeed, DiscordKey), "standard-webhooks" => ("AAAA", "AAAA"), _ => ("k", "k") };
        var sent = Request(config, signsWith);
        Assert.True((await VerifyAsync(config, sent, Now.AddSeconds(300), has)).IsVerified);
        Assert.Contains("clock off by 412 s", (await VerifyAsync(config, sent, Now.AddSeconds(412), has)).Reason, StringComparison.Ordinal);
        Assert.Contains("in the future", (await VerifyAsync(config, sent, Now.AddSeconds(-301), has)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OldVersions_DoNotUndoTheNewest()
    {
        var old = Request(Config("hubspot", ",\"version\":\"v1\""), "k");
        Assert.Contains("X-HubSpot-Signature-v3 is missing", (await VerifyAsync(Config("hubspot"), old, "k")).Reason, StringComparison.Ordinal);
        var v0 = new HeaderDictionary { ["Stripe-Signature"] = $"t={Now.ToUnixTimeSeconds()},v0={new string('0', 64)}" };
        Assert.Contains("no \"v1=\"", (await VerifyAsync(Config("stripe"), new WebhookRequest("POST", Url, v0, "{}"u8.ToArray()), "k")).Reason, StringComparison.Ordinal);
        var simple = Request(Config("convoy", ",\"version\":\"simple\""), "k");
        Assert.False((await VerifyAsync(Config("convoy"), simple, "k")).IsVerified);
        var sha1 = new HeaderDictionary { ["X-Hub-Signature"] = "sha1=" + Convert.ToHexStringLower(CryptographicOperations.HmacData(HashAlgorithmName.SHA1, "k"u8, "{}"u8)) };
        Assert.False((await VerifyAsync(Config("github"), new WebhookRequest("POST", Url, sha1, "{}"u8.ToArray()), "k")).IsVerified);
    }

    [Fact]
    public async Task Traps_OfHowCodesAreWritten()
    {
        var config = Config("github");
        var sent = Request(config, "k");
        var upper = With(sent, "X-Hub-Signature-256", value => "sha256=" + value[7..].ToUpperInvariant());
        Assert.True((await VerifyAsync(config, upper, "k")).IsVerified);
        var shopify = Request(Config("shopify"), "k");
        var unpadded = await VerifyAsync(Config("shopify"), With(shopify, "X-Shopify-Hmac-Sha256", value => value.TrimEnd('=')), "k");
        Assert.Contains("its padding (=) is missing", unpadded.Reason, StringComparison.Ordinal);
        var hex = await VerifyAsync(Config("shopify"), With(shopify, "X-Shopify-Hmac-Sha256", value => Convert.ToHexStringLower(Convert.FromBase64String(value))), "k");
        Assert.Contains("it is hexadecimal", hex.Reason, StringComparison.Ordinal);
        var milliseconds = With(Request(Config("slack"), "k"), "X-Slack-Request-Timestamp", value => value + "000");
        Assert.Contains("as milliseconds have", (await VerifyAsync(Config("slack"), milliseconds, "k")).Reason, StringComparison.Ordinal);
        foreach (var odd in new[] { "Infinity", "-1", "1e9", "", " 1760000000", "१७६" })
            Assert.False((await VerifyAsync(Config("slack"), With(Request(Config("slack"), "k"), "X-Slack-Request-Timestamp", _ => odd), "k")).IsVerified);
        var several = With(Request(Config("stripe"), "k"), "Stripe-Signature", value => value.Replace(",v1=", $",v1={new string('a', 64)},v1=nonsense,v1=", StringComparison.Ordinal));
        Assert.True((await VerifyAsync(Config("stripe"), several, "k")).IsVerified);
        var twice = new HeaderDictionary(sent.Headers.ToDictionary()) { ["X-Hub-Signature-256"] = new([sent.Headers["X-Hub-Signature-256"]!, "sha256=00"]) };
        Assert.Contains("there 2 times", (await VerifyAsync(config, sent with { Headers = twice }, "k")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmptyAndBinaryBodies_AreSigned_LikeOthers()
    {
        foreach (var body in new byte[][] { [], [0, 255, 254, 13, 10], [0xED, 0xA0, 0x80] })
        {
            foreach (var name in new[] { "github", "stripe", "slack", "hubspot" })
            {
                var config = Config(name);
                Assert.True((await VerifyAsync(config, Signed(config, "k", new HeaderDictionary(), body), "k")).IsVerified);
            }
        }
    }

    [Theory]
    [InlineData("https://hooks.example.com:443/a", "https://hooks.example.com/a", true)]
    [InlineData("https://hooks.example.com/a", "https://hooks.example.com:443/a", true)]
    [InlineData("http://hooks.example.com/a", "http://hooks.example.com:80/a", true)]
    [InlineData("https://hooks.example.com:8443/a", "https://hooks.example.com/a", true)]
    [InlineData("https://hooks.example.com/a", "https://hooks.example.com/b", false)]
    [InlineData("https://Hooks.example.com/a", "https://hooks.example.com/a", false)]
    [InlineData("https://[2001:db8::1]/a", "https://[2001:db8::1]:443/a", true)]
    public async Task Twilio_TakesTheAddress_WithAndWithoutItsPort(string seen, string called, bool verified)
    {
        var config = Config("twilio");
        var headers = new HeaderDictionary();
        foreach (var (name, value) in Scheme(config).Sign(new SigningInput("POST", called, default, null, "k", config, Now, "m"))) headers[name] = value;
        Assert.Equal(verified, (await VerifyAsync(config, new WebhookRequest("POST", seen, headers, default), "k")).IsVerified);
    }

    [Fact]
    public async Task Twilio_ComparesTheHash_OfABodyThatIsNoForm()
    {
        var config = Config("twilio");
        byte[] body = [.. "{\"a\":1}"u8];
        var url = "https://hooks.example.com/a?bodySHA256=" + Convert.ToHexStringLower(SHA256.HashData(body));
        var headers = new HeaderDictionary { ["Content-Type"] = "application/json" };
        foreach (var (name, value) in Scheme(config).Sign(new SigningInput("POST", url, body, null, "k", config, Now, "m"))) headers[name] = value;
        Assert.True((await VerifyAsync(config, new WebhookRequest("POST", url, headers, body), "k")).IsVerified);
        Assert.Contains("bodySHA256", (await VerifyAsync(config, new WebhookRequest("POST", url, headers, "{\"a\":2}"u8.ToArray()), "k")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientCertificate_IsTaken_ByFingerprintNameOrDnsName()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=press-7", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("press-7.example.com");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
        var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        foreach (var (allowed, verified) in new[] { (fingerprint, true), (fingerprint.ToLowerInvariant(), true), ("press-7", true), ("PRESS-7.example.com", true), ("press-8", false), (new string('0', 64), false) })
        {
            var config = JsonSerializer.Deserialize<VerifyConfig>($$"""{"scheme":"mtls","certificates":["{{allowed}}"]}""", JsonFormat.Wire)!;
            Assert.Equal(verified, (await VerifyAsync(config, new WebhookRequest("POST", Url, new HeaderDictionary(), default, certificate))).IsVerified);
            Assert.Equal("the sender sent no client certificate", (await VerifyAsync(config, new WebhookRequest("POST", Url, new HeaderDictionary(), default))).Reason);
            Assert.Contains("ended", (await VerifyAsync(config, new WebhookRequest("POST", Url, new HeaderDictionary(), default, certificate), Now.AddDays(2))).Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Ed25519_FitsTheVectors_OfRfc8032()
    {
        Assert.Equal(DiscordKey, Convert.ToHexStringLower(Ed25519.PublicKey(Convert.FromHexString(DiscordSeed))));
        const string First = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
        Assert.Equal(First, Convert.ToHexStringLower(Ed25519.Sign(Convert.FromHexString(DiscordSeed), [])));
        Assert.True(Ed25519.Verify(Convert.FromHexString(DiscordKey), [], Convert.FromHexString(First)));
        Assert.False(Ed25519.Verify(Convert.FromHexString(DiscordKey), [1], Convert.FromHexString(First)));
        Assert.False(Ed25519.Verify(new byte[31], [], Convert.FromHexString(First)));
        Assert.False(Ed25519.Verify(Convert.FromHexString(DiscordKey), [], new byte[63]));
    }

    [Theory]
    [InlineData("""{"scheme":"stripe"}""", "/secrets")]
    [InlineData("""{"scheme":"none","secrets":["A"]}""", "/secrets")]
    [InlineData("""{"scheme":"github","secrets":["A"],"version":"v1"}""", "/version")]
    [InlineData("""{"scheme":"hubspot","secrets":["A"],"version":"v4"}""", "/version")]
    [InlineData("""{"scheme":"hubspot","secrets":["A"],"version":"v1","toleranceSeconds":9}""", "/toleranceSeconds")]
    [InlineData("""{"scheme":"convoy","secrets":["A"],"version":"v1"}""", "/version")]
    [InlineData("""{"scheme":"hmac","secrets":["A"]}""", "/header")]
    [InlineData("""{"scheme":"hmac","secrets":["A"],"header":"a b"}""", "/header")]
    [InlineData("""{"scheme":"hmac","secrets":["A"],"header":"a","signed":"{timestamp}.{body}"}""", "/timestampHeader")]
    [InlineData("""{"scheme":"hmac","secrets":["A"],"header":"a","timestampHeader":"b"}""", "/timestampHeader")]
    [InlineData("""{"scheme":"hmac","secrets":["A"],"header":"a","signed":"{id}"}""", "/signed")]
    [InlineData("""{"scheme":"hmac","secrets":["A"],"header":"a","signed":"{what}{body}"}""", "/signed")]
    [InlineData("""{"scheme":"basic","secrets":["A"]}""", "/user")]
    [InlineData("""{"scheme":"jwt"}""", "/jwksUrl")]
    [InlineData("""{"scheme":"jwt","jwksUrl":"https://a.example"}""", "/audience")]
    [InlineData("""{"scheme":"jwt","jwksUrl":"file:///etc/passwd","audience":"a"}""", "/jwksUrl")]
    [InlineData("""{"scheme":"jwt","jwksUrl":"https://a.example","audience":"a","secrets":["A"]}""", "/secrets")]
    [InlineData("""{"scheme":"mtls"}""", "/certificates")]
    [InlineData("""{"scheme":"mtls","certificates":[""]}""", "/certificates/0")]
    [InlineData("""{"scheme":"salesforce-soap"}""", "/secrets")]
    public void Mistake_IsNamed_ByItsPointer(string verify, string place)
    {
        var config = JsonSerializer.Deserialize<VerifyConfig>(verify, JsonFormat.Wire)!;
        Assert.Contains(OptionCheck.Of(Scheme(config), config), found => found.Pointer == place && found.Message.EndsWith('.'));
    }

    private static bool Signs(VerifyConfig config) => config.Scheme is not ("gitlab" or "api-key" or "bearer" or "basic" or "jwt" or "microsoft-graph" or "salesforce-soap");

    // Each byte of the body, and each header that is part of the proof.
    private static async Task AssertTamperingShowsAsync(VerifyConfig config, WebhookRequest sent, string has)
    {
        for (var at = 0; at < sent.Body.Length; at += 7)
        {
            var body = sent.Body.ToArray();
            body[at] ^= 1;
            Assert.False((await VerifyAsync(config, sent with { Body = body }, has)).IsVerified, $"byte {at}");
        }

        Assert.False((await VerifyAsync(config, sent with { Body = sent.Body[..^1] }, has)).IsVerified);
        foreach (var header in Scheme(config).Sign(Input(config, "AAAA", sent.Body, "application/json") with { Secret = Key(config) }).Select(header => header.Name))
        {
            if (header is "X-HubSpot-Signature-Version") continue; // it only says which version was meant
            var without = new HeaderDictionary(sent.Headers.ToDictionary());
            without.Remove(header);
            Assert.Contains("is missing", (await VerifyAsync(config, sent with { Headers = without }, has)).Reason, StringComparison.Ordinal);
            Assert.False((await VerifyAsync(config, With(sent, header, value => value[..^1] + (value[^1] == '1' ? '2' : '1')), has)).IsVerified, header);
        }
    }

    private static string Key(VerifyConfig config) => config.Scheme switch { "discord" => DiscordSeed, "standard-webhooks" => "AAAA", _ => "k" };

    private static WebhookRequest Request(VerifyConfig config, string secret)
    {
        var sample = SampleEvent.Of(config.Scheme, secret, Now, new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
        var headers = new HeaderDictionary();
        foreach (var (name, value) in sample.Headers) headers[name] = value;
        return Signed(config, secret, headers, sample.Body);
    }

    private static WebhookRequest Signed(VerifyConfig config, string secret, HeaderDictionary headers, byte[] body)
    {
        foreach (var (name, value) in Scheme(config).Sign(Input(config, secret, body, headers["Content-Type"]))) headers[name] = value;
        return new WebhookRequest("POST", Url, headers, body);
    }

    private static SigningInput Input(VerifyConfig config, string secret, ReadOnlyMemory<byte> body, string? contentType) => new("POST", Url, body, contentType, secret, config, Now, "msg_1");

    private static WebhookRequest With(WebhookRequest request, string header, Func<string, string> change) =>
        request with { Headers = new HeaderDictionary(request.Headers.ToDictionary()) { [header] = change(request.Headers[header]!) } };

    private static Task<VerificationResult> VerifyAsync(VerifyConfig config, WebhookRequest request, params string[] secrets) => VerifyAsync(config, request, Now, secrets);

    private static Task<VerificationResult> VerifyAsync(VerifyConfig config, WebhookRequest request, DateTimeOffset now, params string[] secrets)
    {
        var named = secrets.Select((value, at) => new NamedSecret("S" + at, value)).ToList();
        return Scheme(config).VerifyAsync(new VerificationInput(request, config, named, now, (_, _) => throw new NotSupportedException())).AsTask();
    }

    private static VerificationScheme Scheme(VerifyConfig config)
    {
        Assert.True(VerificationSchemes.BuiltIn.TryGet(config.Scheme, out var scheme));
        return scheme;
    }

    private static VerifyConfig Config(string scheme, string options = "") => JsonSerializer.Deserialize<VerifyConfig>($$"""{"scheme":"{{scheme}}","secrets":["A","B"]{{options}}}""", JsonFormat.Wire)!;
}

using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Triggers.Webhooks.Verification.Schemes;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Automation.Server.Tests.Triggers;

public class VerificationTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_614_265_330);

    public static TheoryData<string> VectorNames => [.. Vectors().Keys];

    [Theory]
    [MemberData(nameof(VectorNames))]
    public void Vector_IsVerifiedOrRejected_AsItSays(string name)
    {
        var vector = Vectors()[name];
        var now = vector.NowUnixSeconds is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : Now;
        var headers = new HeaderDictionary(vector.Headers.ToDictionary(header => header.Key, header => new StringValues(header.Value), StringComparer.OrdinalIgnoreCase));
        var result = Verify(vector.Verify, headers, Convert.FromBase64String(vector.BodyBase64), now, vector.Secret);
        Assert.True(result.IsVerified == vector.Valid, result.Reason);
    }

    [Theory]
    [InlineData("sha1", "hex", "")]
    [InlineData("sha256", "base64", "sig=")]
    [InlineData("sha384", "hex", "v0=")]
    [InlineData("sha512", "base64", "")]
    public void Hmac_TakesEachHash_InEachEncoding(string algorithm, string encoding, string prefix)
    {
        var config = Config($$"""{"scheme":"hmac","header":"X-Sig","algorithm":"{{algorithm}}","encoding":"{{encoding}}","prefix":"{{prefix}}","secrets":[]}""");
        using var hmac = IncrementalHash.CreateHMAC(new HashAlgorithmName(algorithm.ToUpperInvariant()), "k"u8);
        hmac.AppendData("body"u8);
        var mac = hmac.GetHashAndReset();
        var value = prefix + (encoding == "hex" ? Convert.ToHexStringLower(mac) : Convert.ToBase64String(mac));
        Assert.True(Verify(config, new() { ["x-sig"] = value }, "body"u8.ToArray(), Now, "other", "k").IsVerified);
        Assert.StartsWith("no configured secret matches", Verify(config, new() { ["x-sig"] = value }, "body!"u8.ToArray(), Now, "k").Reason, StringComparison.Ordinal);
        Assert.False(Verify(config, new() { ["x-sig"] = value[..^1] }, "body"u8.ToArray(), Now, "k").IsVerified);
        Assert.False(Verify(config, new() { ["x-sig"] = value + "00" }, "body"u8.ToArray(), Now, "k").IsVerified);
    }

    [Fact]
    public void GitHub_SaysWhatIsWrong()
    {
        var config = Config("""{"scheme":"github","secrets":[]}""");
        Assert.Equal("header X-Hub-Signature-256 is missing", Verify(config, [], [], Now, "k").Reason);
        Assert.Equal("header X-Hub-Signature-256 is there 2 times", Verify(config, new() { ["X-Hub-Signature-256"] = new(["a", "b"]) }, [], Now, "k").Reason);
        Assert.Contains("does not start with", Verify(config, new() { ["X-Hub-Signature-256"] = "sha1=00" }, [], Now, "k").Reason, StringComparison.Ordinal);
        Assert.Contains("hexadecimal", Verify(config, new() { ["X-Hub-Signature-256"] = "sha256=zz" }, [], Now, "k").Reason, StringComparison.Ordinal);
        Assert.False(Verify(config, new() { ["X-Hub-Signature"] = "sha1=" + Convert.ToHexStringLower(CryptographicOperations.HmacData(HashAlgorithmName.SHA1, "k"u8, [])) }, [], Now, "k").IsVerified);
    }

    [Theory]
    [InlineData(300, true)]
    [InlineData(301, false)]
    [InlineData(-300, true)]
    [InlineData(-301, false)]
    public void StandardWebhooks_AllowsFiveMinutes_EitherWay(int off, bool verified)
    {
        var result = Verify(Config("""{"scheme":"standard-webhooks","secrets":[]}"""), Signed("1614265330"), "{}"u8.ToArray(), Now.AddSeconds(off), Secret);
        Assert.Equal(verified, result.IsVerified);
        if (!verified) Assert.StartsWith($"clock off by {off} s: header webhook-timestamp is 301 s {(off > 0 ? "old" : "in the future")}", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Infinity")]
    [InlineData("-1614265330")]
    [InlineData("1614265330000")]
    [InlineData("1614265330.5")]
    [InlineData(" 1614265330")]
    [InlineData("99999999999999999999999")]
    public void StandardWebhooks_RefusesOddTimestamps(string timestamp) =>
        Assert.False(Verify(Config("""{"scheme":"standard-webhooks","secrets":[]}"""), Signed(timestamp), "{}"u8.ToArray(), Now, Secret).IsVerified);

    [Fact]
    public void StandardWebhooks_TakesAnyMatch_OfSeveralSignaturesAndSecrets()
    {
        var config = Config("""{"scheme":"standard-webhooks","secrets":[]}""");
        var headers = Signed("1614265330");
        headers["webhook-signature"] = "v1a,xxxx v1,AAAA " + headers["webhook-signature"];
        Assert.True(Verify(config, headers, "{}"u8.ToArray(), Now, "not base64 !", "AAAA", Secret).IsVerified);
        Assert.Equal("no configured secret is base64: secret S0", Verify(config, headers, "{}"u8.ToArray(), Now, "not base64 !").Reason);
        headers["webhook-signature"] = string.Concat(Enumerable.Repeat("v1,AAAA ", 5_000));
        Assert.False(Verify(config, headers, "{}"u8.ToArray(), Now, Secret).IsVerified);
    }

    [Fact]
    public void StandardWebhooks_NamesTheMissingHeader()
    {
        var headers = Signed("1614265330");
        headers.Remove("webhook-id");
        Assert.Equal("header webhook-id is missing", Verify(Config("""{"scheme":"standard-webhooks","secrets":[]}"""), headers, [], Now, Secret).Reason);
    }

    [Fact]
    public void TwoSchemesOfOneName_FailAtStart() =>
        Assert.Throws<InvalidOperationException>(() => new VerificationSchemes([new GitHubScheme(), new GitHubScheme()]));

    private static HeaderDictionary Signed(string timestamp)
    {
        var mac = HMACSHA256.HashData(Convert.FromBase64String(Secret[6..]), Encoding.UTF8.GetBytes($"msg_1.{timestamp}.{{}}"));
        return new() { ["webhook-id"] = "msg_1", ["webhook-timestamp"] = timestamp, ["webhook-signature"] = "v1," + Convert.ToBase64String(mac) };
    }

    private static VerifyConfig Config(string json) => JsonSerializer.Deserialize<VerifyConfig>(json, JsonFormat.Wire)!;

    private static VerificationResult Verify(VerifyConfig config, HeaderDictionary headers, byte[] body, DateTimeOffset now, params string[] secrets)
    {
        Assert.True(VerificationSchemes.BuiltIn.TryGet(config.Scheme, out var scheme));
        Assert.Empty(OptionCheck.Of(scheme, config with { Secrets = ["S0"] }));
        var named = secrets.Select((value, at) => new NamedSecret("S" + at, value)).ToList();
        var input = new VerificationInput(new WebhookRequest("POST", "https://hooks.example.com/hooks/a", headers, body), config, named, now, (_, _) => throw new NotSupportedException());
        var result = scheme.VerifyAsync(input).AsTask();
        Assert.True(result.IsCompletedSuccessfully);
        return result.Result;
    }

    private static Dictionary<string, Vector> Vectors([CallerFilePath] string here = "")
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(here)!, "vectors.json")));
        return file.RootElement.GetProperty("vectors").Deserialize<Vector[]>(JsonFormat.Wire)!.ToDictionary(vector => vector.Name);
    }

    private sealed record Vector(string Name, VerifyConfig Verify, string Secret, Dictionary<string, string> Headers, string BodyBase64, long? NowUnixSeconds, bool Valid);
}

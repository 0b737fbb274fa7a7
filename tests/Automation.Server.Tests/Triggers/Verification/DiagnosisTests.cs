using System.Text;
using System.Text.Json;
using Automation.Server.Cli;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Triggers.Verification;

/// <summary>A rejection names its cause.</summary>
public class DiagnosisTests
{
    private const string Url = "https://hooks.example.com/hooks/a", Body = "{\n  \"a\": \"ä\"\n}";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_760_000_000);

    [Theory]
    [InlineData(Body + "\n", "without the line break at its end")]
    [InlineData("{\r\n  \"a\": \"ä\"\r\n}", "with LF for CRLF")]
    [InlineData("\ufeff" + Body, "without its byte order mark")]
    [InlineData("{\"a\":\"ä\"}", "the same JSON with indentation")]
    public async Task ChangedBody_IsToldApart_FromAWrongSecret(string received, string cause)
    {
        var headers = Sign("github", "k", Encoding.UTF8.GetBytes(Body));
        Assert.Contains(cause, await FindAsync("github", headers, Encoding.UTF8.GetBytes(received), "k"), StringComparison.Ordinal);
        Assert.Null(await FindAsync("github", headers, Encoding.UTF8.GetBytes(received), "another"));
    }

    [Fact]
    public async Task ReserialisedJson_IsFound_InBothDirections()
    {
        byte[] compact = [.. "{\"a\":\"\\u00e4\"}"u8];
        Assert.Contains("\\u escapes", await FindAsync("meta", Sign("meta", "k", compact), Encoding.UTF8.GetBytes(Body), "k"), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("k\n", "blanks or a line break around it")]
    [InlineData(" k ", "blanks or a line break around it")]
    public async Task Secret_WithALineBreak_IsFound(string secret, string cause) =>
        Assert.Contains(cause, await FindAsync("github", Sign("github", "k", "{}"u8.ToArray()), "{}"u8.ToArray(), secret), StringComparison.Ordinal);

    [Fact]
    public async Task AnotherScheme_IsNamed() =>
        Assert.Contains("the scheme stripe", await FindAsync("github", Sign("stripe", "k", "{}"u8.ToArray()), "{}"u8.ToArray(), "k"), StringComparison.Ordinal);

    [Fact]
    public async Task AnotherAddress_IsNamed()
    {
        var headers = new HeaderDictionary { ["X-Forwarded-Host"] = "shop.example.com" };
        foreach (var (name, value) in Sign("hubspot", "k", "{}"u8.ToArray(), "https://shop.example.com/hooks/a")) headers[name] = value;
        var cause = await FindAsync("hubspot", headers, "{}"u8.ToArray(), "k");
        Assert.Contains("the sender called https://shop.example.com/hooks/a: set PublicUrl", cause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("valid", 0, "k", "{}")]
    [InlineData("invalid: header X-Hub-Signature-256 is not a 256-bit code in hexadecimal", 1, "k", "{}", "sha256=zz")]
    [InlineData("invalid: no configured secret matches", 1, "other", "{}")]
    public async Task Command_SaysValidOrWhyNot(string expected, int code, string secret, string body, string? signature = null)
    {
        var headers = Sign("github", "k", Encoding.UTF8.GetBytes(body));
        if (signature is not null) headers["X-Hub-Signature-256"] = signature;
        using var output = new StringWriter();
        using var errors = new StringWriter();
        VerificationSchemes.BuiltIn.TryGet("github", out var scheme);
        var ended = await VerifyCommand.RunAsync(output, errors, () => Task.FromResult((scheme, Input("github", headers, Encoding.UTF8.GetBytes(body), secret))));
        Assert.Equal(code, ended);
        Assert.StartsWith(expected, output.ToString(), StringComparison.Ordinal);
        Assert.Empty(errors.ToString());
    }

    private static HeaderDictionary Sign(string name, string secret, byte[] body, string url = Url)
    {
        Assert.True(VerificationSchemes.BuiltIn.TryGet(name, out var scheme));
        var headers = new HeaderDictionary { ["Content-Type"] = "application/json" };
        foreach (var (header, value) in scheme.Sign(new SigningInput("POST", url, body, "application/json", secret, new VerifyConfig(name), Now, "m"))) headers[header] = value;
        return headers;
    }

    private static async Task<string?> FindAsync(string name, HeaderDictionary headers, byte[] body, string secret)
    {
        Assert.True(VerificationSchemes.BuiltIn.TryGet(name, out var scheme));
        var input = Input(name, headers, body, secret);
        Assert.False((await scheme.VerifyAsync(input)).IsVerified);
        return await VerificationDiagnosis.FindAsync(scheme, input);
    }

    private static VerificationInput Input(string name, HeaderDictionary headers, byte[] body, string secret) =>
        new(new WebhookRequest("POST", Url, headers, body), JsonSerializer.Deserialize<VerifyConfig>($$"""{"scheme":"{{name}}","secrets":["KEY"]}""", JsonFormat.Wire)!, [new NamedSecret("KEY", secret)], Now, (_, _) => throw new NotSupportedException());
}

using System.Net;
using System.Text;
using System.Text.Json;
using Automation.Server.Secrets;

namespace Automation.Server.Tests.Secrets;

public sealed class SecretRedactorTests
{
    private const string Value = "pa55/w+rd=\"x&y\" ü";

    public static TheoryData<string> Echoes => new(
        Value,
        Uri.EscapeDataString(Value),
        Uri.EscapeDataString(Value).Replace("%20", "+", StringComparison.Ordinal),
        Uri.EscapeDataString(Value).Replace("%2F", "%2f", StringComparison.Ordinal).Replace("%2B", "%2b", StringComparison.Ordinal).Replace("%3D", "%3d", StringComparison.Ordinal).Replace("%C3%BC", "%c3%bc", StringComparison.Ordinal),
        JsonSerializer.Serialize(Value)[1..^1],
        WebUtility.HtmlEncode(Value),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Value)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + Value)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes("u:" + Value + ";")),
        Convert.ToBase64String(Encoding.UTF8.GetBytes("ab:" + Value)).Replace('+', '-').Replace('/', '_'));

    [Theory]
    [MemberData(nameof(Echoes))]
    public void Mask_FindsTheValueInEveryForm(string echo)
    {
        var masked = Redactor(("PASSWORD", Value)).Mask($"you sent <{echo}>, thanks");
        Assert.Contains("•••", masked, StringComparison.Ordinal);
        // No run of ten characters of the echo survives.
        for (var i = 0; i + 10 <= echo.Length; i++) Assert.DoesNotContain(echo.Substring(i, 10), masked, StringComparison.Ordinal);
    }

    [Fact]
    public void Mask_FindsTheTellingPartsOfAnAddress()
    {
        var redactor = Redactor(("SLACK", "https://hooks.example.com/services/T0123456789/B0123456789/q1w2e3r4t5?key=k0k1k2k3k4"));
        var masked = redactor.Mask("no /services/T0123456789/B0123456789/q1w2e3r4t5 here; q1w2e3r4t5; k0k1k2k3k4; hooks.example.com");
        Assert.DoesNotContain("q1w2e3r4t5", masked, StringComparison.Ordinal);
        Assert.DoesNotContain("k0k1k2k3k4", masked, StringComparison.Ordinal);
        Assert.DoesNotContain("hooks.example.com", masked, StringComparison.Ordinal);
    }

    [Fact]
    public void Mask_TakesTheLongestFirst() =>
        Assert.Equal("[•••] [•••]", Redactor(("SHORT", "abcdef"), ("LONG", "abcdef-and-more")).Mask("[abcdef-and-more] [abcdef]"));

    [Fact]
    public void Mask_LeavesValuesAloneThatAreTooShort() => Assert.Equal("1 of 100", Redactor(("PIN", "1")).Mask("1 of 100"));

    [Fact]
    public void Mask_HidesTheBeginningOfAValueWhereTheTextWasCut()
    {
        var redactor = Redactor(("TOKEN", "0123456789abcdef"));
        Assert.Equal("token: •••", redactor.Mask("token: 0123456789ab", cut: true));
        Assert.Equal("token: 0123456789ab", redactor.Mask("token: 0123456789ab"));
    }

    [Fact]
    public void Mask_OverwritesBytes()
    {
        byte[] bytes = [0xFF, .. "secret-value"u8, 0xFE];
        Redactor(("A", "secret-value")).Mask(bytes);
        Assert.Equal([0xFF, .. "************"u8, 0xFE], bytes);
    }

    private static SecretRedactor Redactor(params (string Name, string Value)[] secrets) => new([.. secrets.Select(s => new Secret(s.Name, s.Value))]);
}

using System.Text;
using Automation.Server.Secrets;
using Automation.Server.Steps;

namespace Automation.Server.Tests.Secrets;

public sealed class SecretTemplateTests
{
    private static readonly SecretStore Store = TestSecrets.Of(("TOKEN", "s3cr3t-\"value\"&more"), ("URL", "https://hooks.example.com/T0/abc"));

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("a ${secret.TOKEN} b", "a ••• b")]
    [InlineData("${secret.TOKEN}${secret.URL}", "••••••")]
    [InlineData("$${secret.TOKEN}", "${secret.TOKEN}")]
    [InlineData("$$${secret.TOKEN}", "$${secret.TOKEN}")]
    [InlineData("costs $5 and ${x}", "costs $5 and ${x}")]
    [InlineData("${secret.lower}", "${secret.lower}")]
    [InlineData("${secret.TOKEN", "${secret.TOKEN")]
    [InlineData("$${a} ${secret.TOKEN} $${b}", "${a} ••• ${b}")]
    [InlineData("$", "$")]
    [InlineData("$${", "${")]
    public void Mask_HidesSecretsAndResolvesEscapes(string escaped, string shown) => Assert.Equal(shown, SecretTemplate.Mask(escaped));

    [Theory]
    [InlineData("${secret.TOKEN}")]
    [InlineData("$${secret.TOKEN}")]
    [InlineData("$$$${${${secret.X}")]
    [InlineData("ends in $")]
    public void Escape_MakesAnyTextStandForItself(string data)
    {
        Assert.Equal(data, SecretTemplate.Fill(SecretText.Escape(data), Store));
        Assert.Empty(SecretTemplate.Names(SecretText.Escape(data)));
        var bytes = SecretTemplate.EscapeUtf8(Encoding.UTF8.GetBytes(data));
        Assert.Equal(data, Encoding.UTF8.GetString(new SecretFilling(Store).Utf8(bytes, SecretSpelling.Raw).Span));
    }

    [Fact]
    public void Names_ListsEachSecretOnce() =>
        Assert.Equal(["B", "A_1"], SecretTemplate.Names("${secret.B} $${secret.C} ${secret.A_1} ${secret.B}"));

    [Fact]
    public void Fill_NamesTheMissingSecret_AndShowsNoValue()
    {
        var error = Assert.Throws<StepException>(() => SecretTemplate.Fill("${secret.TOKEN} ${secret.NOT_SET}", Store));
        Assert.Equal("secret_missing", error.Error.Code);
        Assert.Contains("NOT_SET", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void FillUtf8_ReturnsTheSameBytes_WhenNothingIsNamed()
    {
        ReadOnlyMemory<byte> body = "{\"price\":\"$5\"}"u8.ToArray();
        Assert.True(new SecretFilling(Store).Utf8(body, SecretSpelling.Json).Equals(body));
    }

    [Fact]
    public void FillUtf8_WritesTheValueAsTheBodyNeedsIt()
    {
        var body = "é:${secret.TOKEN}"u8.ToArray();
        string Filled(SecretSpelling spelling) => Encoding.UTF8.GetString(new SecretFilling(Store).Utf8(body, spelling).Span);
        Assert.Equal("é:s3cr3t-\"value\"&more", Filled(SecretSpelling.Raw));
        Assert.Equal("é:s3cr3t-\\\"value\\\"&more", Filled(SecretSpelling.Json));
        Assert.Equal("é:s3cr3t-%22value%22%26more", Filled(SecretSpelling.Form));
    }

    [Fact]
    public void FillUtf8_LeavesBytesThatAreNoTextUnharmed()
    {
        byte[] bytes = [0xFF, 0x00, 0x80, .. "$${"u8, 0xC3];
        Assert.Equal([0xFF, 0x00, 0x80, .. "${"u8, 0xC3], new SecretFilling(Store).Utf8(bytes, SecretSpelling.Raw).ToArray());
    }
}

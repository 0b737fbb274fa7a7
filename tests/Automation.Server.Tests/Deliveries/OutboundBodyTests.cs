using System.Text;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Tests.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Tests.Deliveries;

public sealed class OutboundBodyTests
{
    [Theory]
    [InlineData("{\"a\":[1,2]}", "application/json; charset=utf-8", "{\"a\":[1,2]}")]
    [InlineData("{\"a\":1}", "application/vnd.api+json", "{\"a\":1}")]
    [InlineData("\"plain ü\"", "text/plain", "plain ü")]
    [InlineData("\"<a/>\"", "application/xml", "<a/>")]
    [InlineData("{\"a\":1}", "text/plain", "{\"a\":1}")]
    [InlineData("{\"base64\":\"AAEC\"}", "application/octet-stream", "\0\u0001\u0002")]
    [InlineData("{\"a b\":\"x&y=ü z\",\"n\":1.5,\"t\":true,\"none\":null,\"l\":[1,\"2\"]}", "application/x-www-form-urlencoded", "a+b=x%26y%3D%C3%BC+z&n=1.5&t=true&none=&l=1&l=2")]
    [InlineData("{\"k\":\"${secret.KEY}!\",\"lit\":\"$${secret.KEY}\"}", "application/x-www-form-urlencoded", "k=v%26%20%22%21&lit=%24%7Bsecret.KEY%7D")]
    [InlineData("{\"k\":\"${secret.KEY}\"}", "application/json", "{\"k\":\"v& \\\"\"}")]
    [InlineData("\"${secret.KEY} $${x}\"", "text/plain", "v& \" ${x}")]
    public void Encode_ThenFill_GivesTheBytesThatAreSent(string value, string contentType, string sent)
    {
        var encoded = OutboundBody.Encode(new SecretJson(Json.Parse(value)), contentType);
        var filled = new SecretFilling(TestSecrets.Of(("KEY", "v& \""))).Utf8(encoded, OutboundBody.Spelling(contentType));
        Assert.Equal(sent, Encoding.UTF8.GetString(filled.Span));
    }

    [Theory]
    [InlineData("[1]", "an array")]
    [InlineData("\"x\"", "a text")]
    [InlineData("{\"a\":{}}", "\"a\" is an object")]
    public void Encode_SaysWhatAFormCannotHold(string value, string part)
    {
        var error = Assert.Throws<StepException>(() => OutboundBody.Encode(new SecretJson(Json.Parse(value)), OutboundBody.Form));
        Assert.Equal("config_invalid", error.Error.Code);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"\\ud800\"", "text/plain")]
    [InlineData("{\"k\":\"\\udc00\"}", OutboundBody.Form)]
    public void Encode_SaysWhenTheTextHoldsHalfOfACharacter(string value, string contentType)
    {
        var error = Assert.Throws<StepException>(() => OutboundBody.EncodeData(Json.Parse(value), contentType));
        Assert.Equal("config_invalid", error.Error.Code);
    }
}

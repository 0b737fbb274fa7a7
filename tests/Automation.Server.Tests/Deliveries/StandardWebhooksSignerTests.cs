using Automation.Server.Deliveries;
using Automation.Server.Steps;

namespace Automation.Server.Tests.Deliveries;

public sealed class StandardWebhooksSignerTests
{
    [Fact]
    public void Sign_GivesThePublishedVector() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        StandardWebhooksSigner.Sign("KEY", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}"u8));

    [Theory]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_")]
    [InlineData("whsec_not base 64!")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")]
    [InlineData("")]
    public void Sign_RefusesASecretOfAnotherForm_WithoutShowingIt(string secret)
    {
        var error = Assert.Throws<StepException>(() => StandardWebhooksSigner.Sign("PARTNER_KEY", secret, "id", 1, "{}"u8));
        Assert.Equal("signing_secret_invalid", error.Error.Code);
        Assert.Contains("PARTNER_KEY", error.Message, StringComparison.Ordinal);
        if (secret.Length > 6) Assert.DoesNotContain(secret[6..], error.Message, StringComparison.Ordinal);
    }
}

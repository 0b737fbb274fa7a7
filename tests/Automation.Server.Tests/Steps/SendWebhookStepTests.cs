using System.Text;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Steps.Types;
using Automation.Server.Tests.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Tests.Steps;

public sealed class SendWebhookStepTests
{
    private static readonly SecretStore Secrets = TestSecrets.Of(("KEY", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ("PLAIN", "not a key"));
    private readonly SendWebhookStep step = new(new DeliveryOptions(), Secrets);

    [Fact]
    public async Task Run_QueuesOneDelivery_WithTheInputAsBody()
    {
        var context = new CallContext(step, "{\"text\":\"hi\"}");
        var result = await step.RunAsync(new SendWebhookStep.Config(new("https://a.example/hook")), context);
        var queued = Assert.Single(context.Queued);
        Assert.Equal("{\"deliveryId\":\"dlv_0000000000010\"}", result.Output.ToString());
        Assert.Equal("done", result.Outcome);
        Assert.Equal("{\"text\":\"hi\"}", Encoding.UTF8.GetString(queued.Body.Span));
        Assert.Equal(("POST", "application/json", 8, TimeSpan.FromSeconds(15), (string?)null), (queued.Method, queued.ContentType, queued.MaxAttempts, queued.Timeout, queued.SigningSecret));
    }

    [Fact]
    public async Task Run_QueuesWhatTheConfigSays()
    {
        var context = new CallContext(step);
        var config = Json.Parse("""
            { "url": "${secret.URL}", "method": "PUT", "headers": { "Authorization": "Bearer ${secret.KEY}", "X-Count": 5 }, "body": { "a": "${secret.KEY}" },
              "sign": "KEY", "maxAttempts": 3, "attemptTimeout": "2s" }
            """).To<SendWebhookStep.Config>()!;
        await step.RunAsync(config, context);
        var queued = Assert.Single(context.Queued);
        Assert.Equal("${secret.URL}", queued.Url.Escaped);
        Assert.Equal("Bearer •••", queued.Headers["Authorization"].ToString());
        Assert.Equal("5", queued.Headers["X-Count"].Escaped);
        Assert.Contains("${secret.KEY}", Encoding.UTF8.GetString(queued.Body.Span), StringComparison.Ordinal);
        Assert.Equal(("PUT", 3, TimeSpan.FromSeconds(2), "KEY"), (queued.Method, queued.MaxAttempts, queued.Timeout, queued.SigningSecret));
    }

    [Theory]
    [InlineData("{\"x\":\"${secret.KEY}\"}")]
    [InlineData("{\"x\":\"\\u0024{secret.KEY}\",\"y\":\"$${secret.KEY}\"}")]
    public async Task Run_NeverLetsTheInputNameASecret(string input)
    {
        var context = new CallContext(step, input);
        await step.RunAsync(new SendWebhookStep.Config(new("https://a.example/hook")), context);
        var sent = new SecretFilling(Secrets).Utf8(context.Queued[0].Body, SecretSpelling.Json);
        Assert.Equal(input, Encoding.UTF8.GetString(sent.Span));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task Run_SendsNoBody_WhereTheMethodHasNone(string method)
    {
        var context = new CallContext(step, "{\"a\":1}");
        await step.RunAsync(new SendWebhookStep.Config(new("https://a.example/hook"), method), context);
        Assert.Null(context.Queued[0].ContentType);
        Assert.True(context.Queued[0].Body.IsEmpty);
    }

    [Fact]
    public void Check_ReportsEveryMistakeAtOnce()
    {
        var check = new CheckedStep("""{ "url": "ftp://a.example/", "headers": { "Host": "b", "a/b~": "x" }, "sign": "PLAIN" }""");
        step.Check(check);
        Assert.Equal(["/url", "/headers/Host", "/headers/a~1b~0", "/sign"], check.Problems.Select(p => p.Split(':')[0]));
    }

    [Theory]
    [InlineData("""{ "url": "${secret.URL}/x", "sign": "KEY" }""")]
    [InlineData("""{ "url": "https://${event.data.host}/", "headers": { "X-A": "${secret.KEY}" } }""")]
    [InlineData("""{ "url": "https://a.example/$5" }""")]
    public void Check_AcceptsWhatIsKnownOnlyLater(string config)
    {
        var check = new CheckedStep(config);
        step.Check(check);
        Assert.Empty(check.Problems);
    }

    [Theory]
    [InlineData("MISSING", "There is no secret \"MISSING\" on this server. Set the environment variable AUTOMATION_SECRET_MISSING and start the server again, or correct the name.")]
    [InlineData("${secret.KEY}", "is not a secret's name")]
    public void Check_SaysWhatIsWrongWithTheSigningSecret(string sign, string message)
    {
        var check = new CheckedStep($$"""{ "url": "https://a.example/", "sign": "{{sign}}" }""");
        step.Check(check);
        Assert.Contains(message, Assert.Single(check.Problems), StringComparison.Ordinal);
    }
}

using System.Text;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Steps.Types;
using Automation.Server.Tests.Deliveries;
using Automation.Server.Tests.Secrets;
using Automation.Server.Tests.Workflows;
using Automation.Server.Values;

namespace Automation.Server.Tests.Steps;

/// <summary>Data from outside that reads like a secret's name, however its JSON spells it, arrives as it is.</summary>
public sealed class DataAndSecretsTests
{
    private const string Value = "the-value-of-the-secret";
    private static readonly SecretStore Secrets = TestSecrets.Of(("KEY", Value));
    private readonly SendWebhookStep send = new(new DeliveryOptions(), Secrets);

    /// <summary>Texts between the quotes of a JSON string.</summary>
    public static TheoryData<string> Spellings =>
    [
        "${secret.KEY}",
        @"\u0024{secret.KEY}",
        @"$\u007bsecret.KEY}",
        @"$\u007Bsecret.KEY}",
        @"\u0024\u007bsecret.KEY\u007d",
        @"${\u0073ecret\u002eKEY}",
        @"\u0024{\u0073ecret.KEY}",
        "$${secret.KEY}",
        @"$\u0024{secret.KEY}",
        @"\u0024${secret.KEY}",
        @"$$\u007bsecret.KEY}",
        @"\\u0024{secret.KEY}",
        @"\\\u0024{secret.KEY} \ud83d\ude00",
    ];

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task Input_IsSentAsItIs(string spelled)
    {
        Assert.Equal(Plain(spelled), Encoding.UTF8.GetString((await SentAsync($"\"{spelled}\"", "text/plain")).Span));
        Assert.Equal($"{{\"{spelled}\":\"{spelled}\"}}", Encoding.UTF8.GetString((await SentAsync($"{{\"{spelled}\":\"{spelled}\"}}", "text/plain")).Span));
        Assert.Equal($"{{\"{spelled}\":\"{spelled}\"}}", Encoding.UTF8.GetString((await SentAsync($"{{\"{spelled}\":\"{spelled}\"}}", "application/json")).Span));
        AssertForm(spelled, await SentAsync($"{{\"{spelled}\":[\"{spelled}\"]}}", OutboundBody.Form));
    }

    [Fact]
    public async Task Input_OfBytes_IsSentAsItIs() =>
        Assert.Equal("${secret.KEY}", Encoding.UTF8.GetString((await SentAsync($"{{\"base64\":\"{Convert.ToBase64String("${secret.KEY}"u8)}\"}}", "application/octet-stream")).Span));

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task ConfiguredBody_SendsTheDataAsItIs(string spelled)
    {
        Assert.Equal(Plain(spelled), Encoding.UTF8.GetString((await ConfiguredAsync("\"${input}\"", $"\"{spelled}\"", "text/plain")).Span));
        Assert.Equal($"a{Plain(spelled)}b {Value}", Encoding.UTF8.GetString((await ConfiguredAsync("\"a${input}b ${secret.KEY}\"", $"\"{spelled}\"", "text/plain")).Span));
        AssertForm(spelled, await ConfiguredAsync("\"${input}\"", $"{{\"{spelled}\":\"{spelled}\"}}", OutboundBody.Form));
        using var json = JsonDocument.Parse(await ConfiguredAsync("\"${input}\"", $"{{\"{spelled}\":\"{spelled}\"}}", "application/json"));
        var property = json.RootElement.EnumerateObject().Single();
        Assert.Equal((Plain(spelled), Plain(spelled)), (property.Name, property.Value.GetString()!));
    }

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task AddressAndHeaders_TakeTheDataAsItIs(string spelled)
    {
        var template = await new Compiling { Secrets = { "KEY" } }.SendAsync("""
            "url": "https://a.example/${input}/${secret.KEY}", "headers": { "X-Data": "${input}" }
            """);
        var config = Compiling.Fill(template, $"[\"{spelled}\",\"{spelled}\"]");
        var filling = new SecretFilling(Secrets);
        Assert.Equal($"https://a.example/{Plain(spelled)}/{Value}", filling.Text(config.Url.Escaped));
        Assert.Equal(Plain(spelled), filling.Text(config.Headers!["X-Data"].Escaped));
        Assert.Equal(["KEY"], SecretTemplate.Names(config.Url.Escaped));
        Assert.Empty(SecretTemplate.Names(config.Headers["X-Data"].Escaped));
        Assert.Equal(Plain(spelled), config.Headers["X-Data"].ToString());
    }

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task Query_TakesTheDataAsItIs(string spelled)
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        using var http = new OutboundHttp(new OutboundOptions { AllowPrivate = "loopback" }, TimeProvider.System);
        var step = new HttpRequestStep(http, Secrets, TimeProvider.System);
        var data = SecretText.Escape(Plain(spelled));
        await step.RunAsync(new HttpRequestStep.Config(new(receiver.Url), Query: new Dictionary<string, SecretText> { [data] = new(data) }), new CallContext(step));
        var pair = receiver.Requests.Single().Target.Split('?')[1].Split('=');
        Assert.Equal([Plain(spelled), Plain(spelled)], pair.Select(Uri.UnescapeDataString));
    }

    [Theory]
    [InlineData("https://${secret.KEY}.example/a", "${secret.KEY}")]
    [InlineData("https://$${secret.KEY}.example/a", "https://$${secret.KEY}.example/a")]
    [InlineData("https://a.example/$${secret.KEY}/${secret.KEY}", "https://a.example:443")]
    public void Destination_NamesASecret_OnlyWhereOneIs(string escapedUrl, string destination) => Assert.Equal(destination, Delivery.DestinationOf(escapedUrl));

    private static string Plain(string spelled) => JsonElement.Parse($"\"{spelled}\"").GetString()!;

    private static void AssertForm(string spelled, ReadOnlyMemory<byte> sent)
    {
        var pair = Encoding.UTF8.GetString(sent.Span).Split('=');
        Assert.Equal([Plain(spelled), Plain(spelled)], pair.Select(part => Uri.UnescapeDataString(part.Replace('+', ' '))));
    }

    /// <summary>The bytes on the wire of a step without a body of its own.</summary>
    private async Task<ReadOnlyMemory<byte>> SentAsync(string input, string contentType)
    {
        var context = new CallContext(send, input);
        await send.RunAsync(new SendWebhookStep.Config(new("https://a.example/hook"), ContentType: contentType), context);
        return new SecretFilling(Secrets).Utf8(Assert.Single(context.Queued).Body, OutboundBody.Spelling(contentType));
    }

    /// <summary>The same with a body whose one expression gives <paramref name="value"/>.</summary>
    private static async Task<ReadOnlyMemory<byte>> ConfiguredAsync(string body, string value, string contentType)
    {
        var template = await new Compiling { Secrets = { "KEY" } }.SendAsync($$""" "url": "https://a.example/", "body": {{body}} """);
        var encoded = OutboundBody.Encode(Compiling.Fill(template, $"[{value}]").Body!.Value, contentType);
        return new SecretFilling(Secrets).Utf8(encoded, OutboundBody.Spelling(contentType));
    }
}

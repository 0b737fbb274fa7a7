using System.Text.Json;
using Automation.Server.Cli;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;

namespace Automation.Server.Tests.Triggers.Verification;

/// <summary>Both directions with the providers' own libraries: what they sign is taken by the server, what <c>send</c> signs is taken by them.</summary>
public class ProviderSdkTests
{
    private const string Standard = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string DiscordSeed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", DiscordKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("stripe", "stripe", "whsec_test_secret")]
    [InlineData("github", "github", "a secret")]
    [InlineData("standard-webhooks", "standard-webhooks", Standard)]
    [InlineData("svix", "standard-webhooks", Standard)]
    [InlineData("twilio", "twilio", "token")]
    [InlineData("twilio-json", "twilio", "token")]
    [InlineData("shopify", "shopify", "client secret")]
    [InlineData("slack", "slack", "8f742231b10e8888abcd99yyyzzz85a5")]
    public async Task WhatTheLibrarySigns_IsTaken_AndWithAnotherSecretItIsNot(string provider, string scheme, string secret)
    {
        await using var server = await WebhookServer.StartAsync($$"""{"path":"/a","verify":{"scheme":"{{scheme}}","secrets":["KEY"]} }""");
        server.Time.Jump(TimeProvider.System.GetUtcNow() - server.Time.GetUtcNow());
        server.Secrets["KEY"] = secret;
        Assert.Equal("202", await SignAsync(provider, server, secret));
        server.Secrets["KEY"] = scheme is "standard-webhooks" ? "whsec_AAAA" : "another";
        Assert.Equal("401", await SignAsync(provider, server, secret));
        Assert.Single(server.Offered);
    }

    [Theory]
    [InlineData("stripe", "stripe", "whsec_test_secret", "whsec_test_secret")]
    [InlineData("github", "github", "a secret", "a secret")]
    [InlineData("standard-webhooks", "standard-webhooks", Standard, Standard)]
    [InlineData("svix", "standard-webhooks", Standard, Standard)]
    [InlineData("twilio", "twilio", "token", "token")]
    [InlineData("slack", "slack", "8f742231b10e8888abcd99yyyzzz85a5", "8f742231b10e8888abcd99yyyzzz85a5")]
    [InlineData("shopify", "shopify", "client secret", "client secret")]
    [InlineData("discord", "discord", DiscordSeed, DiscordKey)]
    public async Task WhatWeSign_IsTakenByTheLibrary_AndWithAnotherSecretItIsNot(string provider, string scheme, string signsWith, string has)
    {
        using var receiver = ProviderSdk.Start("receive.mjs", provider, has);
        try
        {
            if (!int.TryParse(await receiver.StandardOutput.ReadLineAsync().WaitAsync(Patience), out var port)) Assert.Fail(await receiver.StandardError.ReadToEndAsync());
            var to = $"http://127.0.0.1:{port}/hooks/a?x=1";
            Assert.True(VerificationSchemes.BuiltIn.TryGet(scheme, out var signer));
            using var http = new HttpClient();
            foreach (var (secret, expected) in new[] { (signsWith, "valid"), (scheme switch { "discord" => new string('1', 64), "standard-webhooks" => "whsec_AAAA", _ => "another" }, "invalid") })
            {
                using var request = SendCommand.Create(signer, new VerifyConfig(scheme), secret, to, to, null, TimeProvider.System.GetUtcNow(), Guid.NewGuid());
                await http.SendAsync(request).WaitAsync(Patience);
                var said = await receiver.StandardOutput.ReadLineAsync().WaitAsync(Patience);
                Assert.Equal(expected, said?.Split(':')[0]);
            }
        }
        finally
        {
            receiver.Kill();
        }
    }

    private static async Task<string> SignAsync(string provider, WebhookServer server, string secret)
    {
        using var sender = ProviderSdk.Start("sign.mjs", provider, new Uri(server.Http.BaseAddress!, "/hooks/a").ToString(), secret);
        var said = await sender.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        return said.Length > 0 ? said.Trim() : await sender.StandardError.ReadToEndAsync();
    }
}

using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Triggers.Verification;

/// <summary>The published and derived vectors of <c>signatures.json</c>.</summary>
public class SignatureVectorTests
{
    public static TheoryData<string> Vectors => [.. Read().GetProperty("vectors").EnumerateArray().Select(Name)];

    public static TheoryData<string> Handshakes => [.. Read().GetProperty("handshakes").EnumerateArray().Select(Name)];

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Vector_IsVerifiedOrRejected_AsItSays(string name)
    {
        var vector = Read().GetProperty("vectors").EnumerateArray().Single(vector => Name(vector) == name);
        var config = Config(vector.GetProperty("scheme").GetString()!, name);
        Assert.True(VerificationSchemes.BuiltIn.TryGet(config.Scheme, out var scheme));
        Assert.Empty(OptionCheck.Of(scheme, config));
        var headers = new HeaderDictionary();
        foreach (var header in vector.GetProperty("headers").EnumerateObject()) headers[header.Name] = header.Value.GetString();
        var request = new WebhookRequest(vector.GetProperty("method").GetString()!, vector.GetProperty("url").GetString() ?? "https://example.com/hooks/a", headers, Convert.FromBase64String(vector.GetProperty("body_base64").GetString()!));
        var now = vector.GetProperty("now_unix_seconds") is { ValueKind: JsonValueKind.Number } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds.GetInt64()) : DateTimeOffset.UnixEpoch;
        var result = await scheme.VerifyAsync(new VerificationInput(request, config, [new NamedSecret("KEY", vector.GetProperty("secret").GetString()!)], now, (_, _) => throw new NotSupportedException()));
        Assert.True(result.IsVerified == vector.GetProperty("expected_valid").GetBoolean(), $"{result.Reason ?? "verified"}; the vector says: {vector.GetProperty("reason")}");
        if (result.IsVerified) Assert.Equal("KEY", result.Secret);
    }

    [Theory]
    [MemberData(nameof(Handshakes))]
    public async Task Handshake_IsAnswered_AsTheProviderSays(string name)
    {
        var vector = Read().GetProperty("handshakes").EnumerateArray().Single(vector => Name(vector) == name);
        var request = vector.GetProperty("request");
        var body = request.TryGetProperty("body", out var text) ? text.GetString()! : "";
        var signs = vector.GetProperty("provider").GetString() is "slack";
        var secret = vector.GetProperty("secret").GetString() ?? "slack-signing-secret";
        var scheme = vector.GetProperty("provider").GetString() is "x-twitter" ? "x" : vector.GetProperty("provider").GetString();
        var challenge = scheme is "meta" ? ""","challengeSecret":"KEY" """ : "";
        await using var server = await WebhookServer.StartAsync($$"""{"path":"/a","verify":{"scheme":"{{scheme}}","secrets":["KEY"]{{challenge}} } }""");
        server.Secrets["KEY"] = secret;
        using var message = new HttpRequestMessage(new HttpMethod(request.GetProperty("method").GetString()!), "/hooks/a" + (request.TryGetProperty("query", out var query) ? "?" + query.GetString() : ""));
        if (message.Method == HttpMethod.Post) message.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (request.TryGetProperty("headers", out var headers))
        {
            foreach (var header in headers.EnumerateObject()) message.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString());
        }

        if (signs) Sign(message, server.Time.GetUtcNow(), secret, body);
        var answer = await server.Http.SendAsync(message);
        var expected = vector.GetProperty("response");
        Assert.Equal(expected.GetProperty("status").GetInt32(), (int)answer.StatusCode);
        Assert.Equal(expected.GetProperty("content_type").GetString(), answer.Content.Headers.ContentType!.MediaType);
        var (given, wanted) = (await answer.Content.ReadAsStringAsync(), expected.GetProperty("body").GetString()!);
        if (wanted.StartsWith('{')) Assert.True(JsonNode.DeepEquals(JsonNode.Parse(wanted), JsonNode.Parse(given)), given);
        else Assert.Equal(wanted, given);
        Assert.Empty(server.Offered);
    }

    [Fact]
    public async Task Slack_AnswersNoUnsignedQuestion()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"slack","secrets":["KEY"]}}""");
        var answer = await server.Http.PostAsync("/hooks/a", new StringContent("""{"type":"url_verification","challenge":"x"}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private static void Sign(HttpRequestMessage message, DateTimeOffset now, string secret, string body)
    {
        var timestamp = now.ToUnixTimeSeconds();
        var code = System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"v0:{timestamp}:{body}"));
        message.Headers.Add("X-Slack-Request-Timestamp", $"{timestamp}");
        message.Headers.Add("X-Slack-Signature", "v0=" + Convert.ToHexStringLower(code));
    }

    private static VerifyConfig Config(string scheme, string name) => JsonSerializer.Deserialize<VerifyConfig>(scheme switch
    {
        "hubspot-v1" or "hubspot-v2" or "hubspot-v3" => $$"""{"scheme":"hubspot","version":"{{scheme[8..]}}","secrets":["KEY"]}""",
        "convoy-simple" or "convoy-advanced" => $$"""{"scheme":"convoy","version":"{{scheme[7..]}}","encoding":"{{(name.Contains("base64", StringComparison.Ordinal) ? "base64" : "hex")}}","secrets":["KEY"]}""",
        "x-twitter" => """{"scheme":"x","secrets":["KEY"]}""",
        _ => $$"""{"scheme":"{{scheme}}","secrets":["KEY"]}""",
    }, JsonFormat.Wire)!;

    private static string Name(JsonElement vector) => $"{vector.GetProperty("provider")}: {vector.GetProperty("name")}";

    private static JsonElement Read([CallerFilePath] string here = "") => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(here)!, "signatures.json"))).RootElement;
}

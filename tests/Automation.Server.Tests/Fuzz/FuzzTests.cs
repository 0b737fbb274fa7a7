using System.Text;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Triggers.Webhooks.CloudEvents;
using Automation.Server.Triggers.Webhooks.Verification;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Fuzz;

/// <summary>Thousands of inputs, the same in each run, to every parser that reads bytes from outside: none throws, none hangs, none takes memory out of proportion.</summary>
public sealed class FuzzTests
{
    private const int Inputs = 3000, OfSchemes = 500;

    // What a parser may allocate for an input: some objects, and a bounded number of copies of each byte.
    private const long Fixed = 2 << 20, PerByte = 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string[] Pieces =
    [
        "", "{", "}", "[", "]", "\"", "\\u0000", "\\ud800", "null", "1e999", "-0", "=", "&", "%", "%zz", "%00", "+", ";", ",", "\r\n", "\r\n\r\n", "--b", "--b--", "name=\"", "filename*=UTF-8''%ff",
        "<", ">", "</a>", "<a b='", "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>", "&e;", "<![CDATA[", "]]>", "<?xml version=\"1.0\" encoding=\"utf-7\"?>", "<!--", "specversion", "1.0", "data_base64",
        "t=", "v1=", "v1a,", "v0=", "sha256=", "sha1=", "Bearer ", "Basic ", "eyJhbGciOiJub25lIn0", ".", "..", "whsec_", "9999999999999999999999", "-1", "\0", "\uFEFF", "ÿ", "🙂", "AAAA", "====",
    ];

    public static TheoryData<string, string> Bodies => new()
    {
        { "application/json", """{"a":[1,2.5e3,"x\u00e9\\",true,null,{"b":{}}]}""" },
        { "application/cloudevents+json", """{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2026-01-01T00:00:00Z","data_base64":"AAEC"}""" },
        { "application/cloudevents-batch+json", """[{"specversion":"1.0","id":"1","source":"/s","type":"t"}]""" },
        { "application/x-www-form-urlencoded", "a=1&b=%C3%A9+x&c[]=2&c[]=3&=&&d" },
        { "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\u0001\u0002\r\n--b--\r\n" },
        { "application/xml", "<?xml version=\"1.0\"?><a x=\"1\"><b>t&amp;u</b><b/><![CDATA[<c>]]></a>" },
        { "text/plain; charset=iso-8859-1", "Grüße" },
        { "application/x-sparkplug-b", "\u0008\u0090\u00e1\u0005\u0012\u0008\u000a\u0001a\u0020\u0009\u0065\u0018\u0001" },
        { "", """{"a":1}""" },
    };

    public static TheoryData<string> Schemes => [.. VerificationSchemes.BuiltIn.All.Select(scheme => scheme.Name).Order()];

    [Theory]
    [MemberData(nameof(Bodies))]
    public Task Bodies_OfAnyBytes_AreReadOrRefused(string contentType, string seed) => WithinAsync(() =>
    {
        var random = new Random(4711);
        for (var i = 0; i < Inputs; i++)
        {
            var body = Mutated(Encoding.UTF8.GetBytes(seed), random);
            var type = contentType.Length == 0 ? null : random.Next(10) == 0 ? MutatedText(contentType, random) : contentType;
            Bounded(body.Length, () =>
            {
                EventData.TryCheck(type, body, out _);
                EventData.Parse(type, body);
                CloudEventJson.TryReadAttributes(null, body, out _, out _);
            });
        }
    });

    [Theory]
    [InlineData("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>")]
    [InlineData("<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><a>&c;&c;&c;</a>")]
    [InlineData("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\"><a/>")]
    public void Xml_ResolvesNoEntity_AndFetchesNothing(string text)
    {
        Assert.False(XmlBody.TryParse(null, Encoding.UTF8.GetBytes(text), out _, out var reason));
        Assert.DoesNotContain("root:", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json", "[")]
    [InlineData("application/json", "{\"a\":")]
    [InlineData("application/xml", "<a>")]
    [InlineData("application/x-www-form-urlencoded", "a=1&")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n")]
    public Task MuchOfTheSame_IsReadOrRefused_InBoundedTimeAndMemory(string contentType, string piece) => WithinAsync(() =>
    {
        var body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(piece, (1 << 18) / piece.Length)));
        Bounded(body.Length, () => EventData.TryCheck(contentType, body, out _));
    });

    [Theory]
    [MemberData(nameof(Schemes))]
    public Task Schemes_VerifyAnything_WithoutThrowing(string name) => WithinAsync(() =>
    {
        Assert.True(VerificationSchemes.BuiltIn.TryGet(name, out var scheme));
        var random = new Random(4712);
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var config = ConfigOf(scheme);
        var body = """{"id":"1","type":"a","token":"x","validationTokens":["e30.e30.e30"]}"""u8.ToArray();
        var secret = Convert.ToBase64String(new byte[32]);
        var signed = new List<(string Name, string Value)>();
        try
        {
            signed.AddRange(scheme.Sign(new SigningInput("POST", "https://example.com/hooks/a?b=1", body, "application/json", secret, config, now, "msg_1")));
        }
        catch (FormatException)
        {
            // a key pair's secret has another form: the headers below do
        }

        foreach (var header in (string[])["Authorization", "X-Signature", "Stripe-Signature", "webhook-signature", "webhook-id", "webhook-timestamp", "X-Slack-Signature", "X-Slack-Request-Timestamp", "X-Hub-Signature-256", "X-Signature-Ed25519", "X-Signature-Timestamp", "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp", "X-Twilio-Signature"])
        {
            if (!signed.Exists(s => s.Name.Equals(header, StringComparison.OrdinalIgnoreCase))) signed.Add((header, "t=1767225600,v1=00"));
        }

        for (var i = 0; i < OfSchemes; i++)
        {
            var headers = new HeaderDictionary();
            foreach (var (header, value) in signed)
            {
                var one = MutatedText(value, random);
                headers[header] = random.Next(8) == 0 ? new[] { one, value } : one;
            }

            var sent = random.Next(2) == 0 ? body : Mutated(body, random);
            var request = new WebhookRequest("POST", random.Next(4) == 0 ? "https://example.com/hooks/a?" + Uri.EscapeDataString(MutatedText("b=1", random)) : "https://example.com/hooks/a?b=1", headers, sent);
            var secrets = random.Next(8) == 0 && scheme.SecretsAreOptional ? [] : new[] { new NamedSecret("KEY", random.Next(8) == 0 ? MutatedText(secret, random) : secret) };
            var input = new VerificationInput(request, config, secrets, now, (_, _) => ValueTask.FromResult(KeySets.Read(random.Next(2) == 0 ? "" : MutatedText("""{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}""", random))));
            Bounded(sent.Length + 4096, () => scheme.VerifyAsync(input).AsTask().GetAwaiter().GetResult());
            scheme.MessageId(request, config);
        }
    });

    [Fact]
    public Task CloudEventHeaders_OfAnyText_AreReadOrRefused() => WithinAsync(() =>
    {
        var random = new Random(4713);
        for (var i = 0; i < Inputs; i++)
        {
            var headers = new HeaderDictionary();
            foreach (var (name, value) in new[] { ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t"), ("ce-time", "2026-01-01T00:00:00Z"), ("ce-comexample", "x%20y") }) headers[name] = MutatedText(value, random);
            Bounded(1024, () => CloudEventHeaders.TryRead(headers, out _, out _));
            _ = MediaType.TryParse(MutatedText("multipart/form-data; boundary=\"b\"; charset=utf-8", random), out _);
        }
    });

    private static VerifyConfig ConfigOf(VerificationScheme scheme)
    {
        bool Takes(VerifyOptions option) => scheme.Takes.HasFlag(option);
        return new VerifyConfig(
            scheme.Name,
            scheme.SecretsAre is null ? null : ["KEY"],
            Header: Takes(VerifyOptions.Header) ? "X-Signature" : null,
            User: Takes(VerifyOptions.User) ? "user" : null,
            Issuer: Takes(VerifyOptions.Issuer) ? "https://issuer.example" : null,
            Audience: Takes(VerifyOptions.Audience) ? "us" : null,
            Certificates: Takes(VerifyOptions.Certificates) ? ["partner.example"] : null);
    }

    private static byte[] Mutated(byte[] seed, Random random)
    {
        var bytes = seed.ToList();
        for (var changes = random.Next(1, 8); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(5))
            {
                case 0 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
                case 1 when at < bytes.Count: bytes.RemoveRange(at, random.Next(1, bytes.Count - at + 1)); break;
                case 2 when at < bytes.Count: bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, random.Next(1, bytes.Count - at + 1))); break;
                case 3: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)])); break;
                default: bytes.Insert(at, (byte)random.Next(256)); break;
            }
        }

        return [.. bytes];
    }

    private static string MutatedText(string seed, Random random) => Encoding.Latin1.GetString(Mutated(Encoding.UTF8.GetBytes(seed), random));

    private static void Bounded(int length, Action act)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        act();
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(taken <= Fixed + (length * PerByte), $"{taken} bytes were allocated for an input of {length}.");
    }

    private static Task WithinAsync(Action act) => Task.Run(act).WaitAsync(Patience);
}

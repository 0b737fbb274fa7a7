using System.Text;
using System.Text.Json;
using Automation.Server.Triggers;
using FsCheck;
using FsCheck.Fluent;

namespace Automation.Server.Tests.Triggers;

public class EventDataTests
{
    public static TheoryData<string?, string, string> Readable => new()
    {
        { "application/json", "{\"a\": 1.0}", "{\"a\": 1.0}" },
        { "application/json; charset=utf-8", "\uFEFF[1]", "[1]" },
        { "application/vnd.api+json", "\"é\"", "\"é\"" },
        { null, "{\"a\":1}", "{\"a\":1}" },
        { null, "21.5", "21.5" },
        { null, "ON", "\"ON\"" },
        { "application/json", "", "null" },
        { "text/plain", "say \"hi\"\n", "\"say \\\"hi\\\"\\n\"" },
        { "application/x-www-form-urlencoded", "a=1&b=x+y%21&a=2&c&=d", "{\"a\":[\"1\",\"2\"],\"b\":\"x y!\",\"c\":\"\",\"\":\"d\"}" },
        { "application/x-www-form-urlencoded", "__proto__=x&a%5Bb%5D=ü", "{\"__proto__\":\"x\",\"a[b]\":\"ü\"}" },
        { "application/octet-stream", "abc", "{\"base64\":\"YWJj\"}" },
        { "image/png", "\u0001", "{\"base64\":\"AQ==\"}" },
    };

    public static TheoryData<string, string, string> Malformed => new()
    {
        { "application/json", "{\"a\":}", "line 1, byte 6" },
        { "application/json", "{\n\"a\":1,\n}", "line 3, byte 1" },
        { "application/json", "{} x", "line 1, byte 4" },
        { "application/json", "{\"a\":1", "line 1" },
        { "application/json", " ", "not valid JSON" },
        { "application/json", "NaN", "not valid JSON" },
        { "application/json", "/* c */ 1", "not valid JSON" },
        { "application/x-www-form-urlencoded", "a=%zz", "byte 1" },
        { "application/x-www-form-urlencoded", "ok=1&a=%", "byte 6" },
        { "application/x-www-form-urlencoded", "a=%ff", "UTF-8" },
        { "text/plain; charset=ebcdic", "x", "ebcdic" },
        { "text/plain; charset=utf-16", "x", "utf-16" },
        { "not a media type", "x", "media type" },
        { "multipart/form-data", "x", "boundary" },
        { "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx", "multipart" },
        { "multipart/form-data; boundary=b", "--b\r\nX: y\r\n\r\nx\r\n--b--\r\n", "name=" },
    };

    [Theory]
    [MemberData(nameof(Readable))]
    public void Parse_ReadsTheBody_AsItsContentTypeSays(string? contentType, string body, string expected)
    {
        Assert.True(EventData.TryCheck(contentType, Bytes(body), out var reason), reason);
        Assert.Equal(expected, EventData.Parse(contentType, Bytes(body)).ToString());
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void TryCheck_RefusesAMalformedBody_AndSaysWhere(string contentType, string body, string expected)
    {
        Assert.False(EventData.TryCheck(contentType, Bytes(body), out var reason));
        Assert.Contains(expected, reason, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Parse_GivesTheText_WhenAStoredBodyIsMalformed(string contentType, string body, string expected)
    {
        Assert.NotEmpty(expected);
        Assert.Equal(body, EventData.Parse(contentType, Bytes(body)).To<string>());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public void BrokenUtf8_IsRefused_AndStoredAsBytes(string contentType)
    {
        byte[] body = [(byte)'"', 0xC3, 0x28, (byte)'"'];
        Assert.False(EventData.TryCheck(contentType, body, out var reason));
        Assert.Contains("UTF-8", reason, StringComparison.Ordinal);
        Assert.Equal("{\"base64\":\"IsMoIg==\"}", EventData.Parse(contentType, body).ToString());
    }

    [Theory]
    [InlineData("iso-8859-1", new byte[] { 0xE9 })]
    [InlineData("\"ISO-8859-1\"", new byte[] { 0xE9 })]
    [InlineData("utf-16", new byte[] { 0xE9, 0x00 })]
    [InlineData("utf-16", new byte[] { 0xFF, 0xFE, 0xE9, 0x00 })]
    [InlineData("utf-16", new byte[] { 0xFE, 0xFF, 0x00, 0xE9 })]
    [InlineData("utf-8", new byte[] { 0xEF, 0xBB, 0xBF, 0xC3, 0xA9 })]
    public void Text_IsReadInItsCharset(string charset, byte[] body) =>
        Assert.Equal("\"é\"", EventData.Parse("text/plain; charset=" + charset, body).ToString());

    [Fact]
    public void Json_KeepsItsMemory()
    {
        ReadOnlyMemory<byte> body = Bytes("{\"a\":1}");
        Assert.True(body.Equals(EventData.Parse("application/json", body).Utf8));
    }

    [Fact]
    public void Json_MayBe64Deep_AndNotDeeper()
    {
        static byte[] Nested(int depth) => Bytes(new string('[', depth) + new string(']', depth));
        Assert.True(EventData.TryCheck("application/json", Nested(64), out _));
        Assert.False(EventData.TryCheck("application/json", Nested(65), out var reason));
        Assert.Contains("depth", reason, StringComparison.Ordinal);
        Assert.False(EventData.TryCheck("application/json", Nested(500_000), out _));
    }

    [Fact]
    public void Form_WithTooManyFields_IsRefused()
    {
        var body = Bytes(string.Concat(Enumerable.Repeat("a=1&", 10_001)));
        Assert.False(EventData.TryCheck("application/x-www-form-urlencoded", body, out var reason));
        Assert.Contains("10000", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Multipart_GivesFieldsAsText_AndFilesAsBase64()
    {
        const string Body =
            "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi é\r\n" +
            "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\nContent-Type: image/png\r\n\r\nabc\r\n" +
            "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n\r\n--b--\r\n";
        const string Type = "multipart/form-data; boundary=\"b\"";
        Assert.True(EventData.TryCheck(Type, Bytes(Body), out var reason), reason);
        Assert.Equal(
            "{\"note\":[\"hi é\",\"\"],\"f\":{\"filename\":\"a.bin\",\"contentType\":\"image/png\",\"base64\":\"YWJj\"}}",
            EventData.Parse(Type, Bytes(Body)).ToString());
    }

    [Fact]
    public void Parse_GivesValidJson_ForAnyBytesUnderAnyType()
    {
        string?[] types =
        [
            null, "application/json", "application/cloudevents+json", "application/x-www-form-urlencoded", "application/xml", "text/plain", "text/plain; charset=utf-16",
            "text/xml; charset=iso-8859-1", "multipart/form-data; boundary=b", "application/octet-stream", "garbage",
        ];
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Gen.Elements(types).ToArbitrary(), (body, type) =>
        {
            using var document = EventData.Parse(type, body).ToDocument();
            return document.RootElement.ValueKind is not JsonValueKind.Undefined;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void EveryPrefixOfAStructuredBody_ParsesToSomething()
    {
        (string Type, string Body)[] bodies =
        [
            ("application/cloudevents+json", """{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/xml","data":"<a b='1'>é</a>"}"""),
            ("application/xml", "<?xml version='1.0' encoding='utf-8'?><a b='1'><c><![CDATA[x]]></c>é</a>"),
            ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--\r\n"),
        ];
        foreach (var (type, body) in bodies)
        {
            var bytes = Bytes(body);
            for (var length = 0; length <= bytes.Length; length++)
            {
                using var document = EventData.Parse(type, bytes.AsMemory(0, length)).ToDocument();
            }
        }
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}

using System.Text;
using Automation.Server.Triggers;

namespace Automation.Server.Tests.Triggers;

public class XmlBodyTests
{
    [Theory]
    [InlineData("<a/>", "{\"a\":\"\"}")]
    [InlineData("<a> x </a>", "{\"a\":\" x \"}")]
    [InlineData("<a><b>1</b><c/><b>2</b></a>", "{\"a\":{\"b\":[\"1\",\"2\"],\"c\":\"\"}}")]
    [InlineData("<a id=\"7\">x</a>", "{\"a\":{\"@id\":\"7\",\"#text\":\"x\"}}")]
    [InlineData("<a id='7'/>", "{\"a\":{\"@id\":\"7\"}}")]
    [InlineData("<a>\n  <b>1</b>\n</a>", "{\"a\":{\"b\":\"1\"}}")]
    [InlineData("<a> one <b/> two </a>", "{\"a\":{\"#text\":\"one  two\",\"b\":\"\"}}")]
    [InlineData("<a><![CDATA[<&]]>&lt;&#233;</a>", "{\"a\":\"<&<é\"}")]
    [InlineData("<!-- c --><?p i?><a/>", "{\"a\":\"\"}")]
    [InlineData("<s:E xmlns:s=\"urn:s\"><s:B>x</s:B></s:E>", "{\"s:E\":{\"@xmlns:s\":\"urn:s\",\"s:B\":\"x\"}}")]
    public void Xml_BecomesAnObject(string xml, string expected) =>
        Assert.Equal(expected, EventData.Parse("application/soap+xml", Encoding.UTF8.GetBytes(xml)).ToString());

    [Theory]
    [InlineData("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "DTD")]
    [InlineData("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "DTD")]
    [InlineData("<a>&unknown;</a>", "line 1")]
    [InlineData("<a><b></a>", "line 1")]
    [InlineData("<a/><b/>", "line 1")]
    [InlineData("", "")]
    [InlineData("plain", "line 1")]
    [InlineData("<?xml version='1.0' encoding='nonsense'?><a/>", "XML")]
    public void Xml_ThatIsMalformedOrHostile_IsRefused(string xml, string expected)
    {
        var isEmpty = xml.Length == 0;
        Assert.Equal(isEmpty, EventData.TryCheck("text/xml", Encoding.UTF8.GetBytes(xml), out var reason));
        Assert.Contains(expected, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Xml_TooDeep_IsRefused()
    {
        Assert.True(EventData.TryCheck("text/xml", Nested(31), out var reason), reason);
        Assert.False(EventData.TryCheck("text/xml", Nested(32), out reason));
        Assert.Contains("deeper", reason, StringComparison.Ordinal);
        Assert.False(EventData.TryCheck("text/xml", Nested(100_000), out _));
    }

    [Fact]
    public void Xml_AtItsDeepest_StaysWithinJsonsDepth()
    {
        var pairs = string.Concat(Enumerable.Repeat("<a><b/><b/>", 29)) + string.Concat(Enumerable.Repeat("</a>", 29));
        using var document = EventData.Parse("text/xml", Encoding.UTF8.GetBytes(pairs)).ToDocument();
    }

    [Fact]
    public void Xml_MayHaveAnyNumberOfCharacterReferences() =>
        Assert.True(EventData.TryCheck("text/xml", Encoding.UTF8.GetBytes("<a>" + string.Concat(Enumerable.Repeat("&lt;&#233;", 5_000)) + "</a>"), out _));

    [Fact]
    public void Xml_WithTooManyElements_IsRefused()
    {
        Assert.False(EventData.TryCheck("text/xml", Encoding.UTF8.GetBytes("<a>" + string.Concat(Enumerable.Repeat("<b/>", 50_000)) + "</a>"), out var reason));
        Assert.Contains("50000", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Xml_IsReadInTheEncodingItDeclares_UnlessTheContentTypeNamesOne()
    {
        const string Declared = "<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>";
        Assert.Equal("{\"a\":\"é\"}", EventData.Parse("text/xml", Encoding.Latin1.GetBytes(Declared)).ToString());
        Assert.Equal("{\"a\":\"é\"}", EventData.Parse("text/xml; charset=utf-8", Encoding.UTF8.GetBytes(Declared)).ToString());
    }

    private static byte[] Nested(int depth) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<a>", depth)) + string.Concat(Enumerable.Repeat("</a>", depth)));
}

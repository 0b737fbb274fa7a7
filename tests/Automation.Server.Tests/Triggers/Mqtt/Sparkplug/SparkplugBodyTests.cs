using System.Text;
using System.Text.Json;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Mqtt.Sparkplug;
using Automation.Server.Values;
using FsCheck;
using FsCheck.Fluent;
using static Automation.Server.Tests.Triggers.Mqtt.Sparkplug.Proto;

namespace Automation.Server.Tests.Triggers.Mqtt.Sparkplug;

public sealed class SparkplugBodyTests
{
    public static TheoryData<int, byte[], string> Values => new()
    {
        { 1, Varint(10, 0xFF), "-1" },
        { 1, Varint(10, 0xFFFF_FFFF), "-1" },
        { 1, Varint(10, ulong.MaxValue), "-1" },
        { 1, Varint(10, 127), "127" },
        { 2, Varint(10, 0x8000), "-32768" },
        { 3, Varint(10, 0xFFFF_FFFE), "-2" },
        { 3, Varint(11, ulong.MaxValue), "-1" },
        { 4, Varint(11, ulong.MaxValue), "-1" },
        { 4, Varint(11, 1UL << 63), "\"-9223372036854775808\"" },
        { 4, Varint(11, (1UL << 53) - 1), "9007199254740991" },
        { 5, Varint(10, 255), "255" },
        { 7, Varint(11, 4294967295), "4294967295" },
        { 7, Varint(10, 4294967295), "4294967295" },
        { 8, Varint(11, ulong.MaxValue), "\"18446744073709551615\"" },
        { 9, Float(12, 21.5f), "21.5" },
        { 9, Float(12, 0.1f), "0.1" },
        { 9, Float(12, float.NaN), "\"NaN\"" },
        { 10, Double(13, double.NegativeInfinity), "\"-Infinity\"" },
        { 10, Double(13, double.PositiveInfinity), "\"Infinity\"" },
        { 11, Varint(14, 1), "true" },
        { 11, Varint(10, 0), "false" },
        { 12, Text(15, "say \"é\""), "\"say \\\"é\\\"\"" },
        { 12, Bytes(15, [0xFF]), "\"\uFFFD\"" },
        { 13, Varint(11, 1700000000000), "1700000000000" },
        { 17, Bytes(16, [1, 2]), """{"base64":"AQI="}""" },
        { 3, [], "null" },
        { 3, Varint(7, 1), "null" },
        { 22, Bytes(16, [0xFF, 1]), "[-1,1]" },
        { 23, Bytes(16, [0xFF, 0xFF, 1, 0]), "[-1,1]" },
        { 24, Bytes(16, [0xFF, 0xFF, 0xFF, 0xFF]), "[-1]" },
        { 25, Bytes(16, [1, 0, 0, 0, 0, 0, 0, 0x80]), "[\"-9223372036854775807\"]" },
        { 26, Bytes(16, [0xFF]), "[255]" },
        { 27, Bytes(16, [0xFF, 0xFF]), "[65535]" },
        { 28, Bytes(16, [0xFF, 0xFF, 0xFF, 0xFF]), "[4294967295]" },
        { 29, Bytes(16, [1, 0, 0, 0, 0, 0, 0, 0]), "[1]" },
        { 30, Bytes(16, [0, 0, 0xAC, 0x41]), "[21.5]" },
        { 31, Bytes(16, [0, 0, 0, 0, 0, 0, 0xF8, 0x7F]), "[\"NaN\"]" },
        { 32, Bytes(16, [10, 0, 0, 0, 0b1010_0000, 0b0100_0000]), "[true,false,true,false,false,false,false,false,false,true]" },
        { 33, Bytes(16, "a\0\0é\0"u8.ToArray()), "[\"a\",\"\",\"é\"]" },
        { 34, Bytes(16, []), "[]" },
        { 24, Bytes(16, [1, 2, 3]), """{"base64":"AQID"}""" },
        { 32, Bytes(16, [0xFF, 0xFF, 0xFF, 0xFF]), """{"base64":"/////w=="}""" },
        { 33, Bytes(16, "a"u8.ToArray()), """{"base64":"YQ=="}""" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void Value_IsWrittenByItsType(int type, byte[] value, string expected) =>
        Assert.Equal($$"""{"metrics":[{"name":"m","type":"{{(SparkplugType)type}}","value":{{expected}}}]}""", Read(Metric(Text(1, "m"), value, Varint(4, (ulong)type))));

    [Fact]
    public void Payload_HasItsFields_AndUnknownOnesAreSkipped()
    {
        byte[] payload =
        [
            .. Metric(Varint(2, 7), Varint(3, 5), Varint(4, 99), Varint(5, 1), Varint(6, 1), Varint(10, 3), Bytes(19, [1]), Text(300, "extension"),
                Bytes(8, Varint(1, 1), Text(2, "image/png"), Varint(3, 10), Varint(4, 2), Text(5, "a.png"), Text(6, "png"), Text(7, "d41d"), Text(8, "picture")),
                Bytes(9, Text(1, "engUnit"), Text(1, "Quality"), Bytes(2, Varint(1, 12), Text(8, "°C")), Bytes(2, Varint(1, 3), Varint(3, 192)))),
            .. Varint(1, 1), .. Varint(3, 255), .. Text(4, "u"), .. Bytes(5, [1]), .. Double(90, 1), .. Varint(1, 1700000000000),
        ];
        Assert.Equal(
            """{"timestamp":1700000000000,"seq":255,"metrics":[{"alias":7,"timestamp":5,"value":3,"historical":true,"transient":true,"metadata":"""
            + """{"multiPart":true,"contentType":"image/png","size":10,"seq":2,"fileName":"a.png","fileType":"png","md5":"d41d","description":"picture"},"properties":"""
            + """{"engUnit":"°C","Quality":192}}],"uuid":"u","body":"AQ=="}""",
            Read(payload));
    }

    [Fact]
    public void DataSet_HasColumnsTypesAndRows_AlsoWithPackedTypes()
    {
        var rows = Bytes(4, Bytes(1, Varint(1, 0xFF)), Bytes(1, Text(6, "x")), Bytes(1));
        foreach (var types in (byte[][])[[.. Varint(3, 1), .. Varint(3, 12)], Bytes(3, [1, 12])])
        {
            Assert.Equal(
                """{"metrics":[{"value":{"columns":["a","b"],"types":["Int8","String"],"rows":[[-1,"x",null]]}}]}""",
                Read(Metric(Bytes(17, Varint(1, 2), Text(2, "a"), Text(2, "b"), types, rows))));
        }
    }

    [Fact]
    public void Template_HasParametersAndMetrics_AndLiesInOthers()
    {
        var inner = Bytes(18, Text(4, "Valve"), Bytes(2, Text(1, "open"), Varint(14, 1)));
        var outer = Bytes(18, Text(1, "v1"), Varint(5, 1), Bytes(3, Text(1, "limit"), Varint(2, 1), Varint(3, 0xFE)), Bytes(2, Text(1, "valve"), inner));
        Assert.Equal(
            """{"metrics":[{"value":{"version":"v1","definition":true,"parameters":{"limit":-2},"metrics":[{"name":"valve","value":{"template":"Valve","parameters":{},"metrics":[{"name":"open","value":true}]}}]}}]}""",
            Read(Metric(outer)));
    }

    [Fact]
    public void NamesAndTypes_ComeFromTheBirths_WhereThePayloadHasNone()
    {
        var names = new SparkplugNames(
            new Dictionary<ulong, BornMetric> { [7] = new("temperature", SparkplugType.Int8) }, new Dictionary<string, SparkplugType> { ["level"] = SparkplugType.Int16 });
        Assert.Equal(
            """{"metrics":[{"name":"temperature","alias":7,"type":"Int8","value":-1},{"name":"level","type":"Int16","value":-1},{"alias":8,"value":255}]}""",
            Read([.. Metric(Varint(2, 7), Varint(10, 0xFF)), .. Metric(Text(1, "level"), Varint(10, 0xFFFF)), .. Metric(Varint(2, 8), Varint(10, 0xFF))], names));
    }

    [Fact]
    public void Nesting_IsReadToItsLimit_AndIsNoPayloadBeyond()
    {
        static byte[] Nested(int depth) => Enumerable.Range(0, depth).Aggregate(Varint(10, 1), (inside, _) => Bytes(18, Bytes(2, inside)));
        static byte[] Sets(int depth) => Enumerable.Range(0, depth).Aggregate(Varint(3, 1), (inside, _) => Bytes(10, Bytes(1, Text(1, "k"), Bytes(2, inside))));
        Assert.True(EventData.TryCheck(SparkplugBody.ContentType, Metric(Nested(SparkplugBody.MaxDepth)), out _));
        Assert.False(EventData.TryCheck(SparkplugBody.ContentType, Metric(Nested(SparkplugBody.MaxDepth + 1)), out var reason));
        Assert.Contains("16 deep", reason, StringComparison.Ordinal);
        Assert.False(EventData.TryCheck(SparkplugBody.ContentType, Metric(Nested(5000)), out _));
        Assert.True(EventData.TryCheck(SparkplugBody.ContentType, Metric(Bytes(9, Text(1, "k"), Bytes(2, Sets(SparkplugBody.MaxDepth)))), out _));
        Assert.False(EventData.TryCheck(SparkplugBody.ContentType, Metric(Bytes(9, Text(1, "k"), Bytes(2, Sets(SparkplugBody.MaxDepth + 1)))), out _));
        EventData.Parse(SparkplugBody.ContentType, Metric(Nested(SparkplugBody.MaxDepth))).ToDocument().Dispose();
    }

    [Fact]
    public void JsonOfAPayload_HasALimit_WhateverItsAliasesStandFor()
    {
        var names = new SparkplugNames(new Dictionary<ulong, BornMetric> { [1] = new(new string('x', 10_000), SparkplugType.Int8) }, SparkplugNames.None.Types);
        var payload = Enumerable.Repeat(Metric(Varint(2, 1)), 100_000).SelectMany(metric => metric).ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(SparkplugBody.TryParse(payload, names, out _, out var reason));
        Assert.Contains("8388608 bytes", reason, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5 * SparkplugBody.MaxJsonBytes);
    }

    [Theory]
    [InlineData("hello, world", "\"hello, world\"")]
    [InlineData("{\"celsius\":9.5}", "\"{\\\"celsius\\\":9.5}\"")]
    [InlineData("\x0A", "\"\\n\"")]
    [InlineData("x\x01", "{\"base64\":\"eAE=\"}")]
    public void WhatIsNoPayload_BecomesTextOrBytes(string body, string expected) =>
        Assert.Equal(expected, EventData.Parse(SparkplugBody.ContentType, Encoding.UTF8.GetBytes(body)).ToString());

    [Fact]
    public void AnyBytes_GiveValidJson_AndNoException()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), body => IsJson(EventData.Parse(SparkplugBody.ContentType, body))).QuickCheckThrowOnFailure();
        Prop.ForAll(Fields(4).ToArbitrary(), body => IsJson(EventData.Parse(SparkplugBody.ContentType, body))).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void EveryPrefixAndEveryChangedByteOfAPayload_GiveValidJson()
    {
        byte[] payload =
        [
            .. Varint(1, 1700000000000),
            .. Metric(Text(1, "m"), Varint(4, 16), Bytes(17, Varint(1, 1), Text(2, "a"), Varint(3, 3), Bytes(4, Bytes(1, Varint(1, 1))))),
            .. Metric(Varint(2, 1), Varint(4, 19), Bytes(18, Text(1, "v"), Bytes(2, Text(1, "n"), Double(13, 1)), Bytes(3, Text(1, "p"), Varint(2, 3), Varint(3, 1)))),
            .. Metric(Varint(4, 32), Bytes(16, [1, 0, 0, 0, 0x80]), Bytes(9, Text(1, "k"), Bytes(2, Varint(1, 20), Bytes(9, Text(1, "l"), Bytes(2, Varint(7, 1)))))),
        ];
        for (var at = 0; at < payload.Length; at++)
        {
            Assert.True(IsJson(EventData.Parse(SparkplugBody.ContentType, payload.AsMemory(0, at))));
            foreach (var bit in (int[])[1, 2, 4, 8, 16, 32, 64, 128])
            {
                var changed = payload.ToArray();
                changed[at] ^= (byte)bit;
                Assert.True(IsJson(EventData.Parse(SparkplugBody.ContentType, changed)));
            }
        }
    }

    // Messages in messages, with fields of all kinds under numbers that Sparkplug uses: most of them mean something.
    private static Gen<byte[]> Fields(int depth)
    {
        var number = Gen.Choose(1, 20);
        var field = Gen.OneOf(
            from n in number from v in ArbMap.Default.GeneratorFor<ulong>() select Varint(n, v),
            from n in number from v in Gen.Choose(0, 40) select Varint(n, (ulong)v),
            from n in number from v in ArbMap.Default.GeneratorFor<float>() select Float(n, v),
            from n in number from v in ArbMap.Default.GeneratorFor<double>() select Double(n, v),
            from n in number from v in ArbMap.Default.GeneratorFor<byte[]>() select Bytes(n, v),
            from n in number from v in depth == 0 ? Gen.Constant(Array.Empty<byte>()) : Fields(depth - 1) select Bytes(n, v));
        return field.ListOf(6).Select(fields => fields.SelectMany(f => f).ToArray());
    }

    private static bool IsJson(Json data)
    {
        using var document = data.ToDocument();
        return document.RootElement.ValueKind is not JsonValueKind.Undefined;
    }

    private static string Read(byte[] payload, SparkplugNames? names = null)
    {
        Assert.True(SparkplugBody.TryParse(payload, names ?? SparkplugNames.None, out var data, out var reason), reason);
        return data.ToString();
    }
}

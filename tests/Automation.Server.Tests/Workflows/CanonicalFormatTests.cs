using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Workflows;
using FsCheck;
using FsCheck.Fluent;

namespace Automation.Server.Tests.Workflows;

public sealed class CanonicalFormatTests
{
    private static readonly CanonicalFormat Canonical = new(TestCatalogs.Steps, TestCatalogs.Triggers);

    [Fact]
    public void Workflow_IsWrittenInTheFixedOrder_ALineAProperty()
    {
        const string expected = """
            {
              "$schema": "./workflow.schema.json",
              "name": "Orders",
              "triggers": {
                "in": {
                  "type": "hook",
                  "path": "/orders",
                  "methods": ["POST", "PUT"],
                  "start": "z"
                }
              },
              "steps": {
                "z": {
                  "type": "send",
                  "name": "Send",
                  "url": "${secret.URL}",
                  "headers": { "X-B": "1", "X-A": "2" },
                  "body": {
                    "text": "é😀\u0001\"\\",
                    "list": [1.0, 2e3]
                  },
                  "attempts": 3,
                  "options": { "depth": 1, "strict": true },
                  "retry": { "attempts": 3, "max": "1m" },
                  "timeout": "5s",
                  "disabled": false,
                  "next": {
                    "done": "a",
                    "error": ["a", "b"]
                  },
                  "unknown": {}
                },
                "a": {
                  "type": "script",
                  "code": [
                    "return 1;"
                  ]
                }
              },
              "start": "z",
              "onError": "a",
              "other": []
            }

            """;
        var shuffled = """
            {"other":[],"onError":"a","start":"z","steps":{"z":{"unknown":{},"next":{"done":"a","error":["a","b"]},"disabled":false,"timeout":"5s",
            "retry":{"max":"1m","attempts":3},"options":{"strict":true,"depth":1},"attempts":3,"body":{"text":"\u00e9\ud83d\ude00\u0001\"\\","list":[1.0,2e3]},
            "headers":{"X-B":"1","X-A":"2"},"url":"${secret.URL}","name":"Send","type":"send"},"a":{"code":["return 1;"],"type":"script"}},
            "triggers":{"in":{"start":"z","methods":["POST","PUT"],"path":"/orders","type":"hook"}},"name":"Orders","$schema":"./workflow.schema.json"}
            """;
        Assert.Equal(expected, Format(shuffled));
    }

    [Theory]
    [InlineData(81, true)]
    [InlineData(82, false)]
    public void ListOfScalars_StaysOnOneLine_UpTo100Columns(int length, bool inline)
    {
        // Two spaces, "x": ["…"] with its comma: 19 characters beside the text of the second entry.
        var text = Format($$"""{"x":["abc","{{new string('y', length)}}"]}""");
        Assert.Equal(inline, text.Split('\n').Length == 4);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 100));
    }

    [Fact]
    public void Lines_EndInLineFeed_WithOneAtTheEnd()
    {
        var text = Format("{ \"name\": \"a\",\r\n \"steps\": { } }");
        Assert.DoesNotContain('\r', text);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        Assert.False(text.EndsWith("\n\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("[1,{\"a\":[]}]")]
    [InlineData("{\"steps\":5,\"triggers\":[{}]}")]
    [InlineData("{\"steps\":{\"a\":null,\"b\":{\"type\":7,\"retry\":\"x\",\"next\":[[]]}}}")]
    public void TextThatIsNoWorkflow_IsFormattedAllTheSame(string text) => Assert.Equal(Format(text), Format(Format(text)));

    [Fact]
    public void Format_IsIdempotent_AndKeepsTheValue() => Prop.ForAll(Workflows().ToArbitrary(), text =>
    {
        var once = Format(text);
        Assert.Equal(once, Format(once));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(text), JsonNode.Parse(once)));
        return true;
    }).QuickCheckThrowOnFailure();

    private static string Format(string text) => Encoding.UTF8.GetString(Canonical.Format(Encoding.UTF8.GetBytes(text)));

    private static Gen<string> Workflows()
    {
        var names = Gen.Elements("type", "name", "url", "headers", "next", "retry", "options", "depth", "strict", "code", "zz", "a b\"\n", "é", "body", "path");
        var scalars = Gen.OneOf(
            Gen.Elements("1", "-0.50", "1e5", "true", "null", "\"\"", "\"send\"", "\"hook\"", "\"script\""),
            ArbMap.Default.GeneratorFor<string>().Where(s => s is not null && !s.Any(char.IsSurrogate)).Select(s => JsonSerializer.Serialize(s)),
            Gen.Choose(60, 110).Select(n => $"\"{new string('x', n)}\""));
        Gen<string> Value(int depth) => depth == 0
            ? scalars
            : Gen.Frequency(
                (3, scalars),
                (2, Object(depth)),
                (1, Value(depth - 1).ListOf().Select(items => "[" + string.Join(",", items.Take(6)) + "]")));
        Gen<string> Object(int depth) => names.Zip(Value(depth - 1)).ListOf().Select(members =>
            "{" + string.Join(",", members.DistinctBy(m => m.Item1).Take(6).Select(m => $"{JsonSerializer.Serialize(m.Item1)}:{m.Item2}")) + "}");
        return Object(3).Zip(Object(3)).Select(parts => $$"""{"start":"x","steps":{{parts.Item1}},"triggers":{{parts.Item2}},"name":"n"}""");
    }
}

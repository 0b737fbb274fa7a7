using System.Text;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows.Templates;

namespace Automation.Server.Tests.Workflows;

public sealed class PlainPathTests
{
    private const string Input = """{ "text": "a\u00e4\ud83d", "n": 12, "big": 12345678901234567890, "half": 1.50, "tiny": 0.0000001, "exp": 1e3, "deep": { "list": [1, 2], "none": null }, "twice": 1, "twice": 2 }""";

    [Theory]
    [InlineData("input.text", "\"a\\u00e4\\ud83d\"")]
    [InlineData("input.n", "12")]
    [InlineData("input.deep.list", "[1, 2]")]
    [InlineData("input.deep.none", "null")]
    [InlineData("input.twice", "2")]
    [InlineData("event.data.room", "\"kitchen\"")]
    [InlineData("event.topic", "\"a/b\"")]
    [InlineData("vars.count", "3")]
    public void Path_IsReadAsItStands(string code, string expected) => Assert.Equal(expected, Read(code));

    [Theory]
    [InlineData("input.missing")]
    [InlineData("input.deep.none.below")]
    [InlineData("input.text.length")]
    [InlineData("input.deep.list.length")]
    [InlineData("input.toString")]
    [InlineData("event")]
    public void WhatIsNotThere_IsLeftToJavaScript(string code) => Assert.Null(Read(code));

    [Theory]
    [InlineData("input.big")]
    [InlineData("input.half")]
    [InlineData("input.tiny")]
    [InlineData("input.exp")]
    public void NumbersThatJavaScriptSpellsInAnotherWay_AreLeftToIt(string code) => Assert.Null(Read(code));

    [Theory]
    [InlineData("input.a + 1")]
    [InlineData("input['a']")]
    [InlineData("input?.a")]
    [InlineData("steps.a.output")]
    [InlineData("input .a")]
    [InlineData("inputs")]
    public void MoreThanAPath_IsNone(string code) => Assert.Null(PlainPath.TryParse(code));

    private static string? Read(string code)
    {
        var accepted = new Event
        {
            Id = 1,
            Trigger = "mqtt",
            Type = "mqtt.message",
            Source = "/mqtt/embedded",
            AcceptedAt = DateTimeOffset.UnixEpoch,
            Attributes = Json.Parse("""{"topic":"a/b"}"""),
            ContentType = "application/json",
            Body = """{"room":"kitchen"}"""u8.ToArray(),
        };
        return PlainPath.TryParse(code)!.TryRead(accepted, Json.Parse(Input), Json.Parse("""{"count":3}"""), out var value) ? Encoding.UTF8.GetString(value) : null;
    }
}

using System.Text;
using Automation.Server.Values;

namespace Automation.Server.Tests.Values;

public sealed class JsonTests
{
    [Theory]
    [InlineData(" { \"a b\" : [ 1 , \"x \\\" y\" ] } ", "{\"a b\":[1,\"x \\\" y\"]}")]
    [InlineData("\"\\\\\" ", "\"\\\\\"")]
    [InlineData("{\"a\":\"\\ud83d\"}", "{\"a\":\"\\ud83d\"}")]
    public void WithoutSpaces_TakesOutOnlyWhatIsBetweenTokens(string json, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(Json.WithoutSpaces(Encoding.UTF8.GetBytes(json))));

    [Fact]
    public void IsDeeperThan_CountsBrackets_ButNotThoseInTexts()
    {
        Assert.False(Json.Parse(new string('[', 100) + new string(']', 100)).IsDeeperThan(100));
        Assert.True(Json.Parse(new string('[', 101) + new string(']', 101)).IsDeeperThan(100));
        Assert.False(Json.Parse("\"" + new string('[', 300) + "\\\"" + new string('{', 300) + "\"").IsDeeperThan(100));
    }

    [Fact]
    public void PublicId_ReadsWhatItWrites_AndRefusesAnotherNounsId()
    {
        var text = PublicId.Format(PublicId.Run, 123_456_789_012_345_678);
        Assert.True(PublicId.TryParse(PublicId.Run, text, out var id));
        Assert.Equal(123_456_789_012_345_678, id);
        Assert.False(PublicId.TryParse(PublicId.Event, text, out _));
        Assert.False(PublicId.TryParse(PublicId.Run, text + "0", out _));
        Assert.False(PublicId.TryParse(PublicId.Run, "run_!!!!!!!!!!!!!", out _));
    }

    [Fact]
    public void Ids_AscendAndNeverRepeat_AlsoWhenTheClockStepsBack()
    {
        var time = new ManualTime();
        var ids = new IdSource(time);
        var all = Enumerable.Range(0, 10_000).Select(_ => ids.Next()).ToList();
        time.Advance(TimeSpan.FromSeconds(-10));
        all.AddRange(Enumerable.Range(0, 100).Select(_ => ids.Next()));
        var restarted = new IdSource(time);
        restarted.StartAfter(all[^1]);
        all.AddRange(Enumerable.Range(0, 100).Select(_ => restarted.Next()));
        Assert.Equal(all.Order().Distinct(), all);
    }

    [Theory]
    [InlineData("""["plain","\n\u0041"]""", """["plain","\n\u0041"]""")]
    [InlineData("""["\ud83d\ude00"]""", """["\ud83d\ude00"]""")]
    [InlineData("""["a\ud83d"]""", """["a\ufffd"]""")]
    [InlineData("""["\uDE00a"]""", """["\ufffda"]""")]
    [InlineData("""["\ud83d\ud83d\ude00"]""", """["\ufffd\ud83d\ude00"]""")]
    [InlineData("""["\ud83d\nude00"]""", """["\ufffd\nude00"]""")]
    [InlineData("""["\\ud83d"]""", """["\\ud83d"]""")]
    [InlineData("""{"\ud83d":"\u12""", """{"\ufffd":"\u12""")]
    public void HalfCharacters_AreReplaced_AndNothingElse(string json, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        Json.ReplaceHalfCharacters(bytes);
        Assert.Equal(expected, Encoding.UTF8.GetString(bytes));
    }
}

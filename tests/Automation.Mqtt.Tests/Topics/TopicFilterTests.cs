using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Tests.Topics;

public sealed class TopicFilterTests
{
    [Theory]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/c", false)]
    [InlineData("a/b", "A/b", false)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/ranking", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player2", false)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/#", "sports", false)]
    [InlineData("#", "a/b/c", true)]
    [InlineData("#", "/", true)]
    [InlineData("+", "a", true)]
    [InlineData("+", "a/b", false)]
    [InlineData("+", "/a", false)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("/+", "/finance", true)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("a/+/c", "a/b/c", true)]
    [InlineData("a/+/c", "a/b/d", false)]
    [InlineData("a/+/c/#", "a/b/c", true)]
    [InlineData("+/+/#", "a", false)]
    [InlineData("#", "$SYS/x", false)]
    [InlineData("+/x", "$SYS/x", false)]
    [InlineData("$SYS/#", "$SYS/x", true)]
    [InlineData("$SYS/+", "$SYS/x", true)]
    [InlineData("$share/g/a/+", "a/b", true)]
    public void Matches_FollowsTheStandard(string text, string topic, bool expected)
    {
        Assert.True(TopicFilter.TryParse(text, out var filter));
        Assert.Equal(expected, filter.Matches(topic));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("a#")]
    [InlineData("a/#/b")]
    [InlineData("a+/b")]
    [InlineData("a/+b")]
    [InlineData("a\0b")]
    [InlineData("$share/g")]
    [InlineData("$share//a")]
    [InlineData("$share/g/")]
    [InlineData("$share/+/a")]
    public void TryParse_RefusesWhatIsNoFilter(string? text) => Assert.False(TopicFilter.TryParse(text, out _));

    [Fact]
    public void TryParse_TakesASharedSubscriptionApart()
    {
        Assert.True(TopicFilter.TryParse("$share/group/a/+/b", out var filter));

        Assert.Equal("group", filter.ShareName);
        Assert.Equal("a/+/b", filter.Filter);
        Assert.Equal("$share/group/a/+/b", filter.Text);
    }

    [Fact]
    public void TryParse_RefusesMoreLevelsThanTheLimit() =>
        Assert.False(TopicFilter.TryParse(string.Join('/', Enumerable.Repeat("a", TopicName.MaximumLevels + 1)), out _));

    [Theory]
    [InlineData("a/b", true)]
    [InlineData("", false)]
    [InlineData("a/+", false)]
    [InlineData("#", false)]
    public void TopicName_IsValid_FollowsTheStandard(string topic, bool expected) => Assert.Equal(expected, TopicName.IsValid(topic));

    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a", "a/b", false)]
    [InlineData("a/+", "a/b", true)]
    [InlineData("a/+", "a/+", true)]
    [InlineData("a/+", "a/#", false)]
    [InlineData("a/b", "a/+", false)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/#", true)]
    [InlineData("a/#", "a/+/c", true)]
    [InlineData("a/+/#", "a/#", false)]
    [InlineData("#", "a/b", true)]
    [InlineData("#", "$SYS/#", false)]
    [InlineData("+/x", "$SYS/x", false)]
    [InlineData("a/#", "$share/g/a/b", true)]
    [InlineData("$share/g/a/#", "a/b", true)]
    public void Covers_TellsWhetherAllOfAnothersTopicsAreMatched(string text, string other, bool expected)
    {
        Assert.True(TopicFilter.TryParse(text, out var filter));
        Assert.True(TopicFilter.TryParse(other, out var narrow));

        Assert.Equal(expected, filter.Covers(narrow));
    }
}

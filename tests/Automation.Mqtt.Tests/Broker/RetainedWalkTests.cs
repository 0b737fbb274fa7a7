using Automation.Mqtt.Broker;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Tests.Broker;

public sealed class RetainedWalkTests
{
    private readonly RetainedStore _store = new(maxMessages: 100_000, maxBytes: 100_000_000);

    [Theory]
    [InlineData("#")]
    [InlineData("+")]
    [InlineData("+/#")]
    [InlineData("+/+")]
    [InlineData("a")]
    [InlineData("a/#")]
    [InlineData("a/+")]
    [InlineData("a/b/#")]
    [InlineData("a/+/c")]
    [InlineData("+/b/#")]
    [InlineData("$in/#")]
    [InlineData("$in/+")]
    [InlineData("/#")]
    [InlineData("/+")]
    [InlineData("none/#")]
    [InlineData("a/none")]
    public void Walk_FindsWhatTheFilterMatches(string filter)
    {
        string[] topics = ["a", "a/b", "a/b/c", "a/x/c", "a/$x", "a/$x/c", "b", "b/b", "$in", "$in/b", "/", "/b", "//", "a//c"];
        Keep(topics);

        Assert.Equal(topics.Where(topic => Parse(filter).Matches(topic)).Order(), Rest(_store.Walk(Parse(filter))).Order());
    }

    [Theory]
    [InlineData("#")]
    [InlineData("a/#")]
    [InlineData("a/+")]
    public void Walk_LeavesOutWhatIsRetainedLater(string filter)
    {
        Keep("a/1", "a/2", "a/3");
        var walk = _store.Walk(Parse(filter));
        Assert.Equal("a/1", _store.Next(walk)!.Message.Topic);

        Keep("a/2", "a/4", "b");

        Assert.Equal(["a/3"], Rest(walk));
    }

    [Theory]
    [InlineData("#")]
    [InlineData("a/#")]
    [InlineData("a/+")]
    public void Walk_GoesOn_WhenTopicsAreRemovedAroundIt(string filter)
    {
        Keep([.. Enumerable.Range(0, 100).Select(number => $"a/{number}")]);
        var walk = _store.Walk(Parse(filter));
        for (var number = 0; number < 50; number++)
            Assert.NotNull(_store.Next(walk));

        Clear([.. Enumerable.Range(20, 60).Select(number => $"a/{number}")]);

        Assert.Equal(Enumerable.Range(80, 20).Select(number => $"a/{number}"), Rest(walk));
    }

    [Fact]
    public void Walk_Ends_WhenTheLevelItIsInIsRemovedAndMadeAnew()
    {
        Keep("a/1", "a/2");
        var walk = _store.Walk(Parse("a/#"));
        Assert.NotNull(_store.Next(walk));

        Clear("a/1", "a/2");
        Keep("a/3");

        Assert.Empty(Rest(walk));
        Assert.Equal(["a/3"], Rest(_store.Walk(Parse("a/#"))));
    }

    [Fact]
    public void RandomChanges_AreFoundAsInAPlainTable()
    {
        var random = new Random(7);
        var table = new HashSet<string>();
        for (var step = 0; step < 5000; step++)
        {
            var topic = $"{random.Next(4)}/{random.Next(20)}";
            if (random.Next(2) == 0 && table.Add(topic))
                Keep(topic);
            else if (table.Remove(topic))
                Clear(topic);
        }

        Assert.Equal(table.Count, _store.Count);
        Assert.Equal(table.Order(), Rest(_store.Walk(Parse("#"))).Order());
        Assert.Equal(table.Where(topic => topic.EndsWith("/7", StringComparison.Ordinal)).Order(), Rest(_store.Walk(Parse("+/7"))).Order());
        Clear([.. table]);
        Assert.Equal((0, 0), (_store.Count, _store.Bytes));
    }

    private static TopicFilter Parse(string text) => TopicFilter.TryParse(text, out var filter) ? filter : throw new ArgumentException(text);

    private List<string> Rest(RetainedWalk walk)
    {
        var topics = new List<string>();
        while (_store.Next(walk) is { } message)
            topics.Add(message.Message.Topic);
        return topics;
    }

    private void Keep(params string[] topics)
    {
        foreach (var topic in topics)
            Assert.True(_store.TrySet(new RoutedMessage(new() { Topic = topic, Payload = new byte[1] }, TimeProvider.System)));
    }

    private void Clear(params string[] topics)
    {
        foreach (var topic in topics)
            Assert.True(_store.TrySet(new RoutedMessage(new() { Topic = topic }, TimeProvider.System)));
    }
}

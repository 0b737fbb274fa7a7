using System.Collections.Frozen;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Triggers.Mqtt;

public sealed class TopicPatternTests
{
    [Theory]
    [InlineData("a/b", "a/b", "")]
    [InlineData("plants/{plant}/rooms/{room_1}/#", "plants/+/rooms/+/#", "1:plant 3:room_1")]
    [InlineData("{a}", "+", "0:a")]
    [InlineData("/{a}/", "/+/", "1:a")]
    [InlineData("+/{a}", "+/+", "1:a")]
    public void NamedLevels_BecomeWildcards(string text, string filter, string names)
    {
        Assert.True(TopicPattern.TryParse(text, out var pattern, out _));
        Assert.Equal((filter, names), (pattern.Filter.Filter, string.Join(' ', pattern.Names.Select(n => $"{n.Level}:{n.Name}"))));
    }

    [Theory]
    [InlineData("", "not a topic filter")]
    [InlineData("a/#/b", "not a topic filter")]
    [InlineData("a+/b", "not a topic filter")]
    [InlineData("a/{}", "not a named level")]
    [InlineData("a/{b c}", "not a named level")]
    [InlineData("a/x{b}", "not a named level")]
    [InlineData("a/{b", "not a named level")]
    [InlineData("{a}/{a}", "its own name")]
    [InlineData("$share/g/a", "$share")]
    public void Mistakes_AreSaid(string text, string part)
    {
        Assert.False(TopicPattern.TryParse(text, out _, out var mistake));
        Assert.Contains(part, mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "a/b", false)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("#", "a/b", true)]
    [InlineData("#", "$SYS/x", false)]
    [InlineData("+/x", "$SYS/x", false)]
    [InlineData("{n}/x", "$SYS/x", false)]
    [InlineData("$SYS/#", "$SYS/x", true)]
    [InlineData("+", "/a", false)]
    [InlineData("+/+", "/a", true)]
    [InlineData("+/a", "/a", true)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("+/#", "a", true)]
    public void Routes_MatchAsFiltersDo(string filter, string topic, bool matches) => Assert.Equal(matches ? 1 : 0, Routes(filter).Match(topic).Count);

    [Fact]
    public void Routes_FindEveryTrigger() =>
        Assert.Equal(["#", "a/#", "a/+", "a/b"], Routes("a/b", "a/+", "a/#", "#", "a/c", "b/#").Match("a/b").Select(m => m.Config.Topic).Order(StringComparer.Ordinal));

    private static MqttRoutes Routes(params string[] filters)
    {
        var version = new WorkflowVersion
        {
            WorkflowId = "w",
            Hash = "0123456789abcdef",
            Name = "w",
            Source = new VersionSource(Json.Null, new Dictionary<string, string>()),
            Triggers = filters.Select((f, at) => new TriggerDefinition($"t{at}", "mqtt", new MqttTrigger.Config(f), "s")).ToFrozenDictionary(t => t.Id),
            Steps = FrozenDictionary<string, StepDefinition>.Empty,
            Start = "s",
            Program = new SandboxProgram("w", []),
        };
        return new MqttRoutes(new WorkflowSet(new[] { new WorkflowState("w", version, true, []) }.ToFrozenDictionary(w => w.WorkflowId)));
    }
}

public sealed class WaitingLineTests
{
    [Fact]
    public async Task Turns_GoByPlace_NotByWhoBeganToWaitFirst()
    {
        var line = new WaitingLine();
        var (first, second, third) = (line.NextPlace(), line.NextPlace(), line.NextPlace());
        var turn = await line.WaitAsync(line.NextPlace(), CancellationToken.None);
        var order = new List<int>();
        var waiting = new[] { (third, 3), (first, 1), (second, 2) }.Select(async waiter =>
        {
            using var mine = await line.WaitAsync(waiter.Item1, CancellationToken.None);
            order.Add(waiter.Item2);
        }).ToList();
        turn.Dispose();
        await Task.WhenAll(waiting);

        Assert.Equal([1, 2, 3], order);
        Assert.True(line.IsEmpty);
    }

    [Fact]
    public async Task WhoGivesUp_IsPassedOver()
    {
        var line = new WaitingLine();
        var turn = await line.WaitAsync(line.NextPlace(), CancellationToken.None);
        using var impatience = new CancellationTokenSource();
        var gone = line.WaitAsync(line.NextPlace(), impatience.Token);
        var next = line.WaitAsync(line.NextPlace(), CancellationToken.None);
        await impatience.CancelAsync();
        turn.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        (await next).Dispose();
        Assert.True(line.IsEmpty);
    }
}

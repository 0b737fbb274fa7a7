using Automation.Server.Triggers.Mqtt;

namespace Automation.Server.Tests.Triggers.Mqtt;

public sealed class ClientPatternTests
{
    [Theory]
    [InlineData("*", "", "")]
    [InlineData("*", "any/thing\nat all", "")]
    [InlineData("sensor-*", "sensor-", "")]
    [InlineData("sensor-{n}", "sensor-7", "n=7")]
    [InlineData("{plant}.{n}", "p1.x.7", "plant=p1.x n=7")]
    [InlineData("a.b", "a.b", "")]
    public void Match_NamesParts(string pattern, string text, string expected)
    {
        Assert.True(ClientPattern.TryParse(pattern, out var parsed, out _));
        Assert.Equal(expected, string.Join(' ', parsed.Match(text)!.Select(part => $"{part.Key}={part.Value}")));
    }

    [Theory]
    [InlineData("sensor-{n}", "sensor-")]
    [InlineData("sensor-*", "a sensor-1")]
    [InlineData("a.b", "aXb")]
    [InlineData("a", "a\n")]
    public void Match_IsNull_ForOthers(string pattern, string text)
    {
        Assert.True(ClientPattern.TryParse(pattern, out var parsed, out _));
        Assert.Null(parsed.Match(text));
    }

    [Theory]
    [InlineData("{a}{b}", "side by side")]
    [InlineData("**", "side by side")]
    [InlineData("{}", "no name")]
    [InlineData("{a", "no name")]
    [InlineData("a}", "no name")]
    [InlineData("{a b}", "no name")]
    [InlineData("{a}-{a}", "its own name")]
    public void TryParse_SaysWhatIsWrong(string pattern, string expected)
    {
        Assert.False(ClientPattern.TryParse(pattern, out _, out var mistake));
        Assert.Contains(expected, mistake, StringComparison.Ordinal);
    }
}

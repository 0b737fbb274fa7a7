using System.Text.Json;
using System.Text.RegularExpressions;
using Automation.Server.Values;

namespace Automation.Server.Tests.Workflows;

public sealed class ValuesTests
{
    [Theory]
    [InlineData("250ms", 0.25)]
    [InlineData("5s", 5)]
    [InlineData("1.5h", 5400)]
    [InlineData("5m", 300)]
    [InlineData("2h", 7200)]
    [InlineData("1d", 86400)]
    [InlineData("0s", 0)]
    [InlineData("P1D", 86400)]
    [InlineData("P2W", 1209600)]
    [InlineData("PT5M", 300)]
    [InlineData("P1DT2H3M4.5S", 93784.5)]
    public void Duration_IsRead(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration.Value);
        Assert.Matches(new Regex(Duration.Pattern), text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("5 s")]
    [InlineData("5S")]
    [InlineData(".5s")]
    [InlineData("5.s")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1DT")]
    [InlineData("P1Y")]
    [InlineData("P1M")]
    [InlineData("PT1M1H")]
    [InlineData("PT5S5S")]
    [InlineData("P1W1D")]
    [InlineData("PT-5M")]
    [InlineData("٣s")]
    public void TextThatIsNoDuration_IsRefused(string text)
    {
        Assert.False(Duration.TryParse(text, out _));
        Assert.DoesNotMatch(new Regex(Duration.Pattern, RegexOptions.ECMAScript), text);
    }

    [Fact]
    public void DurationTooLong_IsRefused() => Assert.False(Duration.TryParse("99999999999999d", out _));

    [Theory]
    [InlineData("90s", "90s")]
    [InlineData("120m", "2h")]
    [InlineData("PT0.0015S", "1.5ms")]
    public void Duration_IsWrittenShort(string text, string written) => Assert.Equal(written, Duration.Parse(text).ToString());

    [Theory]
    [InlineData("512B", 512)]
    [InlineData("256KB", 262144)]
    [InlineData("1.5MB", 1572864)]
    [InlineData("1GB", 1073741824)]
    public void ByteSize_IsRead(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var size));
        Assert.Equal(bytes, size.Bytes);
        Assert.Equal(size, ByteSize.Parse(size.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-1KB")]
    [InlineData("1kb")]
    [InlineData("1 KB")]
    [InlineData("0.3B")]
    [InlineData("99999999999999GB")]
    public void TextThatIsNoSize_IsRefused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Fact]
    public void Mistake_SaysWhatADurationLooksLike() =>
        Assert.Contains("\"5 minutes\" is not a duration such as \"250ms\"", Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Duration>("\"5 minutes\"")).Message, StringComparison.Ordinal);
}

using System.Net.Http.Headers;
using Automation.Server.Deliveries;

namespace Automation.Server.Tests.Deliveries;

public sealed class RetryScheduleTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly RetrySchedule schedule = new(new DeliveryOptions(), new Random(1));

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 300)]
    [InlineData(3, 1800)]
    [InlineData(4, 7200)]
    [InlineData(5, 18000)]
    [InlineData(6, 36000)]
    [InlineData(7, 36000)]
    [InlineData(50, 36000)]
    public void DelayAfter_FollowsTheSchedule_WithinTwentyPercent(int attempts, double seconds)
    {
        for (var i = 0; i < 200; i++) Assert.InRange(schedule.DelayAfter(attempts, null).TotalSeconds, seconds * 0.8, seconds * 1.2);
    }

    [Fact]
    public void DelayAfter_FollowsTheDeliverysOwnPauses_AndRepeatsTheLast()
    {
        TimeSpan[] own = [TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)];
        Assert.InRange(schedule.DelayAfter(1, null, own).TotalSeconds, 0.8, 1.2);
        Assert.InRange(schedule.DelayAfter(2, null, own).TotalSeconds, 8, 12);
        Assert.InRange(schedule.DelayAfter(9, null, own).TotalSeconds, 8, 12);
    }

    [Fact]
    public void DelayAfter_Varies() => Assert.NotEqual(schedule.DelayAfter(1, null), schedule.DelayAfter(1, null));

    [Theory]
    [InlineData("120", 120, 120)]
    [InlineData("99999999", 86400, 86400)]
    [InlineData("Fri, 02 Jan 2026 03:05:05 GMT", 60, 60)]
    [InlineData("Fri, 02 Jan 2099 03:05:05 GMT", 86400, 86400)]
    [InlineData("0", 4, 6)] // the schedule's own five seconds
    [InlineData("1", 4, 6)]
    [InlineData("Fri, 02 Jan 2015 03:05:05 GMT", 4, 6)]
    public void DelayAfter_IsLongerWhereTheReceiverAsksForIt_WithinBounds_AndNeverShorter(string header, double least, double most)
    {
        using var response = Answer(header);
        Assert.InRange(schedule.DelayAfter(1, RetrySchedule.RetryAfter(response.Headers, Now)).TotalSeconds, least, most);
    }

    [Fact]
    public void DelayAfter_OfPausesPastAllTime_IsSevenDays()
    {
        TimeSpan[] own = [TimeSpan.Zero, TimeSpan.FromDays(5_000_000)];
        Assert.InRange(schedule.DelayAfter(1, null, own).TotalDays, 7 * 0.8, 7 * 1.2);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("99999999999999999999")]
    [InlineData("")]
    public void RetryAfter_IgnoresWhatItCannotRead(string header)
    {
        using var response = Answer(header);
        Assert.Null(RetrySchedule.RetryAfter(response.Headers, Now));
    }

    private static HttpResponseMessage Answer(string header)
    {
        var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation("Retry-After", header);
        return response;
    }
}

using Automation.Server.Steps;
using Automation.Server.Tests.Workflows;

namespace Automation.Server.Tests.Steps.Devices;

/// <summary>What device steps make of events on a line of time. Times are seconds.</summary>
public sealed class DeviceStepTests
{
    [Theory]
    [InlineData("""{ "type": "debounce", "for": "5s" }""", "0:1 2:2 4:3 20:4", "0 held 1, 2 held 2, 4 held 3, 9* done 3, 20 held 4, 25* done 4")]
    [InlineData("""{ "type": "debounce", "for": "5s" }""", "0:1 5:2", "0 held 1, 5* done 1, 5 held 2, 10* done 2")]
    [InlineData("""{ "type": "debounce", "for": "5s", "edge": "leading" }""", "0:1 2:2 4:3 20:4", "0 done 1, 2 dropped 2, 4 dropped 3, 20 done 4")]
    [InlineData("""{ "type": "debounce", "for": "5s", "edge": "both" }""", "0:1 2:2 4:3 20:4", "0 done 1, 2 held 2, 4 held 3, 9* done 3, 20 done 4")]
    [InlineData("""{ "type": "debounce", "for": "5s", "maxWait": "8s" }""", "0:1 4:2 7:3 10:4", "0 held 1, 4 held 2, 7 held 3, 8* done 3, 10 held 4, 15* done 4")]
    [InlineData("""{ "type": "debounce", "for": "5s", "edge": "leading", "maxWait": "8s" }""", "0:1 4:2 8:3 12:4", "0 done 1, 4 dropped 2, 8 done 3, 12 dropped 4")]
    [InlineData("""{ "type": "debounce", "for": "5s", "edge": "both", "maxWait": "8s" }""", "0:1 4:2 7:3 10:4", "0 done 1, 4 held 2, 7 held 3, 8* done 3, 10 held 4, 15* done 4")]
    [InlineData("""{ "type": "throttle", "per": "10s" }""", "0:1 3:2 9.999:3 10:4 11:5", "0 done 1, 3 dropped 2, 9.999 dropped 3, 10 done 4, 11 dropped 5")]
    [InlineData("""{ "type": "throttle", "per": "10s", "emit": "last" }""", "0:1 3:2 12:3", "0 held 1, 3 held 2, 10* done 2, 12 held 3, 22* done 3")]
    [InlineData("""{ "type": "changed", "value": "${x}" }""", "0:1 1:1.0 2:2 3:\"2\" 4:null 5:null 6:{\"a\":1,\"b\":2} 7:{\"b\":2,\"a\":1}", "0 done 1, 1 dropped 1.0, 2 done 2, 3 done \"2\", 4 done null, 5 dropped null, 6 done {\"a\":1,\"b\":2}, 7 dropped {\"b\":2,\"a\":1}")]
    [InlineData("""{ "type": "changed", "value": "${x}", "deadband": 1 }""", "0:10 1:10.6 2:11 3:11.1 4:10.2 5:10", "0 done 10, 1 dropped 10.6, 2 dropped 11, 3 done 11.1, 4 dropped 10.2, 5 done 10")]
    [InlineData("""{ "type": "changed", "value": "${x}", "deadbandPercent": 10 }""", "0:100 1:110 2:111 3:100", "0 done 100, 1 dropped 110, 2 done 111, 3 dropped 100")]
    [InlineData("""{ "type": "changed", "value": "${x}", "forget": "10s" }""", "0:1 9:1 10:1", "0 done 1, 9 dropped 1, 10 done 1")]
    [InlineData("""{ "type": "threshold", "value": "${x}", "above": 8, "clearBelow": 7 }""", "0:8 1:8.1 2:9 3:7 4:6.9 5:7.5 6:8.5", "0 dropped 8, 1 raised 8.1, 2 dropped 9, 3 dropped 7, 4 cleared 6.9, 5 dropped 7.5, 6 raised 8.5")]
    [InlineData("""{ "type": "threshold", "value": "${x}", "above": 8, "clearBelow": 7, "for": "5s" }""", "0:9 2:7.5 3:9 5:10 8.5:11 9:6", "0 held 9, 2 dropped 7.5, 3 held 9, 5 held 10, 8* raised 10, 8.5 dropped 11, 9 cleared 6")]
    [InlineData("""{ "type": "threshold", "value": "${x}", "below": 2, "clearFor": "5s" }""", "0:1 1:3 2:1 3:4 4:5 9:6", "0 raised 1, 1 held 3, 2 dropped 1, 3 held 4, 4 held 5, 8* cleared 5, 9 dropped 6")]
    [InlineData("""{ "type": "threshold", "value": "${x}", "above": 8, "below": 2 }""", "0:5 1:1 2:9 3:5", "0 dropped 5, 1 raised 1, 2 dropped 9, 3 cleared 5")]
    [InlineData("""{ "type": "silence", "for": "10s" }""", "0:1 5:2 30:3 31:4", "0 heard 1, 5 heard 2, 15* silent 2, 30 back 3, 31 heard 4, 41* silent 4")]
    [InlineData("""{ "type": "dedupe", "by": "${x}", "within": "10s" }""", "0:\"a\" 1:\"b\" 2:\"\\u0061\" 9.9:\"a\" 10:\"a\" 10.5:\"b\"", "0 done \"a\", 1 done \"b\", 2 duplicate \"\\u0061\", 9.9 duplicate \"a\", 10 done \"a\", 10.5 duplicate \"b\"")]
    [InlineData("""{ "type": "dedupe", "by": "${x}", "within": "10s", "max": 2 }""", "0:1 1:2 2:3 3:1 4:3", "0 done 1, 1 done 2, 2 done 3, 3 done 1, 4 duplicate 3")]
    [InlineData("""{ "type": "sequence", "by": "${x}" }""", "0:1 1:3 2:2 3:3 4:4", "0 done 1, 1 done 3, 2 stale 2, 3 stale 3, 4 done 4")]
    [InlineData("""{ "type": "sequence", "by": "${x}", "hold": "10s", "consecutive": true }""", "0:1 1:3 2:4 3:2 4:5 5:7 20:8", "0 done 1, 1 held 3, 2 held 4, 3 done 2, 3* done 3, 3* done 4, 4 done 5, 5 held 7, 15* done 7, 20 done 8")]
    [InlineData("""{ "type": "sequence", "by": "${x}", "hold": "10s" }""", "0:2 4:1 5:3 30:1", "0 held 2, 4 held 1, 5 held 3, 10* done 1, 10* done 2, 15* done 3, 30 stale 1")]
    [InlineData("""{ "type": "sequence", "by": "${x}", "hold": "10s", "max": 2 }""", "0:3 1:2 2:1 3:4", "0 held 3, 1 held 2, 2 held 1, 2* done 1, 3 held 4, 3* done 2, 10* done 3, 13* done 4")]
    public async Task Step_TellsWhatItsTimelineShows(string step, string events, string told)
    {
        var line = await DeviceTimeline.OfAsync(step);
        await line.SendAsync([.. events.Split(' ').Select(e => e.Split(':', 2)).Select(e => (double.Parse(e[0], System.Globalization.CultureInfo.InvariantCulture), e[1]))]);
        await line.AdvanceAsync(1000);
        Assert.Equal(told, line.Take());
    }

    [Theory]
    [InlineData("""{ "type": "window", "count": 3, "value": "${x}" }""", "0:3 1:1 2:2 3:9", "held held 6/2/1/3/2/3/3/2/count held")]
    [InlineData("""{ "type": "window", "for": "10s", "value": "${x}" }""", "1:3 9:1 10:2 11:4", "held held 4/2/1/3/1/3/3/1/time* held held 6/3/2/4/2/4/2/4/time*")]
    [InlineData("""{ "type": "window", "kind": "sliding", "for": "10s", "value": "${x}" }""", "0:1 5:2 10:3", "1/1/1/1/1/1/1/1/event 3/1.5/1/2/1/2/1/2/event 5/2.5/2/3/2/3/2/3/event")]
    [InlineData("""{ "type": "window", "kind": "sliding", "count": 2, "value": "${x}" }""", "0:1 5:2 10:3", "1/1/1/1/1/1/1/1/event 3/1.5/1/2/1/2/1/2/event 5/2.5/2/3/2/3/2/3/event")]
    [InlineData("""{ "type": "window", "kind": "session", "gap": "5s", "value": "${x}" }""", "0:1 4:2 8:3 13:4", "held held held 6/2/1/3/2/3/1/3/gap* held 4/4/4/4/4/4/4/4/gap*")]
    [InlineData("""{ "type": "window", "kind": "session", "gap": "5s", "for": "7s", "value": "${x}" }""", "0:1 4:2 8:3", "held held 3/1.5/1/2/1/2/1/2/gap* held 3/3/3/3/3/3/3/3/gap*")]
    [InlineData("""{ "type": "window", "for": "10s", "maxItems": 2, "value": "${x}" }""", "1:3 2:1 3:2", "held 4/2/1/3/1/3/3/1/full held 2/2/2/2/2/2/2/2/time*")]
    public async Task Window_TellsWhatItsValuesComeTo(string step, string events, string told)
    {
        var line = await DeviceTimeline.OfAsync(step);
        await line.SendAsync([.. events.Split(' ').Select(e => e.Split(':', 2)).Select(e => (double.Parse(e[0], System.Globalization.CultureInfo.InvariantCulture), e[1]))]);
        await line.AdvanceAsync(1000);
        var short_ = line.Take().Split(", ").Select(one => one.Split(' ', 3)).Select(one => one[1] == "done" ? Totals(one[2]) + (one[0].EndsWith('*') ? "*" : "") : one[1]);
        Assert.Equal(told, string.Join(' ', short_));
    }

    [Fact]
    public async Task Window_ByTheTimesOfItsEvents_ClosesWithALaterOne_AndTellsLateOnes()
    {
        var line = await DeviceTimeline.OfAsync("""{ "type": "window", "for": "10s", "time": "${x}", "code": "return 1" }""");
        await line.SendAsync((0, "100000"), (1, "109999"), (2, "110000"), (3, "105000"), (4, "111000"));
        Assert.Equal("0 held 100000, 1 held 109999, 2 done {\"items\":[100000,109999],\"start\":\"1970-01-01T00:01:40Z\",\"end\":\"1970-01-01T00:01:50Z\",\"reason\":\"time\"}, 3 late 105000, 4 held 111000", line.Take());
        await line.AdvanceAsync(14); // as long as a window after the last event
        Assert.Equal("14* done {\"items\":[110000,111000],\"start\":\"1970-01-01T00:01:50Z\",\"end\":\"1970-01-01T00:02:00Z\",\"reason\":\"time\"}", line.Take());
    }

    [Theory]
    [InlineData("""{ "type": "window", "kind": "sliding", "for": "10s", "time": "${x}", "code": "return 1" }""", "0:1000000000000 1:4000000000000 2:\"9999-12-31T23:59:59Z\" 3:1000000003000 4:999999999000 5:999999993000", "done late late done done late")]
    [InlineData("""{ "type": "window", "for": "10s", "time": "${x}", "code": "return 1" }""", "0:1000000000000 1:\"9999-12-31T23:59:59Z\" 3:1000000003000", "held late held done")]
    [InlineData("""{ "type": "window", "kind": "sliding", "for": "10s", "time": "${x}", "code": "return 1" }""", "0:1000000600000 1:1000000001000 10:1000000010000", "done late done")]
    [InlineData("""{ "type": "sequence", "by": "${x}" }""", "0:\"2001-09-09T01:46:40Z\" 1:\"2099-01-01T00:00:00Z\" 2:\"2001-09-09T01:46:42Z\"", "done stale done")]
    public async Task TimeThatCannotBeRight_MakesNoOtherLate(string step, string events, string outcomes)
    {
        var line = await DeviceTimeline.OfAsync(step);
        await line.SendAsync([.. events.Split(' ').Select(e => e.Split(':', 2)).Select(e => (double.Parse(e[0], System.Globalization.CultureInfo.InvariantCulture), e[1]))]);
        await line.AdvanceAsync(1000);
        Assert.Equal(outcomes, string.Join(' ', line.Take().Split(", ").Select(one => one.Split(' ')[1])));
    }

    [Fact]
    public async Task Window_WhoseTotalsAreTooLarge_TellsTheOthers()
    {
        var line = await DeviceTimeline.OfAsync("""{ "type": "window", "count": 2, "value": "${x}" }""");
        await line.SendAsync((0, "1e308"), (1, "1e308"), (2, "1"));
        Assert.Contains("1 done {\"count\":2,\"sum\":null,\"avg\":null,\"min\":1E+308,", line.Take(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "type": "threshold", "value": "${x}", "above": 8 }""", "1e999", "value: The number 1e999 is too large.")]
    [InlineData("""{ "type": "window", "count": 3, "time": "${x}", "value": 1 }""", "\"0001-01-01T00:00:00Z\"", "time: Expected a time with its offset from UTC, or milliseconds since 1970.")]
    [InlineData("""{ "type": "threshold", "value": "${x}", "above": 8 }""", "\"hot\"", "value: Expected a number, not the text \"hot\".")]
    [InlineData("""{ "type": "window", "count": 3, "value": "${x}" }""", "null", "value: Expected a number, not null.")]
    [InlineData("""{ "type": "sequence", "by": "${x}" }""", "true", "by: Expected a number, not true.")]
    [InlineData("""{ "type": "window", "count": 3, "time": "${x}", "value": 1 }""", "\"noon\"", "time: Expected a time with its offset from UTC, or milliseconds since 1970.")]
    public async Task Step_NamesTheValueThatItCannotUse(string step, string value, string message)
    {
        var line = await DeviceTimeline.OfAsync(step);
        var error = (await Assert.ThrowsAsync<StepException>(() => line.SendAsync((0, value)))).Error;
        Assert.Equal(("config_invalid", message), (error.Code, error.Message));
    }

    [Theory]
    [InlineData("""{ "type": "debounce", "for": "5s", "maxWait": "1s" }""", "/steps/one/maxWait")]
    [InlineData("""{ "type": "threshold", "value": 1 }""", "/steps/one")]
    [InlineData("""{ "type": "threshold", "value": 1, "above": 8, "clearBelow": 9 }""", "/steps/one/clearBelow")]
    [InlineData("""{ "type": "threshold", "value": 1, "above": 8, "clearAbove": 9 }""", "/steps/one/clearAbove")]
    [InlineData("""{ "type": "window" }""", "/steps/one")]
    [InlineData("""{ "type": "window", "count": 3, "gap": "1s" }""", "/steps/one/gap")]
    [InlineData("""{ "type": "window", "kind": "session" }""", "/steps/one")]
    [InlineData("""{ "type": "sequence", "by": 1, "consecutive": true }""", "/steps/one/consecutive")]
    public async Task Mistake_IsReportedAtItsPlace(string step, string place) =>
        Assert.Equal(place, (await new Compiling().OnlyProblemAsync($$"""{ "key": "one", "steps": { "one": {{step}} } }""")).Pointer);

    [Fact]
    public async Task StepThatRemembersKeys_NeedsAKey()
    {
        var problem = await new Compiling().OnlyProblemAsync("""{ "steps": { "one": { "type": "debounce", "for": "5s" } } }""");
        Assert.Equal("/steps/one/type", problem.Pointer);
        Assert.Contains("add \"key\" to the workflow", problem.Message, StringComparison.Ordinal);
    }

    private static string Totals(string output)
    {
        var totals = System.Text.Json.Nodes.JsonNode.Parse(output)!;
        return string.Join('/', new[] { "sum", "avg", "min", "max", "p50", "p95", "first", "last", "reason" }.Select(name => totals[name]!.ToString()));
    }
}

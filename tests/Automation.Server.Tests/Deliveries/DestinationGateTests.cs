using Automation.Server.Deliveries;

namespace Automation.Server.Tests.Deliveries;

public sealed class DestinationGateTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly DeliveryOptions options = new() { Concurrency = 8, CircuitFailures = 3, CircuitPause = TimeSpan.FromSeconds(5), CircuitMaxPause = TimeSpan.FromSeconds(15) };

    [Fact]
    public void Circuit_OpensAfterFailuresInARow_LetsOneTryAfterThePause_AndClosesWithItsSuccess()
    {
        var gate = new DestinationGate(options);
        Fail(gate, 2, Start);
        gate.Report(DestinationHealth.Well, null, answered: true, Start);
        Fail(gate, 2, Start);
        Assert.True(gate.TryPass(Start, out _)); // not in a row
        Fail(gate, 1, Start);
        Assert.False(gate.TryPass(Start.AddSeconds(4.9), out var again));
        Assert.Equal(Start.AddSeconds(5), again);
        Assert.True(gate.TryPass(Start.AddSeconds(5), out _));
        Assert.Equal(1, gate.Window);
        gate.Report(DestinationHealth.Well, null, answered: true, Start.AddSeconds(6));
        Assert.Equal(2, gate.Window); // slowly at first
        Assert.True(gate.TryPass(Start.AddSeconds(6), out _));
    }

    [Fact]
    public void Circuit_ThatACallFromBeforeCloses_HoldsUpNothingMore_ButWhatWasAskedFor()
    {
        var gate = new DestinationGate(options);
        Fail(gate, 3, Start);
        gate.Report(DestinationHealth.Well, null, answered: true, Start.AddSeconds(1));
        Assert.False(gate.IsOpen);
        Assert.True(gate.TryPass(Start.AddSeconds(1), out _));

        gate.Report(DestinationHealth.Overloaded, TimeSpan.FromSeconds(9), answered: true, Start.AddSeconds(1));
        Fail(gate, 3, Start.AddSeconds(1));
        gate.Report(DestinationHealth.Well, null, answered: true, Start.AddSeconds(2));
        Assert.False(gate.TryPass(Start.AddSeconds(2), out var again));
        Assert.Equal(Start.AddSeconds(10), again);
    }

    [Fact]
    public void Circuit_DoublesItsPause_UpToTheLongest_WhileTheTryFails()
    {
        var gate = new DestinationGate(options);
        var now = Start;
        Fail(gate, 3, now);
        foreach (var seconds in new[] { 5, 10, 15, 15 })
        {
            Assert.False(gate.TryPass(now.AddSeconds(seconds - 0.1), out _));
            Assert.True(gate.TryPass(now = now.AddSeconds(seconds), out _));
            Fail(gate, 1, now);
        }
    }

    [Fact]
    public void Circuit_DoublesItsPause_AlsoWhereTheTryIsAnsweredWithOverload()
    {
        var gate = new DestinationGate(options);
        var now = Start;
        for (var i = 0; i < 3; i++) gate.Report(DestinationHealth.Overloaded, null, answered: true, now);
        foreach (var seconds in new[] { 5, 10, 15, 15 })
        {
            Assert.False(gate.TryPass(now.AddSeconds(seconds - 0.1), out _));
            Assert.True(gate.TryPass(now = now.AddSeconds(seconds), out _));
            gate.Report(DestinationHealth.Overloaded, null, answered: true, now);
        }
    }

    [Fact]
    public void LowRate_IsNotForgottenBeforeTheBucketIsFull()
    {
        var gate = new DestinationGate(options) { Rate = 0.05 };
        Assert.True(gate.TryPass(Start, out _));
        Assert.False(gate.IsAtRest(Start.AddSeconds(19)));
        Assert.False(gate.TryPass(Start.AddSeconds(19), out _));
        Assert.True(gate.IsAtRest(Start.AddSeconds(21)));
    }

    [Fact]
    public void CallsThatWereUnderWayWhenItOpened_DoNotLengthenThePause()
    {
        var gate = new DestinationGate(options);
        Fail(gate, 30, Start);
        Assert.True(gate.TryPass(Start.AddSeconds(5), out _));
    }

    [Fact]
    public void Overload_HalvesTheCallsAtATime_AndWaitsAsAsked_AndSuccessesBringThemBack()
    {
        var gate = new DestinationGate(options);
        gate.Report(DestinationHealth.Overloaded, TimeSpan.FromSeconds(30), answered: true, Start);
        Assert.Equal(4, gate.Window);
        Assert.False(gate.TryPass(Start.AddSeconds(29), out _));
        Assert.True(gate.TryPass(Start.AddSeconds(30), out _));
        gate.Report(DestinationHealth.Overloaded, null, answered: true, Start.AddSeconds(30));
        Assert.Equal(2, gate.Window);
        Assert.False(gate.TryPass(Start.AddSeconds(30.5), out _));
        Assert.True(gate.TryPass(Start.AddSeconds(31), out _));
        for (var i = 0; i < 20; i++) gate.Report(DestinationHealth.Well, null, answered: true, Start.AddSeconds(31));
        Assert.Equal(8, gate.Window);
        Assert.True(gate.IsAtRest(Start.AddSeconds(31)));
    }

    [Fact]
    public void Overload_IsNotBelievedForMoreThanAnHour()
    {
        var gate = new DestinationGate(options);
        gate.Report(DestinationHealth.Overloaded, TimeSpan.FromDays(3), answered: true, Start);
        Assert.True(gate.TryPass(Start.AddHours(1), out _));
    }

    [Fact]
    public void Rate_LetsABurstOfOneSecondThrough_ThenOneAtATime()
    {
        var gate = new DestinationGate(options) { Rate = 10 };
        for (var i = 0; i < 10; i++) Assert.True(gate.TryPass(Start, out _));
        Assert.False(gate.TryPass(Start, out var again));
        Assert.InRange((again - Start).TotalMilliseconds, 100, 102);
        Assert.True(gate.TryPass(again, out _));
        Assert.False(gate.TryPass(again, out _));
        Assert.False(gate.IsAtRest(again));
        Assert.True(gate.IsAtRest(again.AddSeconds(3)));
    }

    private static void Fail(DestinationGate gate, int times, DateTimeOffset now)
    {
        for (; times > 0; times--) gate.Report(DestinationHealth.Failing, null, answered: false, now);
    }
}

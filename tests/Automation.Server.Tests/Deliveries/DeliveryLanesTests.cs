using Automation.Server.Deliveries;

namespace Automation.Server.Tests.Deliveries;

public sealed class DeliveryLanesTests
{
    [Fact]
    public void TryReserve_StopsAtTheDestinationsLimit()
    {
        var lanes = new DeliveryLanes(new DeliveryOptions { MaxHeld = 100, MaxHeldPerDestination = 3 }, TimeProvider.System);
        Assert.Equal(3, Reserve(lanes, "a", 10));
        Assert.Equal(3, Reserve(lanes, "b", 10));
        Assert.Equal(6, lanes.Held);
    }

    [Fact]
    public void TryReserve_TakesAThirdOfTheRoomAtMost_ForOneDestination()
    {
        var lanes = new DeliveryLanes(new DeliveryOptions { MaxHeld = 900, MaxHeldPerDestination = 900 }, TimeProvider.System);
        Assert.Equal(300, Reserve(lanes, "hanging", 2000));
    }

    [Fact]
    public void Shed_MakesRoomForOthers_WhenManyDestinationsHang()
    {
        var lanes = new DeliveryLanes(new DeliveryOptions { MaxHeld = 1000, Concurrency = 2 }, TimeProvider.System);
        for (var i = 0; i < 50; i++)
        {
            for (var reserved = Reserve(lanes, $"hanging-{i}", 1000); reserved > 0; reserved--)
            {
                // Two of each are under way and hang.
                var (lane, startRunner) = Enter(lanes, $"hanging-{i}");
                if (startRunner) lanes.TryNext(lane!, out _, out _);
            }
        }

        Assert.False(lanes.TryReserve("healthy"));
        foreach (var delivery in lanes.Shed()) lanes.Done(delivery.Destination);
        Assert.InRange(lanes.Held, 1, 600);
        Assert.True(lanes.TryReserve("healthy"));
    }

    [Fact]
    public void TryReserve_KeepsRefusing_UntilTheJournalHasNothingLeftForTheDestination()
    {
        var lanes = new DeliveryLanes(new DeliveryOptions { MaxHeld = 100, MaxHeldPerDestination = 1 }, TimeProvider.System);
        Assert.True(lanes.TryReserve("a"));
        Assert.True(lanes.TryReserve("b"));
        Assert.False(lanes.TryReserve("a"));
        // The lane would have room again, but what was refused waits in the journal and goes first.
        Enter(lanes, "a");
        Assert.True(lanes.TryReserve("a") is false);
        Assert.True(lanes.WantsMore(out _, out var except));
        Assert.Equal(["a", "b"], except.Order());
        Assert.True(lanes.Done("a"));
        Assert.True(lanes.WantsMore(out _, out except));
        Assert.Equal(["b"], except);
        lanes.CaughtUp(except);
        Assert.True(lanes.TryReserve("a"));
    }

    [Fact]
    public void Release_GivesTheRoomBack()
    {
        var lanes = new DeliveryLanes(new DeliveryOptions { MaxHeld = 1 }, TimeProvider.System);
        Assert.True(lanes.TryReserve("a"));
        lanes.Release("a");
        Assert.Equal(0, lanes.Held);
        Assert.True(lanes.TryReserve("b"));
    }

    [Fact]
    public void Enter_StartsAsManyRunnersAsTheConcurrencyAllows()
    {
        var lanes = new DeliveryLanes(new DeliveryOptions { Concurrency = 2 }, TimeProvider.System);
        Reserve(lanes, "a", 3);
        var first = Enter(lanes, "a");
        var second = Enter(lanes, "a");
        var third = Enter(lanes, "a");
        Assert.Equal([true, true, false], new[] { first.StartRunner, second.StartRunner, third.StartRunner });
        Assert.True(lanes.TryNext(first.Lane!, out _, out _));
        Assert.True(lanes.TryNext(first.Lane!, out _, out _));
        Assert.True(lanes.TryNext(first.Lane!, out _, out _));
        Assert.False(lanes.TryNext(first.Lane!, out _, out _));
    }

    [Fact]
    public void Close_HandsOutWhatWaits_AndLetsNothingIn()
    {
        var lanes = new DeliveryLanes(new DeliveryOptions(), TimeProvider.System);
        Reserve(lanes, "a", 2);
        Enter(lanes, "a");
        Assert.Single(lanes.Close());
        Assert.Null(Enter(lanes, "a").Lane);
        Assert.False(lanes.TryReserve("a"));
        Assert.False(lanes.WantsMore(out _, out _));
        Assert.False(lanes.WhenIdleAsync().IsCompleted);
        lanes.Done("a");
        lanes.Done("a");
        Assert.True(lanes.WhenIdleAsync().IsCompleted);
        Assert.Equal(0, lanes.Held);
    }

    [Fact]
    public void CallFromBefore_ThatClosesTheCircuit_LetsWhatWaitsGo()
    {
        var lanes = new DeliveryLanes(new DeliveryOptions { Concurrency = 3, CircuitFailures = 2, CircuitPause = TimeSpan.FromHours(1), CircuitMaxPause = TimeSpan.FromHours(1) }, TimeProvider.System);
        Reserve(lanes, "a", 6);
        DeliveryLanes.Lane lane = null!;
        for (var i = 0; i < 6; i++) lane = Enter(lanes, "a").Lane!;
        for (var i = 0; i < 3; i++) Assert.True(lanes.TryNext(lane, out _, out _)); // three calls are under way

        lanes.Report(lane, Result(500, DestinationHealth.Failing));
        Assert.Equal(0, lanes.Report(lane, Result(500, DestinationHealth.Failing)));
        Assert.False(lanes.TryNext(lane, out _, out _)); // the first of those that failed ends, as only one call may try
        Assert.False(lanes.TryNext(lane, out _, out _));
        Assert.True(lanes.Report(lane, Result(200, DestinationHealth.Well)) > 0);
        Assert.True(lanes.TryNext(lane, out _, out _));
    }

    private static SendResult Result(int status, DestinationHealth health) => new(new Attempt(1, default, 0, status, null, null, null), "retrying", null, health);

    private static int Reserve(DeliveryLanes lanes, string destination, int times) => Enumerable.Range(0, times).Count(_ => lanes.TryReserve(destination));

    private static (DeliveryLanes.Lane? Lane, bool StartRunner) Enter(DeliveryLanes lanes, string destination)
    {
        var request = new DeliveryRequest(new("https://a.example/"), "POST", new Dictionary<string, Server.Secrets.SecretText>(), null, default, null, 1, TimeSpan.FromSeconds(1));
        var lane = lanes.Enter(new Delivery(1, 1, "w", "s", "k", destination, request, default, 0), out var startRunner);
        return (lane, startRunner);
    }
}

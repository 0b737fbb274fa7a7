using Automation.Server.Deliveries;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Deliveries;

/// <summary>What a destination's answers mean for all deliveries to it.</summary>
public sealed class CircuitTests
{
    [Fact]
    public async Task AReceiverThatAsksForAPause_IsNotCalledMeanwhile_AndWaitingCostsNoAttempt()
    {
        var busy = true;
        await using var receiver = await Receiver.StartAsync(context =>
        {
            if (!busy) return Task.CompletedTask;
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "30";
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig(new DeliveryOptions { Concurrency = 1 });
        for (var i = 0; i < 5; i++) await rig.QueueAsync(rig.Delivery(receiver.Url));
        await rig.Worker.RunOnceAsync();
        while (rig.Text("SELECT count(*) FROM attempts") != "1") await Task.Yield();
        for (var i = 0; i < 29; i++)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            await rig.Worker.RunOnceAsync();
        }

        Assert.Single(receiver.Requests);
        busy = false;
        await UntilAsync(rig, "SELECT count(*) FROM deliveries WHERE state = 'succeeded'", "5");
        Assert.Equal(6, receiver.Requests.Count);
        Assert.Equal("1", rig.Text("SELECT count(*) FROM deliveries WHERE attempts = 2"));
    }

    [Fact]
    public async Task AReceiverThatFailsAgainAndAgain_IsTriedByOneDeliveryAtATime_UntilItRecovers()
    {
        var down = true;
        await using var receiver = await Receiver.StartAsync(context =>
        {
            if (down) context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig(new DeliveryOptions { Concurrency = 1, CircuitFailures = 4 });
        for (var i = 0; i < 40; i++) await rig.QueueAsync(rig.Delivery(receiver.Url));
        await rig.Worker.RunOnceAsync();
        while (rig.Text("SELECT count(*) FROM attempts") != "4") await Task.Yield();
        for (var i = 0; i < 16; i++)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }

        Assert.InRange(receiver.Requests.Count, 4, 6); // tried after 5 s and after 10 s more
        down = false;
        await UntilAsync(rig, "SELECT count(*) FROM deliveries WHERE state = 'succeeded'", "40");
    }

    [Fact]
    public async Task ARate_IsKept()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig(new DeliveryOptions { RatePerDestination = 2 });
        for (var i = 0; i < 10; i++) await rig.QueueAsync(rig.Delivery(receiver.Url));
        await rig.Worker.RunOnceAsync();
        while (rig.Text("SELECT count(*) FROM attempts") != "2") await Task.Yield();
        Assert.Equal(2, receiver.Requests.Count);
        rig.Time.Advance(TimeSpan.FromMilliseconds(510));
        while (rig.Text("SELECT count(*) FROM attempts") != "3") await Task.Yield();
        await UntilAsync(rig, "SELECT count(*) FROM deliveries WHERE state = 'succeeded'", "10");
        Assert.True(rig.Time.GetUtcNow() - new ManualTime().GetUtcNow() >= TimeSpan.FromSeconds(4));
    }

    private static async Task UntilAsync(DeliveryRig rig, string sql, string value)
    {
        for (var round = 0; rig.Text(sql) != value; round++)
        {
            Assert.True(round < 5000);
            rig.Time.Advance(TimeSpan.FromMilliseconds(250));
            await rig.Worker.RunOnceAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }
}

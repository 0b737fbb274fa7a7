using Automation.Server.Deliveries;
using Automation.Server.Storage;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Deliveries;

/// <summary>Strict order: deliveries to one destination with the same key go one at a time.</summary>
public sealed class OrderTests
{
    [Fact]
    public async Task OneThatFails_HoldsUpItsKeyAlone_AndTheRestFollowsInOrder()
    {
        var failing = true;
        await using var receiver = await Receiver.StartAsync(context =>
        {
            if (failing && context.Request.Path == "/a1") context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig();
        foreach (var name in new[] { "a1", "a2", "b1", "a3", "b2" }) await rig.QueueAsync(Ordered(rig, receiver, name));
        await RunAsync(rig);
        Assert.Equal(["/a1", "/b1", "/b2"], receiver.Requests.Select(r => r.Target).Order(StringComparer.Ordinal));
        rig.Time.Advance(TimeSpan.FromSeconds(3));
        await RunAsync(rig);
        Assert.Equal(3, receiver.Requests.Count);
        failing = false;
        rig.Time.Advance(TimeSpan.FromSeconds(3));
        await RunAsync(rig);
        Assert.Equal(["/a1", "/a1", "/a2", "/a3"], receiver.Requests.Select(r => r.Target).Where(t => t[1] == 'a'));
        Assert.Equal("5", rig.Text("SELECT count(*) FROM deliveries WHERE state = 'succeeded'"));
    }

    [Fact]
    public async Task OneThatIsDead_LetsTheNextGo_AndItsReplayWaitsForItsTurn()
    {
        var gate = new TaskCompletionSource();
        await using var receiver = await Receiver.StartAsync(context =>
        {
            if (context.Request.Path == "/a1") context.Response.StatusCode = 410;
            return context.Request.Path == "/a2" ? gate.Task : Task.CompletedTask;
        });
        await using var rig = new DeliveryRig();
        var first = await rig.QueueAsync(Ordered(rig, receiver, "a1"));
        await rig.QueueAsync(Ordered(rig, receiver, "a2"));
        await rig.Worker.RunOnceAsync();
        await rig.Worker.WhenIdleAsync();
        Assert.Equal("dead 1", rig.State(first));
        await rig.Worker.RunOnceAsync();
        while (receiver.Requests.Count < 2) await Task.Yield();
        await rig.Journal.CommitAsync(new DeliveryReplayed(first.Id, rig.Time.GetUtcNow()));
        Assert.Equal(0, await rig.Worker.RunOnceAsync());
        gate.SetResult();
        await rig.Worker.WhenIdleAsync();
        await RunAsync(rig);
        Assert.Equal(["/a1", "/a2", "/a1"], receiver.Requests.Select(r => r.Target));
    }

    [Fact]
    public async Task ManyOfManyKeys_ComeInOrder_WhateverFailsBetween()
    {
        var random = new Random(7);
        await using var receiver = await Receiver.StartAsync(context =>
        {
            lock (random) context.Response.StatusCode = random.Next(3) == 0 ? 500 : 200;
            context.Items["status"] = context.Response.StatusCode;
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig(new DeliveryOptions { Schedule = "0s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s", CircuitFailures = 1000 });
        for (var i = 0; i < 60; i++) await rig.QueueAsync(Ordered(rig, receiver, $"{"abcd"[i % 4]}{i:00}"));
        for (var round = 0; round < 400 && rig.Text("SELECT count(*) FROM deliveries WHERE ended_at IS NULL") != "0"; round++)
        {
            await RunAsync(rig);
            rig.Time.Advance(TimeSpan.FromSeconds(1));
        }

        foreach (var key in "abcd")
        {
            var came = receiver.Requests.Select(r => r.Target).Where(t => t[1] == key).ToList();
            Assert.Equal(came.Order(StringComparer.Ordinal), came);
            Assert.Equal(15, came.Distinct().Count());
        }
    }

    private static Delivery Ordered(DeliveryRig rig, Receiver receiver, string name)
    {
        var delivery = rig.Delivery($"{receiver.Url}/{name}");
        return delivery with { Request = delivery.Request with { OrderKey = name[..1], MaxAttempts = 16 } };
    }

    private static async Task RunAsync(DeliveryRig rig)
    {
        do
        {
            await rig.Worker.RunOnceAsync();
            await rig.Worker.WhenIdleAsync();
        }
        while (rig.Text($"SELECT count(*) FROM deliveries WHERE next_attempt_at <= {rig.Time.GetUtcNow().ToUnixTimeMilliseconds()}") != "0");
    }
}

using Automation.Server.Deliveries;
using Automation.Server.Storage;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Deliveries;

public sealed class DeliveryWorkerTests
{
    [Fact]
    public async Task RunOnce_MakesWhatIsDue_AndStoresTheAttempt()
    {
        await using var receiver = await Receiver.StartAsync(context => context.Response.WriteAsync("thanks"));
        await using var rig = new DeliveryRig();
        var delivery = await rig.QueueAsync(rig.Delivery(receiver.Url, "{\"n\":1}"));
        Assert.Equal(1, await rig.Worker.RunOnceAsync());
        await rig.Worker.WhenIdleAsync();
        Assert.Equal("succeeded 1", rig.State(delivery));
        Assert.Equal("1 200 ", rig.Text("SELECT number || ' ' || status || ' ' || coalesce(error, '') FROM attempts"));
        Assert.EndsWith("\n\nthanks", rig.Text("SELECT response_head FROM attempts"), StringComparison.Ordinal);
        Assert.Equal("{\"n\":1}", Assert.Single(receiver.Requests).Text);
        Assert.Equal(0, await rig.Worker.RunOnceAsync());
        Assert.Equal(0, rig.Lanes.Held);
    }

    [Fact]
    public async Task Start_MakesADeliveryThatTheEngineHandsOver()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig();
        var delivery = rig.Delivery(receiver.Url);
        Assert.True(await rig.HandOverAsync(delivery));
        await rig.Worker.WhenIdleAsync();
        Assert.Equal("succeeded 1", rig.State(delivery));
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task RunOnce_RetriesWhenTheTimeHasCome_WithTheSameKey_UntilItSucceeds()
    {
        var failures = 2;
        await using var receiver = await Receiver.StartAsync(context =>
        {
            if (failures-- > 0) context.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig();
        var delivery = await rig.QueueAsync(rig.Delivery(receiver.Url));
        await RunAsync(rig);
        Assert.Equal("retrying 1", rig.State(delivery));
        rig.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(0, await RunAsync(rig)); // not yet due
        rig.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(1, await RunAsync(rig));
        Assert.Equal("retrying 2", rig.State(delivery));
        rig.Time.Advance(TimeSpan.FromMinutes(6));
        await RunAsync(rig);
        Assert.Equal("succeeded 3", rig.State(delivery));
        Assert.Equal(3, receiver.Requests.Count);
        Assert.Single(receiver.Requests.Select(r => r.Headers["webhook-id"]).Distinct());
        Assert.Equal("3", rig.Text("SELECT count(*) FROM attempts"));
    }

    [Fact]
    public async Task RunOnce_GivesUp_AfterTheLastAttempt_AndAReplayTriesAgain()
    {
        await using var rig = new DeliveryRig();
        var delivery = await rig.QueueAsync(rig.Delivery("http://127.0.0.1:1/", maxAttempts: 2));
        await RunAsync(rig);
        rig.Time.Advance(TimeSpan.FromSeconds(6));
        await RunAsync(rig);
        Assert.Equal("dead 2", rig.State(delivery));
        Assert.Contains(rig.WorkerLog.Lines, l => l.StartsWith("Warning 4002", StringComparison.Ordinal));
        await rig.Journal.CommitAsync(new DeliveryReplayed(delivery.Id, rig.Time.GetUtcNow()));
        await RunAsync(rig);
        Assert.Equal("retrying 3", rig.State(delivery));
        var pause = long.Parse(rig.Text("SELECT next_attempt_at FROM deliveries"), System.Globalization.CultureInfo.InvariantCulture) - rig.Time.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.InRange(pause, 4000, 6000); // as after the first attempt of all
        rig.Time.Advance(TimeSpan.FromSeconds(6));
        await RunAsync(rig);
        Assert.Equal("dead 4", rig.State(delivery));
    }

    [Fact]
    public async Task HangingDestination_DoesNotHoldUpAnother()
    {
        await using var hanging = new RawReceiver((_, stop) => RawReceiver.NeverAsync(stop));
        await using var healthy = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig(new DeliveryOptions { Concurrency = 2, MaxHeld = 8 });
        for (var i = 0; i < 40; i++) await rig.QueueAsync(rig.Delivery(hanging.Url));
        await rig.Worker.RunOnceAsync();
        await hanging.RequestCame.Task;
        var deliveries = new List<Delivery>();
        for (var i = 0; i < 20; i++) deliveries.Add(await rig.QueueAsync(rig.Delivery(healthy.Url)));
        // No attempt to the hanging destination ends; the clock stands still.
        while (healthy.Requests.Count < 20)
        {
            await rig.Worker.RunOnceAsync();
            await Task.Yield();
        }

        Assert.InRange(hanging.Accepted, 1, 2);
        Assert.InRange(rig.Lanes.Held, 1, 8);
        await rig.Worker.StopAsync(new CancellationToken(canceled: true));
    }

    [Fact]
    public async Task TryReserve_RefusesBeyondTheLimit_AndTheRestIsClaimedLater()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig(new DeliveryOptions { MaxHeld = 40, MaxHeldPerDestination = 2 });
        var held = 0;
        for (var i = 0; i < 2; i++) held += rig.Worker.TryReserve("http://127.0.0.1:" + receiver.Port) ? 1 : 0;
        Assert.Equal(2, held);
        var delivery = rig.Delivery(receiver.Url);
        Assert.False(await rig.HandOverAsync(delivery));
        Assert.Equal("pending 0", rig.State(delivery));
        rig.Worker.Release(delivery.Destination);
        rig.Worker.Release(delivery.Destination);
        await RunAsync(rig);
        Assert.Equal("succeeded 1", rig.State(delivery));
    }

    [Fact]
    public async Task Loop_ClaimsAtTheStart_AndWhenTheNextAttemptIsDue()
    {
        var came = new SemaphoreSlim(0);
        var failing = true;
        await using var receiver = await Receiver.StartAsync(context =>
        {
            if (failing) context.Response.StatusCode = 500;
            failing = false;
            came.Release();
            return Task.CompletedTask;
        });
        await using var rig = new DeliveryRig();
        var delivery = await rig.QueueAsync(rig.Delivery(receiver.Url));
        await rig.Worker.StartAsync(CancellationToken.None);
        await came.WaitAsync();
        await rig.Worker.WhenIdleAsync();
        Assert.Equal("retrying 1", rig.State(delivery));
        var second = came.WaitAsync();
        while (!second.IsCompleted)
        {
            if (rig.Lanes.Held == 0) rig.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await rig.Worker.WhenIdleAsync();
        await rig.Worker.StopAsync(CancellationToken.None);
        Assert.Equal("succeeded 2", rig.State(delivery));
    }

    [Fact]
    public async Task Stop_LetsAttemptsFinish_AndGivesTheRestBack()
    {
        var answer = new TaskCompletionSource();
        await using var receiver = await Receiver.StartAsync(_ => answer.Task);
        await using var rig = new DeliveryRig(new DeliveryOptions { Concurrency = 1 });
        var first = rig.Delivery(receiver.Url);
        var second = rig.Delivery(receiver.Url);
        await rig.HandOverAsync(first);
        await rig.HandOverAsync(second);
        while (receiver.Requests.Count == 0) await Task.Yield();
        var stopping = rig.Worker.StopAsync(CancellationToken.None);
        Assert.False(stopping.IsCompleted);
        answer.SetResult();
        await stopping;
        Assert.Equal("succeeded 1", rig.State(first));
        Assert.Equal("pending 0", rig.State(second));
        Assert.Equal("1", rig.Text("SELECT count(*) FROM deliveries WHERE owner IS NULL AND next_attempt_at IS NOT NULL"));
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task Stop_CutsOffWhatDoesNotFinishInTime_WithoutCountingAnAttempt()
    {
        await using var receiver = new RawReceiver((_, stop) => RawReceiver.NeverAsync(stop));
        await using var rig = new DeliveryRig(new DeliveryOptions { StopGrace = TimeSpan.FromSeconds(10), Timeout = TimeSpan.FromSeconds(60) });
        var delivery = rig.Delivery(receiver.Url, timeout: TimeSpan.FromSeconds(60));
        await rig.HandOverAsync(delivery);
        await receiver.RequestCame.Task;
        var stopping = rig.Worker.StopAsync(CancellationToken.None);
        while (!stopping.IsCompleted)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await stopping;
        Assert.Equal("pending 0", rig.State(delivery));
        Assert.Equal("0", rig.Text("SELECT count(*) FROM attempts"));
    }

    [Fact]
    public async Task DisposedWithoutAStop_CutsOffWhatIsUnderWay_AndGivesAllBack()
    {
        await using var receiver = new RawReceiver((_, stop) => RawReceiver.NeverAsync(stop));
        await using var rig = new DeliveryRig(new DeliveryOptions { Concurrency = 1 });
        var first = rig.Delivery(receiver.Url);
        var second = rig.Delivery(receiver.Url);
        await rig.HandOverAsync(first);
        await rig.HandOverAsync(second);
        await receiver.RequestCame.Task;

        rig.Worker.Dispose();
        await rig.Worker.WhenIdleAsync();

        Assert.Equal(("pending 0", "pending 0"), (rig.State(first), rig.State(second)));
    }

    [Fact]
    public async Task Start_AfterTheStop_GivesTheDeliveryBack()
    {
        await using var rig = new DeliveryRig();
        var delivery = rig.Delivery("http://127.0.0.1:1/");
        Assert.True(rig.Worker.TryReserve(delivery.Destination));
        await rig.Worker.StopAsync(CancellationToken.None);
        await rig.Journal.CommitAsync(new DeliveryQueued(delivery, Held: true));
        rig.Worker.Start(delivery);
        await rig.Worker.WhenIdleAsync();
        Assert.Equal("pending 0", rig.State(delivery));
        Assert.Equal("", rig.Text("SELECT owner FROM deliveries"));
    }

    [Fact]
    public async Task ResultThatCannotBeStored_IsTriedAgain_AndTheDeliveryKeepsItsRoom()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig();
        var delivery = await rig.QueueAsync(rig.Delivery(receiver.Url));
        rig.Execute("ALTER TABLE attempts RENAME TO gone");
        await rig.Worker.RunOnceAsync();
        while (!rig.WorkerLog.Lines.Any(l => l.StartsWith("Error 4003", StringComparison.Ordinal))) await Task.Yield();
        Assert.Equal(1, rig.Lanes.Held);
        rig.Execute("ALTER TABLE gone RENAME TO attempts");
        var idle = rig.Worker.WhenIdleAsync();
        while (!idle.IsCompleted)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal("succeeded 1", rig.State(delivery));
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task ResultThatIsRefusedForGood_IsGivenUp_AndNotSentAgain()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig();
        var delivery = await rig.QueueAsync(rig.Delivery(receiver.Url));
        rig.RefuseAttempts();
        await RunAsync(rig);
        Assert.Contains(rig.WorkerLog.Lines, l => l.StartsWith("Error 4009", StringComparison.Ordinal));
        Assert.Equal(0, rig.Lanes.Held);
        Assert.Equal(0, await RunAsync(rig));
        Assert.Single(receiver.Requests);
        Assert.Equal("pending 0", rig.State(delivery));
    }

    [Fact]
    public async Task DeliveriesThatCannotBeGivenBack_AreGivenBackLater_AndKeepTheirRoomUntilThen()
    {
        await using var rig = new DeliveryRig(new DeliveryOptions { MaxHeld = 8 });
        for (var i = 0; i < 8; i++)
        {
            var delivery = rig.Delivery("http://127.0.0.1:1/");
            await rig.Journal.CommitAsync(new DeliveryQueued(delivery, Held: true));
            rig.Lanes.Admit(delivery, out _);
        }

        rig.Execute("ALTER TABLE deliveries RENAME TO gone");
        var shedding = rig.Worker.RunOnceAsync();
        while (!rig.WorkerLog.Lines.Any(l => l.StartsWith("Error 4007", StringComparison.Ordinal))) await Task.Yield();
        Assert.Equal(8, rig.Lanes.Held);
        rig.Execute("ALTER TABLE gone RENAME TO deliveries");
        while (!shedding.IsCompleted)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal("4", rig.Text("SELECT count(*) FROM deliveries WHERE owner IS NULL"));
        Assert.Equal(4, rig.Lanes.Held);
    }

    [Fact]
    public async Task Stop_DoesNotWait_ForAJournalThatCannotTakeDeliveriesBack()
    {
        await using var rig = new DeliveryRig();
        var delivery = rig.Delivery("http://127.0.0.1:1/");
        Assert.True(rig.Worker.TryReserve(delivery.Destination));
        await rig.Journal.CommitAsync(new DeliveryQueued(delivery, Held: true));
        rig.Execute("ALTER TABLE deliveries RENAME TO gone");
        await rig.Worker.StopAsync(CancellationToken.None);
        rig.Worker.Start(delivery);
        await rig.Worker.WhenIdleAsync();
        Assert.Contains(rig.WorkerLog.Lines, l => l.StartsWith("Error 4008", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Restart_MakesWhatTheDeadServerHeld()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig();
        var delivery = rig.Delivery(receiver.Url);
        await rig.Journal.CommitAsync(new DeliveryQueued(delivery, Held: true));
        await rig.RestartAsync();
        await RunAsync(rig);
        Assert.Equal("succeeded 1", rig.State(delivery));
        Assert.Equal(delivery.IdempotencyKey, Assert.Single(receiver.Requests).Headers["Idempotency-Key"]);
    }

    [Fact]
    public async Task ManyDeliveries_AreEachMadeOnce()
    {
        await using var receiver = await Receiver.StartAsync(_ => Task.CompletedTask);
        await using var rig = new DeliveryRig(new DeliveryOptions { MaxHeld = 200, MaxHeldPerDestination = 100 });
        var handed = Enumerable.Range(0, 2000).Select(_ => rig.Delivery(receiver.Url)).ToList();
        await Task.WhenAll(handed.Select(d => rig.HandOverAsync(d)));
        await RunAsync(rig);
        while (await RunAsync(rig) > 0)
        {
        }

        Assert.Equal("2000", rig.Text("SELECT count(*) FROM deliveries WHERE state = 'succeeded' AND attempts = 1"));
        Assert.Equal(2000, receiver.Requests.Select(r => r.Headers["webhook-id"]).Distinct().Count());
        Assert.Equal(2000, receiver.Requests.Count);
    }

    private static async Task<int> RunAsync(DeliveryRig rig)
    {
        var started = await rig.Worker.RunOnceAsync();
        await rig.Worker.WhenIdleAsync();
        return started;
    }
}

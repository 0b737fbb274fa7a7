using System.Net;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Tests.Broker;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Tests.Transport;

public sealed class ConnectRateTests : BrokerTestBase
{
    [Fact]
    public async Task OverAll_ThoseTooMany_WaitForTheirTurn_AndNoneIsRefused()
    {
        var broker = await StartOnManualTimeAsync(options => options.MaxConnectRate = 2);
        var clients = new List<Task<TestClient>>();
        for (var number = 0; number < 4; number++)
            clients.Add(TestClient.ConnectAsync(broker, $"c{number}"));

        await Task.WhenAny(clients).WaitAsync(TestClient.Patience);
        await Eventually.IsAsync(() => clients.Count(client => client.IsCompleted) == 2);
        await Eventually.IsAsync(() => Time.Timers > 1); // the wheel's and the delay of the third
        Assert.Equal(2, broker.Metrics.ConnectionsTotal);

        for (var waiting = 2; waiting > 0; waiting--)
        {
            await Eventually.IsAsync(() => Time.Timers > 1);
            Time.Advance(TimeSpan.FromMilliseconds(600));
        }

        foreach (var client in await Task.WhenAll(clients).WaitAsync(TestClient.Patience))
            await client.DisposeAsync();
        Assert.Equal(0, broker.Metrics.ConnectionsOverRate);
    }

    [Fact]
    public async Task OfAnAddress_ThoseTooMany_AreClosed_UntilTimeHasPassed()
    {
        var broker = await StartOnManualTimeAsync(options => options.MaxConnectRatePerAddress = 3);
        for (var number = 0; number < 3; number++)
            await using (await TestClient.ConnectAsync(broker, $"c{number}"))
            {
            }

        await using var fourth = await TestClient.OpenAsync(broker);
        await fourth.ExpectClosedAsync();
        Assert.Equal(1, broker.Metrics.ConnectionsOverRate);

        Time.Advance(TimeSpan.FromSeconds(1));
        await using var fifth = await TestClient.ConnectAsync(broker, "c5");
    }

    [Fact]
    public async Task Stop_DoesNotWaitForThoseThatWait()
    {
        var broker = await StartOnManualTimeAsync(options => options.MaxConnectRate = 1);
        await (await TestClient.ConnectAsync(broker, "c")).DisposeAsync();
        await using var second = await TestClient.OpenAsync(broker);
        await Eventually.IsAsync(() => Time.Timers > 1);

        await broker.StopAsync();
        await second.ExpectClosedAsync();
        Assert.Empty(Errors);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("2001:db8::1", "2001:db8::2", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    public void Addresses_AreCountedForThemselves_AndNetworksOfV6AsOne(string one, string other, bool areSame)
    {
        var rate = new ConnectRate(0, 1, Time);
        Assert.True(rate.TryPass(IPAddress.Parse(one)));
        Assert.False(rate.TryPass(IPAddress.Parse(one)));
        Assert.Equal(!areSame, rate.TryPass(IPAddress.Parse(other)));

        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(rate.TryPass(IPAddress.Parse(one)));
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using Automation.Mqtt.Client;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

/// <summary>Thousands of numbered messages over networks that are cut again and again.</summary>
public sealed class CutNetworkTests : ClientTestBase
{
    private const int Count = 4000;

    // mosquitto 2.0 sends a QoS 2 message anew, after its PUBREC, when a connection ends before it has sent all PUBRELs again. So the subscriber's
    // network is cut only after new messages came, which are behind those; our own broker has to bear any cut.
    [Theory]
    [InlineData(MqttProtocolVersion.V311, 1)]
    [InlineData(MqttProtocolVersion.V311, 2)]
    [InlineData(MqttProtocolVersion.V5, 1)]
    [InlineData(MqttProtocolVersion.V5, 2)]
    public async Task Mosquitto_LosesNothing_DoublesNoQoS2_AndKeepsTheOrder(MqttProtocolVersion version, int qos)
    {
        var broker = await MosquittoAsync();

        await NumbersArriveAsync(Own(new NetworkProxy(broker.Port)), Own(new NetworkProxy(broker.Port)), version, qos);
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V311, 1)]
    [InlineData(MqttProtocolVersion.V311, 2)]
    [InlineData(MqttProtocolVersion.V5, 1)]
    [InlineData(MqttProtocolVersion.V5, 2)]
    public async Task OurBroker_LosesNothing_DoublesNoQoS2_AndKeepsTheOrder(MqttProtocolVersion version, int qos)
    {
        var broker = await BrokerAsync(options => options.MaxQueuedMessages = Count);
        var network = Own(new NetworkProxy(broker.EndPoint.Port));

        await NumbersArriveAsync(network, network, version, qos);
        Assert.Empty(Complaints);
    }

    private async Task NumbersArriveAsync(NetworkProxy publishing, NetworkProxy subscribing, MqttProtocolVersion version, int qos)
    {
        var received = new ConcurrentQueue<int>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        HashSet<int> seen = [];
        var subscriber = await ConnectAsync(subscribing.Address, options =>
        {
            options.ProtocolVersion = version;
            options.ClientId = "subscriber";
            options.OnMessage = (message, _) =>
            {
                var number = int.Parse(Text(message), CultureInfo.InvariantCulture);
                received.Enqueue(number);
                if (seen.Add(number) && seen.Count % 400 == 0)
                    subscribing.Cut();
                if (seen.Count == Count)
                    all.TrySetResult();
                return default;
            };
        });
        await subscriber.SubscribeAsync("numbers", (MqttQualityOfService)qos);
        var publisher = await ConnectAsync(publishing.Address, options =>
        {
            options.ProtocolVersion = version;
            options.ClientId = "publisher";
        });

        List<Task<MqttPublishResult>> answers = [];
        for (var number = 0; number < Count; number++)
        {
            answers.Add(await publisher.EnqueueAsync(Message("numbers", $"{number}", qos)));
            if (number % 333 == 332)
                publishing.Cut();
        }

        var results = await Task.WhenAll(answers).WaitAsync(TestClient.Patience * 3);
        Assert.All(results, result => Assert.True(result.IsSuccess));
        await Task.WhenAny(all.Task, Task.Delay(TestClient.Patience * 3, TimeProvider.System));
        Assert.Equal([], Enumerable.Range(0, Count).Except(received));
        Assert.Equal(Enumerable.Range(0, Count), qos == 2 ? received : received.Distinct());
        Assert.Empty(Errors);
    }
}

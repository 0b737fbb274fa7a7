using System.Globalization;
using System.Text;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Broker;

public sealed class ConcurrencyTests : BrokerTestBase
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task ManyPublishersAndSubscribers_LoseNothing_AndKeepEachPublishersOrder(int qos, bool isSynchronous)
    {
        const int Publishers = 6;
        const int Messages = 300;
        var broker = await StartAsync(options =>
        {
            options.MaxQueuedMessages = Publishers * Messages;
            options.OnPublish = async _ =>
            {
                if (!isSynchronous)
                    await Task.Yield();
                return MqttReasonCode.Success;
            };
        });
        var subscribers = new List<Task<Dictionary<string, List<int>>>>();
        for (var index = 0; index < 3; index++)
        {
            var client = await TestClient.ConnectAsync(broker, $"s{index}");
            await client.SubscribeAsync("p/+", qos);
            subscribers.Add(Task.Run(() => ReceiveAsync(client, Publishers * Messages)));
        }

        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(index => Task.Run(() => PublishAsync(broker, index, Messages, qos))));

        foreach (var received in await Task.WhenAll(subscribers))
        {
            Assert.Equal(Publishers, received.Count);
            Assert.All(received.Values, numbers => Assert.Equal(Enumerable.Range(0, Messages), numbers));
        }

        Assert.Empty(Errors);
    }

    private static async Task PublishAsync(MqttBroker broker, int index, int messages, int qos)
    {
        await using var client = await TestClient.ConnectAsync(broker, $"p{index}");
        var unfinished = 0;
        for (var number = 0; number < messages || unfinished > 0;)
        {
            if (number < messages && unfinished < 32)
            {
                await client.PublishAsync($"p/{index}", number.ToString(CultureInfo.InvariantCulture), qos, (ushort)(number % 64 + 1));
                number++;
                unfinished++;
                continue;
            }

            var ack = await client.ExpectAsync<AckPacket>();
            if (ack.Type == PacketType.Pubrec)
                await client.SendAsync(new AckPacket(PacketType.Pubrel) { PacketId = ack.PacketId });
            else
                unfinished--;
        }
    }

    private static async Task<Dictionary<string, List<int>>> ReceiveAsync(TestClient client, int count)
    {
        await using var owned = client;
        var received = new Dictionary<string, List<int>>();
        for (var left = count; left > 0;)
        {
            switch (await client.ReceiveAsync())
            {
                case PublishPacket publish:
                    left--;
                    if (!received.TryGetValue(publish.Topic, out var numbers))
                        received.Add(publish.Topic, numbers = []);
                    numbers.Add(int.Parse(Encoding.UTF8.GetString(publish.Payload.Span), CultureInfo.InvariantCulture));
                    var answer = publish.QualityOfService == MqttQualityOfService.ExactlyOnce ? PacketType.Pubrec : PacketType.Puback;
                    await client.SendAsync(new AckPacket(answer) { PacketId = publish.PacketId });
                    break;
                case AckPacket { Type: PacketType.Pubrel } release:
                    await client.SendAsync(new AckPacket(PacketType.Pubcomp) { PacketId = release.PacketId });
                    break;
                case var other:
                    Assert.Fail($"Unexpected: {other?.Type}");
                    break;
            }
        }

        return received;
    }
}

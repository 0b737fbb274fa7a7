using Automation.Mqtt.Client;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

public sealed class RequestTests : ClientTestBase
{
    [Fact]
    public async Task Requests_GetTheirOwnResponses()
    {
        var broker = await BrokerAsync();
        MqttClient? responder = null;
        responder = Client(AddressOf(broker), options => options.OnMessage = async (request, cancellation) =>
            await responder!.PublishAsync(request.CreateResponse(request.Message.Payload), cancellation));
        await responder.ConnectAsync();
        await responder.SubscribeAsync("echo", MqttQualityOfService.AtLeastOnce);
        var client = await ConnectAsync(AddressOf(broker));

        var responses = await Task.WhenAll(Enumerable.Range(0, 100).Select(number => client.RequestAsync(Message("echo", $"{number}", 1), TestClient.Patience)));

        Assert.Equal(Enumerable.Range(0, 100).Select(number => $"{number}"), responses.Select(Text));
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task RequestWithoutResponse_TimesOut()
    {
        var client = await ConnectAsync(AddressOf(await BrokerAsync()));

        await Assert.ThrowsAsync<TimeoutException>(() => client.RequestAsync(Message("nobody"), TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task RequestWith311_IsRefused()
    {
        var client = await ConnectAsync(AddressOf(await BrokerAsync()), options => options.ProtocolVersion = MqttProtocolVersion.V311);

        await Assert.ThrowsAsync<MqttClientException>(() => client.RequestAsync(Message("t"), TestClient.Patience));
    }

    [Fact]
    public async Task ResponseTopic_IsMadeOfWhatTheServerSays()
    {
        var server = Server();
        var client = Client(server.Address, options => options.ClientId = "a+b");
        client.Start();
        var connection = await server.GrantAsync(properties: new() { ResponseInformation = "answers/" });
        Assert.Equal((byte)1, connection.Connect.Properties!.RequestResponseInformation);

        var request = client.RequestAsync(Message("t"), TestClient.Patience);

        Assert.Equal("answers/a%2Bb", (await connection.ExpectAsync<Automation.Mqtt.Packets.SubscribePacket>()).Subscriptions[0].Filter);
        await client.DisposeAsync().AsTask().WaitAsync(TestClient.Patience);
        await Assert.ThrowsAsync<MqttClientException>(() => request);
    }
}

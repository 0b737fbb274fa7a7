namespace Automation.Mqtt.Client;

/// <summary>Requests and their responses — MQTT 5 §4.10. One response topic for all; the correlation data tells them apart.</summary>
internal sealed class ResponseWaiter(MqttClient client, ClientSession session, MqttClientOptions options)
{
    private Task _subscribing = Task.CompletedTask;

    public async Task<MqttReceivedMessage> RequestAsync(MqttApplicationMessage message, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var correlation = Guid.NewGuid();
        try
        {
            var topic = await TopicAsync(either.Token);
            Task<MqttReceivedMessage> response;
            lock (session.Lock)
                response = session.Responses.Add(correlation).Task;
            (await client.PublishAsync(Request(message, topic, correlation), either.Token)).EnsureSuccess();
            return await response.WaitAsync(either.Token);
        }
        catch (OperationCanceledException exception) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No response came within {timeout}.", exception);
        }
        finally
        {
            lock (session.Lock)
                session.Responses.Remove(correlation);
        }
    }

    private static MqttApplicationMessage Request(MqttApplicationMessage message, string topic, Guid correlation) => new()
    {
        Topic = message.Topic,
        Payload = message.Payload,
        QualityOfService = message.QualityOfService,
        Retain = message.Retain,
        PayloadIsUtf8 = message.PayloadIsUtf8,
        MessageExpiryInterval = message.MessageExpiryInterval,
        ContentType = message.ContentType,
        UserProperties = message.UserProperties,
        ResponseTopic = topic,
        CorrelationData = correlation.ToByteArray(),
    };

    // The topic is subscribed at the first request, and again when the server names another place for it.
    private async Task<string> TopicAsync(CancellationToken cancellationToken)
    {
        var server = await client.WaitForConnectionAsync(cancellationToken);
        if (server.ProtocolVersion != MqttProtocolVersion.V5)
            throw new MqttClientException(MqttReasonCode.ImplementationSpecificError, "The server speaks MQTT 3.1.1, which has no response topics.");
        var prefix = (server.ResponseInformation ?? options.ResponseTopicPrefix).TrimEnd('/');
        var topic = $"{prefix}/{Uri.EscapeDataString(server.ClientId)}";
        Task subscribing;
        lock (session.Lock)
        {
            if (session.Responses.Topic != topic || _subscribing.IsFaulted)
            {
                session.Responses.Topic = topic;
                _subscribing = client.SubscribeAsync(topic, MqttQualityOfService.AtLeastOnce, CancellationToken.None);
            }

            subscribing = _subscribing;
        }

        await subscribing.WaitAsync(cancellationToken);
        return topic;
    }
}

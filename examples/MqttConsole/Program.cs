using System.Text;
using Automation.Mqtt;
using Automation.Mqtt.Client;

// MqttConsole publish   mqtt://localhost house/room 21.5
// MqttConsole subscribe mqtt://localhost house/# [COUNT]
if (args is not [var command and ("publish" or "subscribe"), var address, var topic, ..] || (command == "publish" && args.Length != 4))
{
    Console.Error.WriteLine("usage: MqttConsole publish ADDRESS TOPIC PAYLOAD | subscribe ADDRESS FILTER [COUNT]");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

var options = MqttClientOptions.FromUri(new Uri(address));
options.SessionExpiry = TimeSpan.Zero;
options.OnStatus = status => Console.Error.WriteLine($"{status.State}{(status.State is MqttClientState.Waiting or MqttClientState.Refused ? $": {status.Reason?.Text}" : "")}");
await using var client = new MqttClient(options);
try
{
    await client.ConnectAsync(stop.Token);
    if (command == "publish")
    {
        var message = new MqttApplicationMessage { Topic = topic, Payload = Encoding.UTF8.GetBytes(args[3]), QualityOfService = MqttQualityOfService.AtLeastOnce };
        (await client.PublishAsync(message, stop.Token)).EnsureSuccess();
        return 0;
    }

    var left = args.Length > 3 ? int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture) : int.MaxValue;
    await client.SubscribeAsync(topic, MqttQualityOfService.AtLeastOnce, stop.Token);
    Console.Error.WriteLine("Subscribed");
    await foreach (var received in client.ReceiveAsync(stop.Token))
    {
        Console.WriteLine($"{received.Message.Topic} {Encoding.UTF8.GetString(received.Message.Payload.Span)}");
        if (--left == 0)
            break;
    }

    return 0;
}
catch (MqttClientException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
catch (OperationCanceledException)
{
    return 0;
}

using Automation.Mqtt;
using Automation.Mqtt.Client;
using Automation.Server.Api;
using Automation.Server.Triggers.Mqtt.Connections;

namespace Automation.Server.Hosting;

/// <summary>Shows MQTT connections in the API's words.</summary>
internal static class MqttConnectionWiring
{
    public static MqttConnectionView ViewOf(MqttConnection connection)
    {
        var status = connection.Status;
        var (messages, bytes) = connection.Queued;
        return new MqttConnectionView(
            connection.Name,
            connection.Server,
            status.State switch
            {
                MqttClientState.Connected => MqttConnectionState.Connected,
                MqttClientState.Connecting => MqttConnectionState.Connecting,
                MqttClientState.Stopped => MqttConnectionState.Stopped,
                _ => MqttConnectionState.Waiting,
            },
            status.Since,
            connection.Reason,
            status.Attempt,
            status.NextAttempt,
            status.Server?.ClientId ?? connection.ClientId,
            status.Server?.ProtocolVersion switch
            {
                null => null,
                MqttProtocolVersion.V5 => "5.0",
                _ => "3.1.1",
            },
            status.Server?.SessionPresent,
            messages,
            bytes,
            connection.WaitingMessages,
            connection.WaitingRequests,
            connection.DroppedMessages,
            connection.RefusedMessages,
            [.. connection.Subscriptions.Select(ViewOf)]);
    }

    private static MqttConnectionSubscriptionView ViewOf(MqttSubscriptionStatus subscription) => subscription.Answer switch
    {
        null => new(subscription.Filter, subscription.Qos, MqttSubscriptionState.Pending, null, null, subscription.Triggers),
        < MqttReasonCode.UnspecifiedError => new(subscription.Filter, subscription.Qos, MqttSubscriptionState.Granted, (int)subscription.Answer, null, subscription.Triggers),
        { } refused => new(subscription.Filter, subscription.Qos, MqttSubscriptionState.Refused, null, MqttReasons.InWords(refused), subscription.Triggers),
    };
}

using Automation.Mqtt.Broker;
using Automation.Mqtt.Topics;
using Automation.Server.Hosting;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Gives the broker the settings about what clients may ask for.</summary>
internal static class MqttLimits
{
    /// <exception cref="StartupException">A filter of <see cref="MqttOptions.DenySubscribe"/> is none.</exception>
    public static void Apply(MqttOptions options, MqttBrokerOptions to)
    {
        to.MaxPacketBytes = options.MaximumPacketSize;
        to.ReceiveMaximum = (ushort)options.ReceiveMaximum;
        to.TopicAliasMaximum = (ushort)options.TopicAliasMaximum;
        to.MaxKeepAliveSeconds = (ushort)options.ServerKeepAliveSeconds;
        to.MaxSessionExpiry = TimeSpan.FromSeconds(options.SessionExpiryMaximumSeconds);
        to.MaxQueuedMessages = options.QueuedMessagesMaximum;
        to.MaxQueuedBytes = options.QueuedBytesMaximum;
        to.MaxQueuedBytesTotal = options.MaxQueuedBytesTotal;
        to.MaxPublishBytes = options.MaxPublishBytes;
        to.MaxSessions = options.MaxSessions;
        to.MaxSubscriptionsPerSession = options.MaxSubscriptionsPerSession;
        to.MaxTopicLevels = options.MaxTopicLevels;
        to.MaxRetainedMessages = options.MaxRetainedMessages;
        to.MaxRetainedBytes = options.MaxRetainedBytes;
        to.DenySubscribe = Array.ConvertAll(options.DenySubscribe, FilterOf);
    }

    private static TopicFilter FilterOf(string text) => TopicFilter.TryParse(text, out var filter)
        ? filter
        : throw new StartupException($"Mqtt:DenySubscribe holds '{text}', which is not a topic filter. Give filters such as secret/# or plants/+/raw.");
}

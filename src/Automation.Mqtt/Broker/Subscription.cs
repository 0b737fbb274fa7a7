using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>One session's subscription to one filter.</summary>
internal sealed class Subscription(Session session, TopicFilter filter, MqttQualityOfService qos)
{
    public Session Session => session;
    public TopicFilter Filter => filter;
    public MqttQualityOfService QualityOfService => qos;

    /// <summary>False while the rules in force do not allow it: nothing is delivered by it.</summary>
    public bool IsAllowed { get; set; } = true;

    public bool NoLocal { get; init; }
    public bool RetainAsPublished { get; init; }

    /// <summary>The subscription identifier alone in an array, or null; ready for a packet.</summary>
    public uint[]? Identifiers { get; init; }
}

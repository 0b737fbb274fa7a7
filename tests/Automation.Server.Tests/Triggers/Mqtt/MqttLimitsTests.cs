using Automation.Mqtt.Broker;
using Automation.Server.Hosting;
using Automation.Server.Triggers.Mqtt;
using Microsoft.Extensions.Configuration;

namespace Automation.Server.Tests.Triggers.Mqtt;

/// <summary>From the section <c>Mqtt</c> of the configuration to the broker.</summary>
public sealed class MqttLimitsTests
{
    [Fact]
    public void Apply_GivesTheBrokerEverySetting()
    {
        var broker = Apply(
            ("MaximumPacketSize", "1000"), ("ReceiveMaximum", "2"), ("TopicAliasMaximum", "3"), ("ServerKeepAliveSeconds", "60"), ("SessionExpiryMaximumSeconds", "4294967295"),
            ("QueuedMessagesMaximum", "5"), ("QueuedBytesMaximum", "6000000000"), ("MaxQueuedBytesTotal", "7000000000"), ("MaxPublishBytes", "8"),
            ("MaxSessions", "9"), ("MaxSubscriptionsPerSession", "10"), ("MaxTopicLevels", "11"), ("MaxRetainedMessages", "12"), ("MaxRetainedBytes", "13"), ("DenySubscribe:0", "secret/#"), ("DenySubscribe:1", "test/nosubscribe"));

        Assert.Equal((1000, 2, 3, 60), (broker.MaxPacketBytes, broker.ReceiveMaximum, broker.TopicAliasMaximum, broker.MaxKeepAliveSeconds));
        Assert.Equal((TimeSpan.FromSeconds(uint.MaxValue), 5, 6_000_000_000), (broker.MaxSessionExpiry, broker.MaxQueuedMessages, broker.MaxQueuedBytes));
        Assert.Equal((7_000_000_000, 8, 9), (broker.MaxQueuedBytesTotal, broker.MaxPublishBytes, broker.MaxSessions));
        Assert.Equal((10, 11, 12, 13), (broker.MaxSubscriptionsPerSession, broker.MaxTopicLevels, broker.MaxRetainedMessages, broker.MaxRetainedBytes));
        Assert.Equal(["secret/#", "test/nosubscribe"], broker.DenySubscribe.Select(filter => filter.Text));
    }

    [Fact]
    public void Apply_LeavesTheBrokersDefaults()
    {
        var (broker, defaults) = (Apply(), new MqttBrokerOptions());

        Assert.Equal((defaults.MaxPacketBytes, defaults.ReceiveMaximum, defaults.TopicAliasMaximum), (broker.MaxPacketBytes, broker.ReceiveMaximum, broker.TopicAliasMaximum));
        Assert.Equal((defaults.MaxKeepAliveSeconds, defaults.MaxSessionExpiry), (broker.MaxKeepAliveSeconds, broker.MaxSessionExpiry));
        Assert.Equal((defaults.MaxQueuedMessages, defaults.MaxQueuedBytes), (broker.MaxQueuedMessages, broker.MaxQueuedBytes));
        Assert.Equal((defaults.MaxQueuedBytesTotal, defaults.MaxPublishBytes, defaults.MaxSessions), (broker.MaxQueuedBytesTotal, broker.MaxPublishBytes, broker.MaxSessions));
        Assert.Equal((defaults.MaxSubscriptionsPerSession, defaults.MaxTopicLevels), (broker.MaxSubscriptionsPerSession, broker.MaxTopicLevels));
        Assert.Equal((defaults.MaxRetainedMessages, defaults.MaxRetainedBytes), (broker.MaxRetainedMessages, broker.MaxRetainedBytes));
        Assert.Empty(broker.DenySubscribe);
    }

    [Fact]
    public void Apply_NamesAFilterThatIsNone() =>
        Assert.Contains("'a#'", Assert.Throws<StartupException>(() => Apply(("DenySubscribe:0", "a#"))).Message, StringComparison.Ordinal);

    private static MqttBrokerOptions Apply(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
        var options = new MqttOptions();
        configuration.Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        var broker = new MqttBrokerOptions();
        MqttLimits.Apply(options, broker);
        return broker;
    }
}

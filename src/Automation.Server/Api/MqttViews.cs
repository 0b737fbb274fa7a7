using System.ComponentModel;
using System.Net;
using System.Text;
using Automation.Mqtt;
using Automation.Mqtt.Broker;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Values;

namespace Automation.Server.Api;

/// <summary>A connected MQTT client. Counts are of its connection.</summary>
internal sealed record MqttClientView
{
    public required string ClientId { get; init; }

    [Description("Null for a client without a user name.")]
    public required string? UserName { get; init; }

    [Description("Address and port of the client; null for a Unix domain socket.")]
    public required string? Address { get; init; }

    [Description("Address and port of the server that it connected to, or the file of a Unix domain socket.")]
    public required string Listener { get; init; }

    public required MqttTransport Transport { get; init; }

    [Description("3.1.1 or 5.0.")]
    public required string ProtocolVersion { get; init; }

    public required DateTimeOffset ConnectedAt { get; init; }

    [Description("The keep alive in force; 0 for none.")]
    public required int KeepAliveSeconds { get; init; }

    public required bool CleanStart { get; init; }

    [Description("Messages published by the client.")]
    public required long MessagesReceived { get; init; }

    public required long BytesReceived { get; init; }

    [Description("Messages sent to the client.")]
    public required long MessagesSent { get; init; }

    public required long BytesSent { get; init; }

    public required MqttSessionView Session { get; init; }

    public static MqttClientView Of(MqttSessionStatus session)
    {
        var connection = session.Client!;
        return new MqttClientView
        {
            ClientId = session.ClientId,
            UserName = connection.Client.UserName,
            Address = AddressOf(connection),
            Listener = connection.LocalEndPoint.ToString()!,
            Transport = connection.Transport,
            ProtocolVersion = VersionOf(connection.Client.Version),
            ConnectedAt = connection.Client.ConnectedAt,
            KeepAliveSeconds = connection.KeepAliveSeconds,
            CleanStart = connection.CleanStart,
            MessagesReceived = connection.MessagesReceived,
            BytesReceived = connection.BytesReceived,
            MessagesSent = connection.MessagesSent,
            BytesSent = connection.BytesSent,
            Session = MqttSessionView.Of(session),
        };
    }

    public static string VersionOf(MqttProtocolVersion version) => version == MqttProtocolVersion.V5 ? "5.0" : "3.1.1";

    private static string? AddressOf(MqttConnectionStatus connection) =>
        connection.Transport == MqttTransport.UnixSocket ? null : connection.Client.RemoteEndPoint.ToString();
}

/// <summary>An MQTT session.</summary>
internal sealed record MqttSessionView
{
    public required string ClientId { get; init; }

    public required string? UserName { get; init; }

    public required SessionState State { get; init; }

    [Description("How long it lives on without a connection; 0 ends it with its connection.")]
    public required long ExpirySeconds { get; init; }

    [Description("When it ends unless the client comes back; null while it is connected.")]
    public required DateTimeOffset? ExpiresAt { get; init; }

    public required int SubscriptionCount { get; init; }

    [Description("Messages sent and not acknowledged yet.")]
    public required int InFlight { get; init; }

    [Description("Messages that wait to be sent.")]
    public required int QueuedMessages { get; init; }

    [Description("Of the messages that wait or are not acknowledged.")]
    public required long QueuedBytes { get; init; }

    [Description("Messages the client was to get and did not, since the session began or the server was started: no room, expired, or too large for it.")]
    public required long MessagesDropped { get; init; }

    public static MqttSessionView Of(MqttSessionStatus session) => new()
    {
        ClientId = session.ClientId,
        UserName = session.UserName,
        State = session.Client is null ? SessionState.Away : SessionState.Connected,
        ExpirySeconds = session.ExpirySeconds,
        ExpiresAt = session.ExpiresAt,
        SubscriptionCount = session.SubscriptionCount,
        InFlight = session.InFlight,
        QueuedMessages = session.QueuedMessages,
        QueuedBytes = session.QueuedBytes,
        MessagesDropped = session.MessagesDropped,
    };
}

/// <summary>An MQTT session with its client and its first 200 subscriptions.</summary>
internal sealed record MqttSessionDetails(MqttSessionView Session, [property: Description("Null while the client is away.")] MqttClientView? Client, Page<MqttSubscriptionView> Subscriptions);

/// <summary>A subscription.</summary>
internal sealed record MqttSubscriptionView(
    string ClientId,
    [property: Description("As the client wrote it.")] string Filter,
    [property: Description("Of a shared subscription, else null.")] string? ShareName,
    int Qos,
    bool NoLocal,
    bool RetainAsPublished,
    [property: Description("The subscription identifier, or null.")] long? Identifier,
    [property: Description("False when the access rules do not allow it any more: nothing is delivered by it.")] bool Allowed)
{
    public static MqttSubscriptionView Of(MqttSubscriptionStatus subscription) => new(
        subscription.ClientId, subscription.Filter.Text, subscription.Filter.ShareName, (int)subscription.QualityOfService, subscription.NoLocal, subscription.RetainAsPublished, subscription.Identifier, subscription.IsAllowed);
}

/// <summary>An MQTT message.</summary>
internal sealed record MqttMessageView
{
    public required string Topic { get; init; }

    [Description("A JSON value, text, or { base64 }; of a payload that is cut the beginning, as text or { base64 }.")]
    public required Json Payload { get; init; }

    [Description("Of the whole payload.")]
    public required int PayloadBytes { get; init; }

    [Description("True when only the beginning of the payload is here.")]
    public required bool Cut { get; init; }

    public required int Qos { get; init; }

    public required bool Retain { get; init; }

    [Description("Who published it; null for the server itself, for a will and where it is not known.")]
    public required string? ClientId { get; init; }

    [Description("When it came; null where it is not known.")]
    public required DateTimeOffset? At { get; init; }

    public required string? ContentType { get; init; }

    public required string? ResponseTopic { get; init; }

    [Description("In base64.")]
    public required string? CorrelationData { get; init; }

    [Description("Seconds, as published.")]
    public required long? MessageExpiryInterval { get; init; }

    public required IReadOnlyList<MqttUserPropertyView> UserProperties { get; init; }

    public static MqttMessageView Of(MqttObservedMessage observed)
    {
        var message = observed.Message;
        return new MqttMessageView
        {
            Topic = message.Topic,
            Payload = PayloadOf(message, observed.IsCut),
            PayloadBytes = observed.PayloadBytes,
            Cut = observed.IsCut,
            Qos = (int)message.QualityOfService,
            Retain = message.Retain,
            ClientId = observed.ClientId,
            At = observed.At,
            ContentType = message.ContentType,
            ResponseTopic = message.ResponseTopic,
            CorrelationData = message.CorrelationData is { } data ? Convert.ToBase64String(data.Span) : null,
            MessageExpiryInterval = message.MessageExpiryInterval,
            UserProperties = [.. message.UserProperties.Select(property => new MqttUserPropertyView(property.Name, property.Value))],
        };
    }

    private static Json PayloadOf(MqttApplicationMessage message, bool isCut) =>
        isCut ? TextBody.Guess(message.Payload[..WholeCharacters(message.Payload.Span)]) : EventData.Parse(PayloadForm.Auto.ContentTypeOf(message), message.Payload);

    // A character that was cut in the middle would make bytes of a text.
    private static int WholeCharacters(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            if (Rune.DecodeFromUtf8(bytes[^back..], out _, out _) == System.Buffers.OperationStatus.NeedMoreData) return bytes.Length - back;
        }

        return bytes.Length;
    }
}

/// <summary>A user property of a message; a name may come more than once.</summary>
internal sealed record MqttUserPropertyView(string Name, string Value);

/// <summary>A retained message in a list: all but its payload.</summary>
internal sealed record MqttRetainedSummary(string Topic, int PayloadBytes, int Qos, string? ContentType)
{
    public static MqttRetainedSummary Of(MqttApplicationMessage message) => new(message.Topic, message.Payload.Length, (int)message.QualityOfService, message.ContentType);
}

/// <summary>A level of the tree of topics, with a page of those below.</summary>
internal sealed record MqttTopicLevel(
    [property: Description("The level asked for; null when nothing is known of it.")] MqttTopicView? Level,
    [property: Description("The levels directly below, by name.")] IReadOnlyList<MqttTopicView> Items,
    [property: Description("Path and query of the next page, with the filters of this one; null on the last.")] string? Next,
    [property: Description("When the counting began.")] DateTimeOffset Since,
    [property: Description("Topics that were left out since, because there are too many: those on which nothing came for longest.")] long Dropped);

/// <summary>A level of the tree of topics: a topic, or what topics have in common.</summary>
internal sealed record MqttTopicView
{
    [Description("The level alone; may be empty.")]
    public required string Name { get; init; }

    [Description("All levels down to this one.")]
    public required string Topic { get; init; }

    [Description("The last message on this very topic; null when there is none.")]
    public required MqttMessageView? Last { get; init; }

    [Description("Whether the topic has a retained message now.")]
    public required bool Retained { get; init; }

    [Description("On this very topic, since the counting began.")]
    public required long Messages { get; init; }

    [Description("On this very topic, over the last ten seconds.")]
    public required double MessagesPerSecond { get; init; }

    [Description("Levels directly below.")]
    public required int ChildCount { get; init; }

    [Description("Topics below, at any depth.")]
    public required int TopicsBelow { get; init; }

    public required long MessagesBelow { get; init; }

    public required double MessagesPerSecondBelow { get; init; }

    public static MqttTopicView Of(MqttTopicStatus status) => new()
    {
        Name = status.Name,
        Topic = status.Topic,
        Last = status.Last is { } last ? MqttMessageView.Of(last) : null,
        Retained = status.IsRetained,
        Messages = status.Messages,
        MessagesPerSecond = Math.Round(status.MessagesPerSecond, 2),
        ChildCount = status.ChildCount,
        TopicsBelow = status.TopicsBelow,
        MessagesBelow = status.MessagesBelow,
        MessagesPerSecondBelow = Math.Round(status.MessagesPerSecondBelow, 2),
    };
}

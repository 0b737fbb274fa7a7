using System.Text.Json;
using Automation.Mqtt;
using Automation.Mqtt.Broker;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Makes events of clients that come and go. Their data says everything; the attributes are those that other events have.</summary>
internal static class MqttClientEvents
{
    private const string Source = "/mqtt/" + MqttEvents.Embedded;

    public const string TriggerName = "mqtt.client";

    /// <param name="id">Of the event.</param>
    /// <param name="presence">What happened.</param>
    /// <param name="parameters">Named parts of the client identifier.</param>
    /// <param name="at">When it happened.</param>
    public static Event Create(long id, MqttPresence presence, IReadOnlyList<KeyValuePair<string, string>> parameters, DateTimeOffset at)
    {
        var type = $"{TriggerName}.{WordOf(presence.Kind)}";
        var clientId = presence.Client.ClientId;
        return new Event
        {
            Id = id,
            Trigger = TriggerName,
            Type = type,
            Source = Source,
            Subject = clientId,
            AcceptedAt = at,
            Attributes = Json.From(new
            {
                id = PublicId.Format(PublicId.Event, id),
                source = Source,
                type,
                time = at,
                subject = clientId,
                @params = parameters.ToDictionary(StringComparer.Ordinal),
                clientId,
            }),
            ContentType = System.Net.Mime.MediaTypeNames.Application.Json,
            Body = Json.From(DataOf(presence)).Utf8,
        };
    }

    private static Dictionary<string, object?> DataOf(MqttPresence presence)
    {
        var client = presence.Client;
        var data = new Dictionary<string, object?>
        {
            ["event"] = WordOf(presence.Kind),
            ["clientId"] = client.ClientId,
            ["userName"] = client.UserName,
            ["address"] = client.IsRestored || client.RemoteEndPoint is { Port: 0 } ? null : client.RemoteEndPoint.ToString(),
            ["protocolVersion"] = client.IsRestored ? null : client.Version == MqttProtocolVersion.V5 ? "5.0" : "3.1.1",
            ["sessionKept"] = presence.KeepsSession,
        };
        if (presence.Kind is MqttPresenceKind.Offline)
        {
            data["reason"] = presence.Reason switch
            {
                null => "connectionLost",
                MqttReasonCode.Success => "disconnected",
                { } code => JsonNamingPolicy.CamelCase.ConvertName(code.ToString()),
            };
            data["reasonCode"] = (int?)presence.Reason;
            data["reasonText"] = presence.Text;
        }

        if (presence.Will is { } will)
        {
            data["will"] = new Dictionary<string, object?>
            {
                ["topic"] = will.Topic,
                ["payload"] = EventData.Parse(PayloadForm.Auto.ContentTypeOf(will), will.Payload),
                ["qos"] = (int)will.QualityOfService,
                ["retain"] = will.Retain,
            };
        }

        return data;
    }

    private static string WordOf(MqttPresenceKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());
}

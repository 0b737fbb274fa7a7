using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Automation.Server.Steps;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Starts a run when an MQTT client of the embedded broker comes or goes, or when its will is published.</summary>
[TriggerType("mqtt.client", Title = "MQTT client", Icon = "plug")]
internal sealed class MqttClientTrigger : TriggerType<MqttClientTrigger.Config>
{
    public sealed record Config(
        [property: Description("What starts runs: online, offline, will. [\"online\", \"offline\"] by default."), MinLength(1)]
        IReadOnlyList<MqttClientEvent>? Events = null,
        [property: Description("Client identifiers: * takes any text, {name} any text that events show as params.name: sensor-{number}. All by default."), Literal]
        string ClientId = "*",
        [property: Description("User names: * takes any text. All by default, clients without a user name too."), Literal]
        string? UserName = null);

    public override void Check(TriggerCheck check)
    {
        if (TriggerCheck.Text(check.Config, "clientId") is { } clientId && !ClientPattern.TryParse(clientId, out _, out var mistake)) check.Problem("/clientId", mistake);
        if (TriggerCheck.Text(check.Config, "userName") is not { } userName) return;
        if (!ClientPattern.TryParse(userName, out var pattern, out mistake)) check.Problem("/userName", mistake);
        else if (pattern.Names.Count > 0) check.Problem("/userName", $"{{{pattern.Names[0]}}} has no place here: only clientId names parts. Use * instead; the event has the whole user name.");
    }
}

/// <summary>What becomes of a client.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MqttClientEvent>))]
internal enum MqttClientEvent
{
    [JsonStringEnumMemberName("online")]
    Online,
    [JsonStringEnumMemberName("offline")]
    Offline,
    [JsonStringEnumMemberName("will")]
    Will,
}

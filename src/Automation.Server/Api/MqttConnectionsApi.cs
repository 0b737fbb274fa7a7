using System.ComponentModel;
using Automation.Server.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>The server's connections to outside MQTT brokers. Names of secrets and passwords are never shown.</summary>
internal static class MqttConnectionsApi
{
    public static void Map(RouteGroupBuilder api)
    {
        var connections = api.MapGroup("/mqtt/connections").WithTags("MQTT").Needs(Role.Viewer);
        connections.MapGet("/", (ApiSources sources) => TypedResults.Ok(Page.Whole(sources.MqttConnections()))).WithName("listMqttConnections").WithSummary("The connections to outside brokers, by name, and what they are doing");
        connections.MapGet("/{name}", Get).WithName("getMqttConnection").WithSummary("One connection to an outside broker").ProducesProblem(404);
    }

    private static Results<Ok<MqttConnectionView>, ProblemHttpResult> Get([Description("As in the setting Mqtt:Connections.")] string name, ApiSources sources) =>
        sources.MqttConnections().FirstOrDefault(c => c.Name == name) is { } found
            ? TypedResults.Ok(found)
            : TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: $"There is no MQTT connection \"{name}\". Connections are made by the setting Mqtt:Connections.");
}

/// <summary>A connection to an outside broker.</summary>
internal sealed record MqttConnectionView(
    string Name,
    [property: Description("Address of the broker, without user name and password.")] string Server,
    MqttConnectionState State,
    [property: Description("Since when it is in this state.")] DateTimeOffset Since,
    [property: Description("Why there is no connection, or why the last one ended; null when there was none.")] string? Reason,
    [property: Description("Attempts since the last connection that lasted; 0 when connected.")] int Attempts,
    [property: Description("When the next attempt is made; null when connected.")] DateTimeOffset? NextAttempt,
    [property: Description("The client identifier in use, or to be used.")] string ClientId,
    [property: Description("5.0 or 3.1.1; null when not connected.")] string? ProtocolVersion,
    [property: Description("Whether the broker had kept the session; null when not connected.")] bool? SessionPresent,
    [property: Description("Messages to be sent that the broker has not acknowledged.")] int QueuedMessages,
    [property: Description("Bytes of those messages.")] long QueuedBytes,
    [property: Description("Messages from the broker that wait for their commit.")] int WaitingMessages,
    [property: Description("Requests of steps that wait for their answer.")] int WaitingRequests,
    [property: Description("QoS 0 messages that were dropped since the start, because too much waited.")] long DroppedMessages,
    [property: Description("Messages since the start that the database refuses; they were acknowledged with an error.")] long RefusedMessages,
    [property: Description("What active workflows listen to.")] IReadOnlyList<MqttConnectionSubscriptionView> Subscriptions);

/// <summary>What a connection is doing.</summary>
internal enum MqttConnectionState
{
    /// <summary>The server stops, or has not begun.</summary>
    Stopped,

    /// <summary>An attempt is under way.</summary>
    Connecting,

    /// <summary>The broker accepted it.</summary>
    Connected,

    /// <summary>The next attempt comes by itself.</summary>
    Waiting,
}

/// <summary>A subscription of a connection.</summary>
internal sealed record MqttConnectionSubscriptionView(
    [property: Description("As the broker has it, with the share.")] string Filter,
    [property: Description("Highest QoS that was asked for.")] int Qos,
    MqttSubscriptionState State,
    [property: Description("The QoS that the broker granted; null when it granted none.")] int? GrantedQos,
    [property: Description("Why the broker refused it; null when it did not.")] string? Reason,
    [property: Description("Triggers that listen, as cold-room/reading: workflow and trigger.")] IReadOnlyList<string> Triggers);

/// <summary>What became of a subscription.</summary>
internal enum MqttSubscriptionState
{
    /// <summary>The broker has not answered yet.</summary>
    Pending,

    /// <summary>The broker sends its messages.</summary>
    Granted,

    /// <summary>The broker does not. It is asked again each minute.</summary>
    Refused,
}

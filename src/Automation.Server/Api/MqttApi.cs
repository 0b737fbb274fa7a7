using System.ComponentModel;
using System.Net.Mime;
using Automation.Mqtt.Topics;
using Automation.Server.Access;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;

namespace Automation.Server.Api;

/// <summary>The embedded MQTT broker: who is connected, what it keeps, what goes by, and publishing by hand.</summary>
/// <remarks>Client identifiers and topics are one path segment, their <c>/</c> written <c>%2F</c>, as the ids of workflows are.</remarks>
internal static class MqttApi
{
    public const string ClientIdDescription = "The client identifier, each / in it written %2F.";
    public const string TopicDescription = "The topic name, each / in it written %2F.";

    public static void Map(RouteGroupBuilder api)
    {
        var mqtt = api.MapGroup("/mqtt").WithTags("MQTT").Needs(Role.Viewer).AddEndpointFilter(RequireBroker).ProducesProblem(409);
        mqtt.MapGet("/clients", MqttSessionsApi.ListClients).WithName("listMqttClients").WithSummary("Connected MQTT clients, by client identifier").ProducesValidationProblem();
        mqtt.MapGet("/clients/{id}", MqttSessionsApi.GetClient).WithName("getMqttClient").WithSummary("A connected MQTT client").ProducesProblem(404);
        mqtt.MapPost("/clients/{id}/disconnect", MqttSessionsApi.Disconnect).Needs(Role.Operator).WithName("disconnectMqttClient").WithSummary("Close a client's connection")
            .WithDescription("Its will is published. An MQTT 5 client is told the reason. Most clients connect again at once: rules and passwords keep them out.").ProducesValidationProblem().ProducesProblem(404);
        mqtt.MapGet("/sessions", MqttSessionsApi.ListSessions).WithName("listMqttSessions").WithSummary("MQTT sessions, also of clients that are away, by client identifier").ProducesValidationProblem();
        mqtt.MapGet("/sessions/{id}", MqttSessionsApi.GetSession).WithName("getMqttSession").WithSummary("An MQTT session with its subscriptions").ProducesProblem(404);
        mqtt.MapDelete("/sessions/{id}", MqttSessionsApi.EndAsync).Needs(Role.Operator).WithName("endMqttSession").WithSummary("End a session")
            .WithDescription("Its subscriptions and waiting messages are gone; a connected client is disconnected.").ProducesProblem(404);
        mqtt.MapGet("/subscriptions", MqttSessionsApi.ListSubscriptions).WithName("listMqttSubscriptions").WithSummary("Subscriptions of all sessions, by client identifier and filter")
            .WithDescription("A page may have fewer items than asked for, or none, and not be the last: the server looks at 20,000 subscriptions at a time.").ProducesValidationProblem();
        mqtt.MapGet("/retained", MqttRetainedApi.List).WithName("listMqttRetained").WithSummary("Retained messages, by topic").ProducesValidationProblem();
        mqtt.MapGet("/retained/{id}", MqttRetainedApi.Get).WithName("getMqttRetained").WithSummary("A topic's retained message").ProducesProblem(404);
        mqtt.MapPut("/retained/{id}", MqttRetainedApi.PutAsync).Needs(Role.Editor).WithName("setMqttRetained").WithSummary("Publish a message that is retained")
            .WithDescription("The body is the payload, its content type the message's. Subscribers and workflows get the message.")
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                operation.RequestBody = new OpenApiRequestBody { Content = new Dictionary<string, OpenApiMediaType> { [MediaTypeNames.Application.Octet] = new() { Schema = new OpenApiSchema() } } };
                return Task.CompletedTask;
            })
            .ProducesValidationProblem().ProducesProblem(413).ProducesProblem(503);
        mqtt.MapDelete("/retained/{id}", MqttRetainedApi.RemoveAsync).Needs(Role.Editor).WithName("removeMqttRetained").WithSummary("Remove a topic's retained message")
            .WithDescription("Without a word to subscribers and workflows; to tell them, publish an empty payload with `retain`.").ProducesProblem(404);
        mqtt.MapGet("/topics", MqttTopicsApi.List).WithName("listMqttTopics").WithSummary("A level of the tree of topics, with last messages and rates")
            .WithDescription("Counting begins with the first request and goes on for 60 seconds after the last; it costs publishers nothing while nobody looks. Retained messages are there from the start.").ProducesValidationProblem();
        mqtt.MapPost("/publish", MqttPublish.PublishAsync).Needs(Role.Editor).WithName("publishMqttMessage").WithSummary("Publish a message by hand")
            .WithDescription("204: the events of workflows that listen are stored, and subscribers get it.")
            .Accepts<MqttPublishRequest>(MediaTypeNames.Application.Json).ProducesValidationProblem().ProducesProblem(413).ProducesProblem(503);
        mqtt.MapGet("/messages", MqttStream.SendAsync).WithName("streamMqttMessages").WithSummary("Messages as they go by, as server-sent events")
            .WithDescription("Events: `message` with the message; `dropped` with `{ count }` when this client was too slow to get them all. Of payloads over 4 KiB the beginning is sent. A comment every 15 seconds keeps the connection open.")
            .Produces<string>(200, MediaTypeNames.Text.EventStream).ProducesValidationProblem().ProducesProblem(503);
    }

    public static string Unescape(string id) => WorkflowsApi.Unescape(id);

    public static ProblemHttpResult NotFound(string sentence) => TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: sentence);

    /// <summary>A topic filter; null, and a problem unless the text is null too, when it is none.</summary>
    public static TopicFilter? Filter(this Parameters parameters, string name, string? text)
    {
        if (text is null) return null;
        if (TopicFilter.TryParse(text, out var filter)) return filter;
        parameters.Bad(name, "This is not a topic filter: + and # take a whole level, # is the last one (a + is written %2B, a # %23).");
        return null;
    }

    /// <summary>A topic name; reports a problem when it is none.</summary>
    public static string? Topic(this Parameters parameters, string name, string? text)
    {
        if (text is not null && !TopicName.IsValid(text)) parameters.Bad(name, "This is not a topic name: it has 1 to 65,535 bytes, at most 128 levels, and no +, # or null character.");
        return text;
    }

    private static ValueTask<object?> RequireBroker(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.RequestServices.GetRequiredService<ApiSources>().MqttBroker() is null
            ? ValueTask.FromResult<object?>(ApiProblem.Conflict("The embedded MQTT broker is switched off (Mqtt:Enabled)."))
            : next(context);
}

using System.ComponentModel;
using Automation.Mqtt;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Topics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Automation.Server.Api;

/// <summary>Retained messages of the embedded broker.</summary>
internal static class MqttRetainedApi
{
    public static Results<Ok<Page<MqttRetainedSummary>>, ProblemHttpResult> List([AsParameters] MqttRetainedFilter asked, HttpRequest request, ApiSources sources, TimeProvider time)
    {
        var parameters = new Parameters(time);
        var limit = parameters.Limit(asked.Limit);
        var filter = parameters.Filter("filter", asked.Filter) ?? TopicFilter.Everything;
        if (parameters.Problem is { } problem) return problem;
        var found = sources.MqttBroker()!.Retained.List(filter, limit + 1, asked.After);
        return TypedResults.Ok(Page.After([.. found.Select(MqttRetainedSummary.Of)], limit, request, message => message.Topic));
    }

    public static Results<Ok<MqttMessageView>, ProblemHttpResult> Get([Description(MqttApi.TopicDescription)] string id, ApiSources sources) =>
        sources.MqttBroker()!.Retained.Find(MqttApi.Unescape(id)) is { } message
            ? TypedResults.Ok(MqttMessageView.Of(new MqttObservedMessage(message, message.Payload.Length, ClientId: null, At: null)))
            : NoMessage(id);

    [RequestSizeLimit(MqttPublish.LargestBody)]
    public static async Task<Results<NoContent, ProblemHttpResult>> PutAsync(
        [Description(MqttApi.TopicDescription)] string id, [Description("0, 1 or 2; 1 unless given.")] string? qos, HttpContext context, ApiSources sources, TimeProvider time)
    {
        var parameters = new Parameters(time);
        var topic = parameters.Topic("id", MqttApi.Unescape(id))!;
        if (qos is not (null or "0" or "1" or "2")) parameters.Bad("qos", "The QoS is 0, 1 or 2.");
        if (parameters.Problem is { } problem) return problem;
        var payload = await MqttPublish.ReadAsync(context.Request);
        if (payload.Length == 0) return ApiProblem.BadRequest("The body is empty, and an empty message is not retained. To remove the topic's message, use DELETE.");
        return await MqttPublish.SendAsync(context, sources, time, new MqttApplicationMessage
        {
            Topic = topic,
            Payload = payload,
            QualityOfService = qos is null ? MqttQualityOfService.AtLeastOnce : (MqttQualityOfService)(qos[0] - '0'),
            Retain = true,
            ContentType = context.Request.ContentType,
        });
    }

    public static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync([Description(MqttApi.TopicDescription)] string id, ApiSources sources) =>
        await sources.MqttBroker()!.Retained.RemoveAsync(MqttApi.Unescape(id)) ? TypedResults.NoContent() : NoMessage(id);

    private static ProblemHttpResult NoMessage(string id) => MqttApi.NotFound($"The topic \"{MqttApi.Unescape(id)}\" has no retained message.");
}

/// <summary>Which retained messages to list.</summary>
internal sealed record MqttRetainedFilter
{
    [Description("Only topics that match this filter; # unless given, which leaves out topics that begin with $.")]
    public string? Filter { get; init; }

    [Description("Only topics after this one: the cursor of the next page.")]
    public string? After { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}

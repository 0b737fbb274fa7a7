using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>The tree of topics of the embedded broker.</summary>
internal static class MqttTopicsApi
{
    public static Results<Ok<MqttTopicLevel>, ProblemHttpResult> List([AsParameters] MqttTopicFilter filter, HttpRequest request, ApiSources sources, TimeProvider time)
    {
        var parameters = new Parameters(time);
        var limit = parameters.Limit(filter.Limit);
        if (parameters.Problem is { } problem) return problem;
        var found = sources.MqttBroker()!.Topics.List(filter.Under, limit + 1, filter.After);
        var page = Page.After([.. found.Children.Select(MqttTopicView.Of)], limit, request, topic => topic.Name);
        return TypedResults.Ok(new MqttTopicLevel(found.Level is { } level ? MqttTopicView.Of(level) : null, page.Items, page.Next, found.Since, found.Dropped));
    }
}

/// <summary>Which level of the tree.</summary>
internal sealed record MqttTopicFilter
{
    [Description("Its topic, as plants/1; the first level unless given.")]
    public string? Under { get; init; }

    [Description("Only levels after this name: the cursor of the next page.")]
    public string? After { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}

using System.ComponentModel;
using System.Text;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Topics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>Sends messages to a client as an <see cref="EventStream"/> while they go by.</summary>
internal static class MqttStream
{
    // Each takes a connection and up to 2 MiB of messages.
    private const int MaxClients = 20;

    public static async Task<Results<EmptyHttpResult, ProblemHttpResult>> SendAsync(
        [Description("Only topics that match this filter; # unless given, which leaves out topics that begin with $.")] string? filter,
        HttpContext context,
        ApiSources sources,
        TimeProvider time)
    {
        var parameters = new Parameters(time);
        var topics = parameters.Filter("filter", filter) ?? TopicFilter.Everything;
        if (parameters.Problem is { } problem) return problem;
        using var listener = sources.MqttBroker()!.TryListen(topics, MaxClients);
        if (listener is null) return ApiProblem.Unavailable(context, $"{MaxClients} clients are reading this stream; no more are taken.");
        await EventStream.SendAsync(context, listener.WaitAsync, () => Drain(listener));
        return TypedResults.Empty;
    }

    private static string Drain(MqttMessageListener listener)
    {
        var text = new StringBuilder();
        if (listener.TakeDropped() is var count and > 0) EventStream.Append(text, "dropped", new { count });
        for (var sent = 0; sent < MqttMessageListener.MaxWaiting && listener.TryRead() is { } message; sent++)
        {
            EventStream.Append(text, "message", MqttMessageView.Of(message));
        }

        return text.ToString();
    }
}

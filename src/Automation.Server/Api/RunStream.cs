using System.ComponentModel;
using System.Text;
using Automation.Server.Runs;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>Sends <see cref="RunFeed"/> to a client as an <see cref="EventStream"/>.</summary>
internal static class RunStream
{
    // Each takes a connection and up to 256 changes of memory; a browser tab is one.
    private const int MaxClients = 100;

    public static async Task<Results<EmptyHttpResult, ProblemHttpResult>> SendAsync(
        [Description("Only this workflow's runs.")] string? workflow,
        HttpContext context,
        RunFeed feed)
    {
        using var subscription = feed.Subscribe(workflow, MaxClients);
        if (subscription is null) return ApiProblem.Unavailable(context, $"{MaxClients} clients are reading this stream; no more are taken.");
        await EventStream.SendAsync(context, stop => subscription.Unread.WaitToReadAsync(stop).AsTask(), () => Drain(subscription));
        return TypedResults.Empty;
    }

    private static string Drain(RunSubscription subscription)
    {
        var text = new StringBuilder();
        if (subscription.TakeDropped() is var count and > 0) EventStream.Append(text, "dropped", new { count });
        for (var sent = 0; sent < RunSubscription.Capacity && subscription.Unread.TryRead(out var run); sent++)
        {
            EventStream.Append(text, "run", new { id = PublicId.Format(PublicId.Run, run.RunId), workflow = run.WorkflowId, state = run.State, at = run.At });
        }

        return text.ToString();
    }
}

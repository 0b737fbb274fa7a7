using System.ComponentModel;
using System.Net.Mime;
using System.Text.Json;
using System.Threading.Channels;
using Automation.Server.Runs;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>Sends <see cref="RunFeed"/> to a client as server-sent events (WHATWG HTML §9.2), until the client goes or the server stops.</summary>
internal static class RunStream
{
    // Proxies drop connections that are silent for 30 to 60 seconds.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    // Each takes a connection and up to 256 changes of memory; a browser tab is one.
    private const int MaxClients = 100;

    public static async Task<Results<EmptyHttpResult, ProblemHttpResult>> SendAsync(
        [Description("Only this workflow's runs.")] string? workflow,
        HttpContext context,
        RunFeed feed,
        IHostApplicationLifetime lifetime,
        TimeProvider time)
    {
        using var subscription = feed.Subscribe(workflow, MaxClients);
        if (subscription is null) return ApiProblem.Unavailable(context, $"{MaxClients} clients are reading this stream; no more are taken.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = MediaTypeNames.Text.EventStream;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold events back
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await SendAsync(context.Response, subscription, time, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }

        return TypedResults.Empty;
    }

    private static async Task SendAsync(HttpResponse response, RunSubscription subscription, TimeProvider time, CancellationToken stop)
    {
        using var heartbeat = new PeriodicTimer(Heartbeat, time);
        var beat = heartbeat.WaitForNextTickAsync(stop).AsTask();
        var change = subscription.Unread.WaitToReadAsync(stop).AsTask();
        await WriteAsync(response, ": connected\n\n", stop);
        while (true)
        {
            if (await Task.WhenAny(change, beat) == beat)
            {
                await beat;
                beat = heartbeat.WaitForNextTickAsync(stop).AsTask();
                await WriteAsync(response, ": still here\n\n", stop);
                continue;
            }

            await change;
            await WriteAsync(response, Drain(subscription), stop);
            change = subscription.Unread.WaitToReadAsync(stop).AsTask();
        }
    }

    private static string Drain(RunSubscription subscription)
    {
        var text = new System.Text.StringBuilder();
        if (subscription.TakeDropped() is var count and > 0) Append(text, "dropped", new { count });
        for (var sent = 0; sent < RunSubscription.Capacity && subscription.Unread.TryRead(out var run); sent++)
        {
            Append(text, "run", new { id = PublicId.Format(PublicId.Run, run.RunId), workflow = run.WorkflowId, state = run.State, at = run.At });
        }

        return text.ToString();
    }

    private static void Append<T>(System.Text.StringBuilder text, string name, T data) =>
        text.Append("event: ").Append(name).Append("\ndata: ").Append(JsonSerializer.Serialize(data, JsonFormat.Wire)).Append("\n\n");

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken stop)
    {
        await response.WriteAsync(text, stop);
        await response.Body.FlushAsync(stop);
    }
}

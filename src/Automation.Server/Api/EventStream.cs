using System.Net.Mime;
using System.Text;
using System.Text.Json;
using Automation.Server.Access;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.Features;

namespace Automation.Server.Api;

/// <summary>Server-sent events (WHATWG HTML §9.2) to one client, until the client goes, may not come in any more, or the server stops.</summary>
internal static class EventStream
{
    // Proxies drop connections that are silent for 30 to 60 seconds.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <param name="context">The request.</param>
    /// <param name="wait">Completes when there is something to send.</param>
    /// <param name="drain">What there is to send, written with <see cref="Append"/>.</param>
    public static async Task SendAsync(HttpContext context, Func<CancellationToken, Task> wait, Func<string> drain)
    {
        var lifetime = context.RequestServices.GetRequiredService<IHostApplicationLifetime>();
        var time = context.RequestServices.GetRequiredService<TimeProvider>();
        var access = context.RequestServices.GetRequiredService<AccessCheck>();
        var directory = context.RequestServices.GetRequiredService<AccessDirectory>();
        var changes = new SemaphoreSlim(0); // not disposed: a change may be told to it after the end
        void NoteChange() => changes.Release();
        directory.Changed += NoteChange;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = MediaTypeNames.Text.EventStream;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold events back
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await SendAsync(context.Response, wait, drain, changes.WaitAsync, () => access.StandsAsync(context), time, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        finally
        {
            directory.Changed -= NoteChange;
        }
    }

    public static void Append<T>(StringBuilder text, string name, T data) =>
        text.Append("event: ").Append(name).Append("\ndata: ").Append(JsonSerializer.Serialize(data, JsonFormat.Wire)).Append("\n\n");

    private static async Task SendAsync(
        HttpResponse response, Func<CancellationToken, Task> wait, Func<string> drain, Func<CancellationToken, Task> waitForOthers, Func<Task<bool>> stands, TimeProvider time, CancellationToken stop)
    {
        using var heartbeat = new PeriodicTimer(Heartbeat, time);
        var beat = heartbeat.WaitForNextTickAsync(stop).AsTask();
        var access = waitForOthers(stop);
        var change = wait(stop);
        await WriteAsync(response, ": connected\n\n", stop);
        while (true)
        {
            await Task.WhenAny(access, beat, change);
            if (access.IsCompleted)
            {
                await access;
                if (!await stands()) return;
                access = waitForOthers(stop);
            }
            else if (beat.IsCompleted)
            {
                await beat;
                if (!await stands()) return; // what ends by time alone
                beat = heartbeat.WaitForNextTickAsync(stop).AsTask();
                await WriteAsync(response, ": still here\n\n", stop);
            }
            else
            {
                await change;
                await WriteAsync(response, drain(), stop);
                change = wait(stop);
            }
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken stop)
    {
        await response.WriteAsync(text, stop);
        await response.Body.FlushAsync(stop);
    }
}

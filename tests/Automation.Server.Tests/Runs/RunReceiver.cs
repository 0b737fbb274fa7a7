using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Runs;

/// <summary>A request that a workflow sent.</summary>
internal sealed record Arrival(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>The body as it came.</summary>
    public required byte[] Bytes { get; init; }

    /// <summary>The same for each attempt of one delivery, and for each try of one step of one run.</summary>
    public string? Key => Headers.GetValueOrDefault("Idempotency-Key");
}

/// <summary>The other end of what workflows send: keeps what arrives by path, and answers 200 unless told otherwise.</summary>
internal sealed class RunReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, Channel<Arrival>> arrivals = new();
    private readonly ConcurrentDictionary<string, Func<Arrival, HttpContext, Task>> answers = new();

    private RunReceiver(WebApplication app) => this.app = app;

    public string Url { get; private set; } = "";

    public static async Task<RunReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var receiver = new RunReceiver(builder.Build());
        receiver.app.Run(receiver.TakeAsync);
        await receiver.app.StartAsync();
        receiver.Url = receiver.app.Urls.First();
        return receiver;
    }

    /// <summary>Answers requests to the path from now on.</summary>
    public void On(string path, Func<Arrival, HttpContext, Task> answer) => answers[path] = answer;

    /// <summary>Answers requests to the path with a status and a JSON body.</summary>
    public void On(string path, int status, string body = "") => On(path, (_, context) => WriteAsync(context, status, body));

    /// <summary>Lets requests to the path hang until the returned source is completed.</summary>
    public TaskCompletionSource Hold(string path)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        On(path, (_, context) => gate.Task.WaitAsync(context.RequestAborted));
        return gate;
    }

    /// <summary>The next request to the path that no call has returned yet.</summary>
    public async Task<Arrival> NextAsync(string path)
    {
        using var patience = new CancellationTokenSource(WorkflowServer.Patience);
        try
        {
            return await At(path).Reader.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Nothing arrived at {path}.");
        }
    }

    public async Task<IReadOnlyList<Arrival>> NextAsync(string path, int count)
    {
        var all = new List<Arrival>(count);
        while (all.Count < count) all.Add(await NextAsync(path));
        return all;
    }

    /// <summary>How many requests to the path wait to be returned.</summary>
    public int Waiting(string path) => At(path).Reader.Count;

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    public static Task WriteAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        if (body.Length == 0) return Task.CompletedTask;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }

    private Channel<Arrival> At(string path) => arrivals.GetOrAdd(path, _ => Channel.CreateUnbounded<Arrival>());

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        body.Position = 0;
        using var reader = new StreamReader(body, Encoding.UTF8);
        var request = context.Request;
        var headers = request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var arrival = new Arrival(request.Method, request.Path, request.QueryString.ToString(), headers, await reader.ReadToEndAsync()) { Bytes = body.ToArray() };
        At(arrival.Path).Writer.TryWrite(arrival);
        if (answers.TryGetValue(arrival.Path, out var answer)) await answer(arrival, context);
    }
}

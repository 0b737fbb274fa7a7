using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>One request that reached the receiver.</summary>
internal sealed record Arrival(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string IdempotencyKey => Headers.TryGetValue("Idempotency-Key", out var key) ? key : "";

    /// <summary>As documentation writes it: <c>POST /slack {"text":"…"}</c>.</summary>
    public override string ToString() => $"{Method} {Path} {Body}";
}

/// <summary>An HTTP receiver inside the test: remembers what arrives and answers as told.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly List<Arrival> arrivals = [];
    private readonly Func<HttpContext, Arrival, Task> answer;
    private readonly WebApplication app;
    private TaskCompletionSource arrived = New();

    private Receiver(int port, Func<HttpContext, Arrival, Task>? answer)
    {
        Port = port;
        this.answer = answer ?? ((_, _) => Task.CompletedTask);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        app = builder.Build();
        app.Run(ReceiveAsync);
    }

    public int Port { get; }

    public string Address => $"http://127.0.0.1:{Port}";

    public IReadOnlyList<Arrival> Arrivals
    {
        get
        {
            lock (gate) return [.. arrivals];
        }
    }

    /// <param name="answer">Writes the answer; 200 without a body when null.</param>
    public static async Task<Receiver> StartAsync(Func<HttpContext, Arrival, Task>? answer = null)
    {
        var receiver = new Receiver(ServerSettings.FreePort(), answer);
        await receiver.app.StartAsync();
        return receiver;
    }

    /// <summary>Waits for that many arrivals, counted from the first.</summary>
    public async Task<IReadOnlyList<Arrival>> WaitForAsync(int count, TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Eventually.Soon);
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (arrivals.Count >= count) return [.. arrivals];
                next = arrived.Task;
            }

            try
            {
                await next.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{Arrivals.Count} of {count} deliveries came within {within ?? Eventually.Soon}, at last: {string.Join("; ", Arrivals.TakeLast(5))}");
            }
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ReceiveAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var request = context.Request;
        var headers = request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var arrival = new Arrival(request.Method, request.Path + request.QueryString, headers, await reader.ReadToEndAsync());
        lock (gate)
        {
            arrivals.Add(arrival);
            arrived.SetResult();
            arrived = New();
        }

        await answer(context, arrival);
    }
}

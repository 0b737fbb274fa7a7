using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Automation.Server.Tests.Deliveries;

/// <summary>What a receiver got.</summary>
internal sealed record ReceivedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>A real HTTP receiver on a free port of this machine.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<ReceivedRequest> requests = new();

    private Receiver(WebApplication app) => this.app = app;

    public int Port { get; private set; }

    public string Url => $"http://127.0.0.1:{Port}";

    public IReadOnlyCollection<ReceivedRequest> Requests => requests;

    public static async Task<Receiver> StartAsync(RequestDelegate answer, Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, listen ?? (_ => { })));
        if (listen is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        var app = builder.Build();
        var receiver = new Receiver(app);
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var target = context.Request.Path + context.Request.QueryString;
            var headers = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            receiver.requests.Enqueue(new ReceivedRequest(context.Request.Method, target, headers, body.ToArray()));
            await answer(context);
        });
        await app.StartAsync();
        receiver.Port = new Uri(app.Urls.First()).Port;
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }
}

using System.Net;
using System.Threading.Channels;

namespace Automation.Benchmarks;

/// <summary>
/// The floor: the least that Kestrel needs to take an event and pass it on. With a database it answers after its commit, without one at once.
/// It does not run a script, does not record what became of a delivery, and after a crash would know nothing of what it had sent.
/// </summary>
internal static class Forwarder
{
    private const int Senders = 64, Waiting = 10_000;

    public static async Task<int> RunAsync(string port, string receiver, string? database)
    {
        using var store = database is null ? null : new GroupCommit(database);
        var queue = Channel.CreateBounded<byte[]>(Waiting);
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Senders });
        var senders = Enumerable.Range(0, Senders).Select(_ => ForwardAsync(client, new Uri(receiver), queue.Reader)).ToList();

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
        });
        var app = builder.Build();
        app.Run(async context =>
        {
            if (HttpMethods.IsGet(context.Request.Method)) return;
            var body = new byte[context.Request.ContentLength!.Value];
            await context.Request.Body.ReadExactlyAsync(body);
            if (store is not null) await store.AddAsync(body);
            await queue.Writer.WriteAsync(body);
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            context.Response.ContentLength = 0;
        });
        await app.RunAsync();
        queue.Writer.Complete();
        await Task.WhenAll(senders);
        return 0;
    }

    private static async Task ForwardAsync(HttpClient client, Uri receiver, ChannelReader<byte[]> queue)
    {
        await foreach (var body in queue.ReadAllAsync())
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new("application/json");
            using var answer = await client.PostAsync(receiver, content);
            answer.EnsureSuccessStatusCode();
        }
    }
}

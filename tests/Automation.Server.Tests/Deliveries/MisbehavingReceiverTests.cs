using System.Net.Sockets;
using System.Text;
using Automation.Server.Deliveries;

namespace Automation.Server.Tests.Deliveries;

/// <summary>More than twenty ways to misbehave at once: no delivery is lost, and no other destination waits.</summary>
public sealed class MisbehavingReceiverTests
{
    private static readonly Dictionary<string, Func<Socket, CancellationToken, Task>> Ways = new()
    {
        ["never answers"] = (_, stop) => RawReceiver.NeverAsync(stop),
        ["drips its head"] = (socket, stop) => DripAsync(socket, "HTTP/1.1 200 OK\r\nX-Slow: ", stop),
        ["goes on with 100 Continue"] = (socket, stop) => DripAsync(socket, "HTTP/1.1 100 Continue\r\n\r\n", stop),
        ["drips the body of a 500"] = (socket, stop) => DripAsync(socket, "HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\na", stop),
        ["sends an endless body"] = async (socket, stop) =>
        {
            await SendAsync(socket, "HTTP/1.1 500 Oops\r\n\r\n");
            while (!stop.IsCancellationRequested) await SendAsync(socket, new string('x', 8192));
        },
        ["sends a huge head"] = (socket, _) => SendAsync(socket, "HTTP/1.1 200 OK\r\nX-Big: " + new string('x', 100_000) + "\r\n\r\n"),
        ["sends endless headers"] = async (socket, stop) =>
        {
            await SendAsync(socket, "HTTP/1.1 200 OK\r\n");
            while (!stop.IsCancellationRequested) await SendAsync(socket, "X-More: y\r\n");
        },
        ["closes at once"] = (_, _) => Task.CompletedTask,
        ["resets"] = (socket, _) =>
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
            return Task.CompletedTask;
        },
        ["closes in the status line"] = (socket, _) => SendAsync(socket, "HTTP/1.1 20"),
        ["speaks SSH"] = (socket, _) => SendAsync(socket, "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        ["has a status that is none"] = (socket, _) => SendAsync(socket, "HTTP/1.1 abc OK\r\n\r\n"),
        ["has a status of its own"] = (socket, _) => SendAsync(socket, "HTTP/1.1 999 Nine\r\nContent-Length: 0\r\n\r\n"),
        ["lies about the length of a 500"] = (socket, _) => SendAsync(socket, "HTTP/1.1 500 Oops\r\nContent-Length: 5000\r\n\r\nshort"),
        ["names two lengths"] = (socket, _) => SendAsync(socket, "HTTP/1.1 500 Oops\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        ["breaks off a chunk"] = (socket, _) => SendAsync(socket, "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\nshort"),
        ["sends a bomb"] = (socket, _) => SendAsync(socket, "HTTP/1.1 500 Oops\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nshort"),
        ["switches protocols"] = (socket, _) => SendAsync(socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
        ["redirects in a circle"] = (socket, _) => SendAsync(socket, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
        ["redirects to the metadata service"] = (socket, _) => SendAsync(socket, "HTTP/1.1 307 Elsewhere\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"),
        ["answers 404"] = (socket, _) => SendAsync(socket, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        ["answers 429 for a while"] = (socket, _) => SendAsync(socket, "HTTP/1.1 429 Slow Down\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n"),
        ["answers 502"] = (socket, _) => SendAsync(socket, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        ["answers 503 until a date that is none"] = (socket, _) => SendAsync(socket, "HTTP/1.1 503 Later\r\nRetry-After: tomorrow\r\nContent-Length: 0\r\n\r\n"),
        ["answers 504"] = (socket, _) => SendAsync(socket, "HTTP/1.1 504 Timeout\r\nContent-Length: 0\r\n\r\n"),
    };

    [Fact]
    public async Task EveryDeliveryArrives_OnceTheyBehave_AndAHealthyReceiverNeverWaits()
    {
        const int each = 3, healthyOnes = 200;
        Assert.True(Ways.Count >= 20);
        var mended = false;
        await using var rig = new DeliveryRig(new DeliveryOptions { Concurrency = 2 });
        await using var healthy = await Receiver.StartAsync(_ => Task.CompletedTask);
        var receivers = Ways.Select(way => new RawReceiver((socket, stop) => mended ? SendAsync(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") : way.Value(socket, stop))).ToList();
        try
        {
            foreach (var receiver in receivers)
            {
                for (var i = 0; i < each; i++) await rig.QueueAsync(rig.Delivery(receiver.Url));
            }

            await rig.Worker.RunOnceAsync();
            await Task.WhenAll(receivers.Select(receiver => receiver.RequestCame.Task));
            for (var i = 0; i < healthyOnes; i++) await rig.HandOverAsync(rig.Delivery(healthy.Url));
            // The clock stands still: whatever hangs now goes on hanging until the healthy ones are done.
            while (rig.Text($"SELECT count(*) FROM deliveries WHERE state = 'succeeded' AND destination = '{healthy.Url}'") != $"{healthyOnes}") await Task.Yield();
            Assert.Equal($"{each}", rig.Text($"SELECT count(*) FROM deliveries WHERE attempts = 0 AND destination = '{receivers[0].Url.TrimEnd('/')}'"));

            mended = true;
            for (var round = 0; round < 2000 && rig.Text("SELECT count(*) FROM deliveries WHERE ended_at IS NULL") != "0"; round++)
            {
                rig.Time.Advance(TimeSpan.FromSeconds(2));
                await rig.Worker.RunOnceAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }

            Assert.Equal($"{(Ways.Count * each) + healthyOnes}", rig.Text("SELECT count(*) FROM deliveries WHERE state = 'succeeded'"));
            Assert.Equal("0", rig.Text("SELECT count(*) FROM attempts WHERE error = 'internal_error'"));
        }
        finally
        {
            await rig.Worker.StopAsync(new CancellationToken(canceled: true));
            foreach (var receiver in receivers) await receiver.DisposeAsync();
        }
    }

    private static async Task DripAsync(Socket socket, string text, CancellationToken stop)
    {
        await SendAsync(socket, text);
        await RawReceiver.NeverAsync(stop);
    }

    private static async Task SendAsync(Socket socket, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        for (var sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent));
    }
}

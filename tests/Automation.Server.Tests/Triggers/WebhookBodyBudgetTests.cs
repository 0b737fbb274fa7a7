using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Webhooks;

namespace Automation.Server.Tests.Triggers;

public sealed class WebhookBodyBudgetTests
{
    private const string Hook = """{"path":"/a","maxBody":"64MB"}""";
    private readonly TaskCompletionSource<IntakeOutcome> commit = new();

    [Fact]
    public async Task BodyPastTheBudget_Is503_BeforeItIsSent()
    {
        await using var server = await WebhookServer.StartAsync(1000, Hook);
        server.Accept = (_, _) => new(commit.Task);
        var first = server.Http.PostAsync("/hooks/a", Text(600));
        await server.WhenOfferedAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/a") { Content = Text(401) };
        request.Headers.ExpectContinue = true;
        var refused = await server.Http.SendAsync(request);
        await WebhookEndpointTests.AssertProblemAsync(refused, 503, "nothing was stored");
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        var second = server.Http.PostAsync("/hooks/a", Text(400));
        commit.SetResult(IntakeOutcome.Accepted);
        Assert.Equal(HttpStatusCode.Accepted, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await second).StatusCode);
        Assert.Equal(0, server.BodyBytes);
    }

    [Fact]
    public async Task ChunkedBody_ThatOutgrowsTheBudget_Is503_AndGivesBackWhatItTook()
    {
        await using var server = await WebhookServer.StartAsync(100_000, Hook);
        server.Accept = (_, _) => new(commit.Task);
        var first = server.Http.PostAsync("/hooks/a", Text(50_000));
        await server.WhenOfferedAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/a") { Content = Text(60_000) };
        request.Headers.TransferEncodingChunked = true;
        await WebhookEndpointTests.AssertProblemAsync(await server.Http.SendAsync(request), 503, "nothing was stored");
        Assert.Equal(50_000, server.BodyBytes);
        commit.SetResult(IntakeOutcome.Accepted);
        Assert.Equal(HttpStatusCode.Accepted, (await first).StatusCode);
    }

    [Fact]
    public async Task BodyAlone_IsTaken_WhateverItsSize()
    {
        await using var server = await WebhookServer.StartAsync(1000, Hook);
        (await server.Http.PostAsync("/hooks/a", Text(3_000_000))).EnsureSuccessStatusCode();
        Assert.Equal(3_000_000, server.Single.Body.Length);
        Assert.Equal(0, server.BodyBytes);
    }

    [Fact]
    public async Task LengthThatIsOnlyAnnounced_TakesNoMemory()
    {
        await using var server = await WebhookServer.StartAsync(Hook);
        using var silent = new TcpClient();
        await silent.ConnectAsync("127.0.0.1", server.Http.BaseAddress!.Port);
        await silent.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /hooks/a HTTP/1.1\r\nHost: t\r\nContent-Type: text/plain\r\nContent-Length: {60 << 20}\r\n\r\n1"));
        while (server.BodyBytes == 0) await Task.Yield();
        Assert.Equal(1, server.BodyBytes);
        (await server.Http.PostAsync("/hooks/a", Text(40 << 20))).EnsureSuccessStatusCode();
        silent.Close();
        while (server.BodyBytes > 0) await Task.Yield();
    }

    [Fact]
    public async Task CallerThatWaitsForARun_HoldsNeitherBodyNorRoom()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","respond":"result"}""");
        TaskCompletionSource<RunAnswer>? running = null;
        server.Accept = (_, answer) =>
        {
            running = answer;
            return new(IntakeOutcome.Accepted);
        };
        var answer = server.Http.PostAsync("/hooks/a", Text(1000));
        await server.WhenOfferedAsync();
        while (server.BodyBytes > 0) await Task.Yield();
        var body = TakeBody(server);
        await Runs.WorkflowServer.UntilAsync(() =>
        {
            GC.Collect();
            return !body.IsAlive;
        });
        Assert.False(answer.IsCompleted);
        running!.SetResult(new RunAnswer(WebhookServer.RunId, null, Automation.Server.Values.Json.Parse("1"), null, null));
        (await answer).EnsureSuccessStatusCode();
    }

    [Fact]
    public void Share_CountsAndGivesBack()
    {
        var budget = new BodyBudget(100);
        var one = budget.Open();
        var other = budget.Open();
        Assert.True(one.TryTake(60));
        Assert.True(other.HasRoom(40));
        Assert.False(other.TryTake(41));
        Assert.True(other.TryTake(40));
        Assert.False(one.TryTake(1));
        other.Dispose();
        other.Dispose();
        Assert.True(one.TryTake(1000)); // alone
        one.Dispose();
        Assert.Equal(0, budget.Taken);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference TakeBody(WebhookServer server)
    {
        Assert.True(server.Offered.TryDequeue(out var offer));
        Assert.True(MemoryMarshal.TryGetArray(offer.Event.Body, out var body));
        return new WeakReference(body.Array);
    }

    private static StringContent Text(int length) => new(new string('1', length), Encoding.UTF8, "text/plain");
}

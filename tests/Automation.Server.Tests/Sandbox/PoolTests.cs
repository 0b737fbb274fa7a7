using System.Diagnostics;
using Automation.Server.Sandbox;

namespace Automation.Server.Tests.Sandbox;

/// <summary>Processes come, go and die; calls do not notice.</summary>
public sealed class PoolTests
{
    [Fact]
    public async Task Process_StartsWithTheFirstCall_AndAHandfulNeedsOnlyOne()
    {
        await using var pool = SandboxPools.Create();
        Assert.Equal(0, pool.ProcessCount);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => pool.ValueOf(SandboxPools.Function("return 1;"))));
        Assert.Equal(1, pool.ProcessCount);
    }

    [Fact]
    public async Task Process_Starts_WhereItsCacheCannotBeWritten()
    {
        var file = Path.GetTempFileName(); // a folder below a file can be made by nobody, not even by root
        await using var pool = SandboxPools.Create(options => options.CacheFolder = Path.Combine(file, "deno"));
        Assert.Equal("1", await pool.ValueOf(SandboxPools.Function("return 1;")));
        File.Delete(file);
    }

    [Fact]
    public async Task SlowCall_MakesASecondProcess_AndOthersDoNotWaitForIt()
    {
        await using var pool = SandboxPools.Create();
        await pool.ValueOf(SandboxPools.Function("return 1;"));
        var slow = pool.RunAsync(SandboxPools.Function("const end = Date.now() + 3000; while (Date.now() < end); return 'slow';"));
        var behind = new List<Task<string>>();
        await Until(() =>
        {
            behind.Add(pool.ValueOf(SandboxPools.Function("return 1;")));
            return pool.ProcessCount == 2;
        });
        await pool.ValueOf(SandboxPools.Function("return 1;"));
        Assert.False(slow.IsCompleted);
        await Task.WhenAll(behind);
        Assert.Equal("\"slow\"", (await slow).Value.ToString());
    }

    [Fact]
    public async Task Process_KilledFromOutside_FailsNoCall()
    {
        await using var pool = SandboxPools.Create(options => options.MaxProcesses = 1);
        var slow = SandboxPools.Function("const end = Date.now() + 1000; while (Date.now() < end); return 1;");
        var good = SandboxPools.Function("return 1;");
        await pool.ValueOf(good);
        var calls = Enumerable.Range(0, 100).Select(i => pool.RunAsync(i == 0 ? slow : good)).ToArray();
        Kill(pool.ProcessIds[0]);
        Assert.All(await Task.WhenAll(calls), result => Assert.Equal("1", result.Value.ToString()));
    }

    [Fact]
    public async Task Process_ThatDiesTwiceUnderOneCall_IsBlamedOnIt()
    {
        await using var pool = SandboxPools.Create(options => options.MaxProcesses = 1);
        var good = SandboxPools.Function("return 1;");
        await pool.ValueOf(good);
        var first = pool.ProcessIds[0];
        var guilty = pool.RunAsync(SandboxPools.Function("for (;;) {}"));
        var innocent = pool.RunAsync(good);
        Kill(first);
        Kill(await NextProcess(pool, first));
        Assert.Equal(SandboxErrorKind.Crashed, (await guilty).Error?.Kind);
        Assert.Equal("1", (await innocent).Value.ToString());
    }

    [Fact]
    public async Task Cancelled_CallIsDropped_AndTheNextGetsItsOwnAnswer()
    {
        await using var pool = SandboxPools.Create(options => options.MaxProcesses = 1);
        using var giveUp = new CancellationTokenSource();
        var slow = pool.CallAsync(SandboxPools.Function("const end = Date.now() + 300; while (Date.now() < end); return 'slow';"), "code", default, giveUp.Token).AsTask();
        var next = pool.ValueOf(SandboxPools.Function("return 'next';"));
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        Assert.Equal("\"next\"", await next);
    }

    [Fact]
    public async Task Programs_PastTheLimit_AreUnloaded_AndLoadedAgainWhenCalled()
    {
        await using var pool = SandboxPools.Create(options => (options.MaxPrograms, options.MaxProcesses) = (3, 1));
        var programs = Enumerable.Range(0, 8).Select(i => SandboxPools.Function($"globalThis.calls = (globalThis.calls ?? 0) + 1; return [{i}, globalThis.calls];")).ToArray();
        for (var i = 0; i < programs.Length; i++) Assert.Equal($"[{i},1]", await pool.ValueOf(programs[i]));
        Assert.Equal("[7,2]", await pool.ValueOf(programs[7]));
        Assert.Equal("[0,1]", await pool.ValueOf(programs[0]));
    }

    [Fact]
    public async Task Process_ThatIsIdle_IsRetired_ButForTheLast()
    {
        await using var pool = SandboxPools.Create(options => options.IdleTime = TimeSpan.FromMilliseconds(100));
        await pool.ValueOf(SandboxPools.Function("return 1;"));
        var slow = pool.RunAsync(SandboxPools.Function("const end = Date.now() + 1000; while (Date.now() < end);"));
        var behind = new List<Task<string>>();
        await Until(() =>
        {
            behind.Add(pool.ValueOf(SandboxPools.Function("return 1;")));
            return pool.ProcessCount == 2;
        });
        await Task.WhenAll([slow, .. behind]);
        await Until(() => pool.ProcessCount == 1);
        Assert.Equal("1", await pool.ValueOf(SandboxPools.Function("return 1;")));
    }

    [Fact]
    public async Task Runtime_ThatIsMissing_IsSaidInOneSentence()
    {
        await using var pool = SandboxPools.Create(options => options.RuntimePath = "/nowhere/deno");
        var thrown = await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.ValueOf(SandboxPools.Function("return 1;")));
        Assert.StartsWith("Scripts cannot run: there is no Deno program at /nowhere/deno. Start the server with ./run, or run `npm ci` in ", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runtime_ThatIsSomethingElse_IsUnavailable()
    {
        await using var pool = SandboxPools.Create(options => options.RuntimePath = "/bin/false");
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.ValueOf(SandboxPools.Function("return 1;")));
    }

    [Fact]
    public async Task Dispose_EndsTheProcesses_AndRefusesCalls()
    {
        var pool = SandboxPools.Create();
        await pool.ValueOf(SandboxPools.Function("return 1;"));
        using var process = Process.GetProcessById(pool.ProcessIds[0]);
        var running = pool.RunAsync(SandboxPools.Function("for (;;) {}"));
        await pool.DisposeAsync();
        await process.WaitForExitAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RunAsync(SandboxPools.Function("return 1;")));
    }

    [Fact]
    public async Task Program_WorksWithoutAWritableCache()
    {
        await using var pool = SandboxPools.Create(options => options.CacheFolder = "/proc/nowhere");
        Assert.Equal("1", await pool.ValueOf(SandboxPools.Function("return 1;")));
    }

    private static void Kill(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
    }

    private static async Task<int> NextProcess(SandboxPool pool, int old)
    {
        var id = old;
        await Until(() => (id = pool.ProcessIds.FirstOrDefault(old)) != old);
        return id;
    }

    private static async Task Until(Func<bool> condition)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var ticks = 0; !condition(); ticks++)
        {
            Assert.True(ticks < 3000, "It did not happen within 30 s.");
            await tick.WaitForNextTickAsync();
        }
    }
}

using Automation.Server.Sandbox;

namespace Automation.Server.Tests.Sandbox;

/// <summary>Each limit, with a script that breaks it; only the guilty call fails.</summary>
public sealed class LimitTests
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    public static TheoryData<string> Endless =>
    [
        "for (;;) {}",
        "const f = async () => { for (;;) await 1; }; await f();",
        "const f = async () => { for (;;) await 1; }; f(); return 1;",
        "return /^(a+)+$/.test('a'.repeat(40) + 'b');",
        "return { toJSON() { for (;;) {} } };",
        "throw Object.defineProperty(new Error(), 'message', { get() { (async () => { for (;;) await 1; })(); return 'x'; } });",
        "throw { get message() { for (;;) {} }, toString() { for (;;) {} }, get a() { for (;;) {} } };",
    ];

    [Theory]
    [MemberData(nameof(Endless))]
    public async Task Script_WithoutEnd_IsStopped_AndAHundredOthersSucceed(string code)
    {
        await using var pool = SandboxPools.Create(options => options.WallTime = Short);
        await AssertOnlyTheGuiltyFails(pool, code, SandboxErrorKind.TimedOut);
    }

    [Fact]
    public async Task Module_WithoutEndAtItsTopLevel_IsStopped()
    {
        await using var pool = SandboxPools.Create(options => options.WallTime = Short);
        Assert.Equal(SandboxErrorKind.TimedOut, (await pool.ErrorOf(SandboxPools.Module("for (;;) {}\nexport default () => 1;"))).Kind);
    }

    [Theory]
    [InlineData("const a = []; for (;;) a.push({ a: [a.length, a.length + 0.5] });")]
    [InlineData("let s = 'x'; const a = {}; for (let i = 0; ; i++) a[i] = (s + i).repeat(2000).split('');")]
    [InlineData("const a = []; for (;;) a.push(new Uint8Array(4 << 20).fill(1));")]
    public async Task Script_ThatAllocatesWithoutEnd_IsStopped_AndAHundredOthersSucceed(string code)
    {
        await using var pool = SandboxPools.Create();
        await AssertOnlyTheGuiltyFails(pool, code, SandboxErrorKind.OutOfMemory);
    }

    [Fact]
    public async Task Recursion_WithoutEnd_IsAnOrdinaryError()
    {
        await using var pool = SandboxPools.Create();
        var error = await pool.ErrorOf(SandboxPools.Function("const f = () => f() + 1;\nreturn f();"));
        Assert.Equal((SandboxErrorKind.Script, "Maximum call stack size exceeded"), (error.Kind, error.Message));
    }

    [Theory]
    [InlineData("return 'x'.repeat(2 << 20);")]
    [InlineData("return 'é'.repeat(600 << 10);")]
    [InlineData("return new Array(1 << 20).fill(7);")]
    public async Task Result_ThatIsTooLarge_IsRefused_AndTheProcessLives(string code)
    {
        await using var pool = SandboxPools.Create();
        var before = await pool.ValueOf(SandboxPools.Function("return 1;"));
        var processes = pool.ProcessIds;
        Assert.Equal(SandboxErrorKind.OutputTooLarge, (await pool.ErrorOf(SandboxPools.Function(code))).Kind);
        Assert.Equal("1", before);
        Assert.Equal(processes, pool.ProcessIds);
    }

    [Fact]
    public async Task Guilty_AreBlamedEach_WhenSeveralWaitInOneProcess()
    {
        await using var pool = SandboxPools.Create(options => (options.WallTime, options.MaxProcesses) = (Short, 1));
        var bad = SandboxPools.Function("for (;;) {}");
        var good = SandboxPools.Function("return event;");
        var calls = Enumerable.Range(0, 30).Select(i => pool.RunAsync(i % 10 == 3 ? bad : good, $"{i}")).ToArray();
        var results = await Task.WhenAll(calls);
        for (var i = 0; i < results.Length; i++) Assert.Equal(i % 10 == 3 ? SandboxErrorKind.TimedOut : null, results[i].Error?.Kind);
    }

    [Fact]
    public async Task Orphan_InAnEndlessLoop_HasAProcessorLimit()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The limit is set on Linux only.");
        await using var pool = SandboxPools.Create();
        await pool.ValueOf(SandboxPools.Function("return 1;"));
        var limit = File.ReadLines($"/proc/{pool.ProcessIds[0]}/limits").Single(line => line.StartsWith("Max cpu time", StringComparison.Ordinal));
        Assert.InRange(int.Parse(limit.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3], System.Globalization.CultureInfo.InvariantCulture), 15, 20);
    }

    [Fact]
    public void ProcessThatHasJustEnded_IsNoReasonToFail()
    {
        using var child = System.Diagnostics.Process.Start("sleep", "60");
        using var seenByTheWatch = System.Diagnostics.Process.GetProcessById(child.Id);
        child.Kill();
        child.WaitForExit();
        ProcessLimits.ExtendCpu(seenByTheWatch);
        Assert.Equal(0, ProcessLimits.ResidentBytes(seenByTheWatch));
    }

    [Fact]
    public async Task Environment_OfTheProcess_HasNothingOfTheServers()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Read from /proc.");
        await using var pool = SandboxPools.Create();
        await pool.ValueOf(SandboxPools.Function("return 1;"));
        var names = File.ReadAllText($"/proc/{pool.ProcessIds[0]}/environ").Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=')[0]).Order();
        Assert.Equal(["DENO_DIR", "DENO_NO_UPDATE_CHECK", "NO_COLOR"], names);
    }

    private static async Task AssertOnlyTheGuiltyFails(SandboxPool pool, string code, SandboxErrorKind expected)
    {
        var good = SandboxPools.Function("return event;");
        await pool.ValueOf(good, "0");
        var before = Enumerable.Range(0, 50).Select(i => pool.RunAsync(good, $"{i}")).ToArray();
        var guilty = pool.RunAsync(SandboxPools.Function(code));
        var after = Enumerable.Range(50, 50).Select(i => pool.RunAsync(good, $"{i}")).ToArray();
        Assert.Equal(expected, (await guilty).Error?.Kind);
        var values = (await Task.WhenAll([.. before, .. after])).Select(result => result.Error?.Message ?? result.Value.ToString());
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), values);
    }
}

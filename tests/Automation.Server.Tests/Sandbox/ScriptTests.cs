using Automation.Server.Sandbox;
using Automation.Server.Values;

namespace Automation.Server.Tests.Sandbox;

/// <summary>What scripts and expressions can do and what they give back.</summary>
public sealed class ScriptTests(SharedPool shared) : IClassFixture<SharedPool>
{
    private readonly SandboxPool pool = shared.Pool;

    [Fact]
    public async Task Expressions_GiveOneValueEach_AndUndefinedAsNull() =>
        Assert.Equal("""[42,null,"b",[1,{"x":2}],null]""", await pool.ValueOf(SandboxPools.Expressions("event.n + 1", "event.nope", "event?.s ?? 'a'", "[1, { x: 2 }]", "input"), """{"n":41,"s":"b"}"""));

    [Fact]
    public async Task Scope_HasAllNames_ForExpressionsFunctionsAndModules()
    {
        const string All = "[event, input, steps, vars, run, env, item, index, state]";
        var program = SandboxPools.Program(
            new ExpressionUnit("expression", [new SandboxExpression("/a", All)]),
            new FunctionUnit("function", "inline", $"return {All};"),
            new ModuleUnit("module", "all.js", $"export default ({{ event, input, steps, vars, run, env, item, index, state }}) => {All};"));
        var scope = new SandboxScope
        {
            Event = Json.Parse("1"),
            Input = Json.Parse("2"),
            Steps = Json.Parse("3"),
            Vars = Json.Parse("4"),
            Run = Json.Parse("5"),
            Env = Json.Parse("6"),
            Item = Json.Parse("7"),
            Index = Json.Parse("8"),
            State = Json.Parse("9"),
        };
        Assert.Equal("[[1,2,3,4,5,6,7,8,9]]", (await pool.CallAsync(program, "expression", scope, default)).Value.ToString());
        Assert.Equal("[1,2,3,4,5,6,7,8,9]", (await pool.CallAsync(program, "function", scope, default)).Value.ToString());
        Assert.Equal("[1,2,3,4,5,6,7,8,9]", (await pool.CallAsync(program, "module", scope, default)).Value.ToString());
    }

    [Theory]
    [InlineData("return event.x as number;", "41")]
    [InlineData("interface A { x: number }\nconst a: A = event;\nreturn a.x;", "41")]
    [InlineData("return await Promise.resolve(event.x) + 1;", "42")]
    [InlineData("return Promise.resolve().then(() => event.x);", "41")]
    [InlineData("event.x;", "null")]
    [InlineData("return 'é→😀' + '\\ud800';", "\"é→😀\\ud800\"")]
    public async Task Function_ReturnsItsValue(string code, string expected) => Assert.Equal(expected, await pool.ValueOf(SandboxPools.Function(code), """{"x":41}"""));

    [Theory]
    [InlineData("export default function ({ event }: { event: { x: number } }): number { return event.x; }")]
    [InlineData("const once = await Promise.resolve(0);\nexport default async ({ event }) => { await 1; return event.x + once; }")]
    [InlineData("function main({ event }) { return event.x }\nexport { main as default };")]
    public async Task Module_CallsItsDefaultExport(string source) => Assert.Equal("41", await pool.ValueOf(SandboxPools.Module(source), """{"x":41}"""));

    [Fact]
    public async Task Event_OfOneMegabyte_ComesBackUnchanged()
    {
        var big = "\"" + string.Concat(Enumerable.Repeat("äöü→😀abc", 60_000)) + "\"";
        Assert.Equal(big, await pool.ValueOf(SandboxPools.Function("return event;"), big));
    }

    [Fact]
    public async Task Console_IsKeptWithTheCall()
    {
        var result = await pool.RunAsync(SandboxPools.Function("console.log('a', { b: [1, null] }); console.error(new TypeError('no')); const c = {}; c.c = c; console.debug(c); throw 1;"));
        Assert.Equal(
            [new SandboxLogLine("info", """a {"b": [1, null]}"""), new SandboxLogLine("error", "TypeError: no"), new SandboxLogLine("debug", """{"c": [circular]}""")],
            result.Log);
    }

    [Fact]
    public async Task Console_IsBounded()
    {
        var result = await pool.RunAsync(SandboxPools.Function("for (let i = 0; i < 1e5; i++) console.log('x'.repeat(50)); console.log('y'.repeat(1e7));"));
        Assert.Equal(101, result.Log.Count);
        Assert.Equal(new SandboxLogLine("warn", "99901 more lines were not kept."), result.Log[^1]);
        var wide = await pool.RunAsync(SandboxPools.Function("console.log('y'.repeat(1e7)); console.log(new Array(1e6).fill('z'));"));
        Assert.InRange(wide.Log.Sum(line => line.Text.Length), 16_000, 17_000);
    }

    [Fact]
    public async Task Globals_OfTheWeb_AreThere() => Assert.Equal(
        """["http://x.y/a?b=1&c=2+3","a=1+2&b=%C3%A9","hé","aé→😀",36,true]""",
        await pool.ValueOf(SandboxPools.Function("""
            const u = new URL('/a?b=1', 'http://x.y:80'); u.searchParams.append('c', '2 3');
            return [u, String(new URLSearchParams({ a: '1 2', b: 'é' })), atob(btoa('hé')), new TextDecoder().decode(new TextEncoder().encode('aé→😀')),
              crypto.randomUUID().length, structuredClone({ d: new Date(0) }).d instanceof Date];
            """)));

    [Theory]
    [InlineData("return 10n;", "The result cannot be written as JSON: Do not know how to serialize a BigInt")]
    [InlineData("const a = {}; a.a = a; return a;", "The result cannot be written as JSON: Converting circular structure to JSON")]
    [InlineData("return () => 1;", "The result is a function, which JSON cannot hold.")]
    [InlineData("return { toJSON() { throw new Error('mine'); } };", "The result cannot be written as JSON: mine")]
    [InlineData("return new Proxy({}, { ownKeys() { throw new Error('trap'); } });", "The result cannot be written as JSON: trap")]
    [InlineData("return { get then() { throw new Error('getter'); } };", "getter")]
    [InlineData("throw 'plain';", "plain")]
    [InlineData("throw { a: 1 };", "The script threw {\"a\": 1}, which is not an Error.")]
    [InlineData("throw undefined;", "The script threw undefined, which is not an Error.")]
    [InlineData("throw new Proxy({}, { get() { throw 1; }, ownKeys() { throw 2; } });", "The script threw [a value that cannot be shown], which is not an Error.")]
    [InlineData("await Promise.reject(new Error('late'));", "late")]
    [InlineData("await new Promise(() => {});", "The script's promise never settles: nothing is left to run that could settle it.")]
    public async Task Function_ThatCannotGiveAValue_SaysWhy(string code, string expected)
    {
        var error = await pool.ErrorOf(SandboxPools.Function(code));
        Assert.Equal(SandboxErrorKind.Script, error.Kind);
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejection_ThatNobodyHandles_IsNotToldToAnotherCall()
    {
        var careless = SandboxPools.Function("Promise.reject(new Error('lost')); queueMicrotask(() => { throw new Error('lost too'); }); return 1;");
        for (var i = 0; i < 10_000; i++) Assert.Equal("1", await pool.ValueOf(careless));
    }

    [Fact]
    public async Task Answers_ComeInTheOrderOfTheCalls_EachWithItsOwnValue()
    {
        var program = SandboxPools.Function("return event;");
        var calls = Enumerable.Range(0, 5_000).Select(async i => (i, await pool.ValueOf(program, i % 100 == 0 ? $"[{i},\"{new string('x', 20_000)}\"]" : $"[{i}]"))).ToArray();
        foreach (var (i, value) in await Task.WhenAll(calls)) Assert.StartsWith($"[{i}", value, StringComparison.Ordinal);
    }
}

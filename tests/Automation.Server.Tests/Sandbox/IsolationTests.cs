using Automation.Server.Sandbox;

namespace Automation.Server.Tests.Sandbox;

/// <summary>A script reaches nothing but the values it was given.</summary>
public sealed class IsolationTests(SharedPool shared) : IClassFixture<SharedPool>
{
    private readonly SandboxPool pool = shared.Pool;

    [Theory]
    [InlineData("Deno")]
    [InlineData("fetch")]
    [InlineData("Worker")]
    [InlineData("process")]
    [InlineData("require")]
    [InlineData("WebSocket")]
    [InlineData("WebAssembly")]
    [InlineData("SharedArrayBuffer")]
    [InlineData("Atomics")]
    [InlineData("FinalizationRegistry")]
    [InlineData("setTimeout")]
    public async Task Name_IsNotDefined(string name) => Assert.Equal("[\"undefined\"]", await pool.ValueOf(SandboxPools.Expressions($"typeof {name}")));

    [Theory]
    [InlineData("return import('node:fs');")]
    [InlineData("return import('data:text/javascript,export default 1');")]
    [InlineData("const f = async () => import('./main.ts'); return f();")]
    public async Task Import_IsRefused(string code)
    {
        var error = await pool.ErrorOf(SandboxPools.Function(code));
        Assert.Equal("import() is not available; everything a script needs has to be in its own file.", error.Message);
        Assert.Equal((1, code.IndexOf("import", StringComparison.Ordinal) + 1), (error.Line, error.Column));
    }

    [Theory]
    [InlineData("return eval('1');")]
    [InlineData("return new Function('return Deno')();")]
    [InlineData("return console.log.constructor('return Deno')();")]
    [InlineData("return event.constructor.constructor('return globalThis')();")]
    [InlineData("return (async () => {}).constructor('return Deno')();")]
    [InlineData("return crypto.randomUUID.constructor('return Deno')();")]
    [InlineData("try { new URL('nope') } catch (e) { return e.constructor.constructor('return Deno')() }")]
    [InlineData("return import('x').catch(e => e.constructor.constructor('return Deno')());")]
    public async Task TextToCode_IsRefused(string code) =>
        Assert.Contains("Code generation from strings disallowed", (await pool.ErrorOf(SandboxPools.Function(code), "{}")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("return import('x').catch(e => e instanceof TypeError && e.constructor === TypeError);")]
    [InlineData("try { new URL('nope') } catch (e) { return e instanceof TypeError }")]
    [InlineData("try { eval('1') } catch (e) { return e instanceof EvalError }")]
    [InlineData("const caught = []; function f() { try { f(); } catch (e) { try { new URL('http://a/'); crypto.randomUUID(); } catch (x) { caught.push(x); } throw e; } } try { f() } catch {} return caught.every(e => e instanceof RangeError);")]
    [InlineData("Error.prepareStackTrace = (e, s) => s; const s = new Error().stack; return s.slice(1).every(f => f.getThis() === undefined && f.getFunction() === undefined);")]
    [InlineData("return Object.getPrototypeOf(event) === Object.prototype && [event].constructor === Array;")]
    [InlineData("return (function f() { return f.caller; }).toString().length > 0 && (() => { try { return arguments.callee; } catch { return true; } })();")]
    public async Task Value_ThatComesIn_BelongsToTheScriptsOwnRealm(string code) => Assert.Equal("true", await pool.ValueOf(SandboxPools.Function(code), "{}"));

    [Fact]
    public async Task Pollution_StaysInItsProgram()
    {
        var polluting = SandboxPools.Function("Object.prototype.polluted = 1; Array.prototype.map = () => 'mine'; JSON.parse = () => 'mine'; globalThis.left = 1; return event;");
        Assert.Equal("[1]", await pool.ValueOf(polluting, "[1]"));
        Assert.Equal("[1]", await pool.ValueOf(polluting, "[1]"));
        Assert.Equal("""[null,[2],null,{"a":1}]""", await pool.ValueOf(SandboxPools.Expressions("({}).polluted", "[1].map(x => x + 1)", "globalThis.left", "JSON.parse('{\"a\":1}')")));
    }

    [Fact]
    public async Task Promise_WhoseMethodsAreReplaced_GetsNothingOfTheProgram() => Assert.Equal("true", await pool.ValueOf(SandboxPools.Module("""
        const got = [];
        for (const name of ['then', 'catch', 'finally']) {
          const own = Promise.prototype[name];
          Promise.prototype[name] = function (...given) { got.push(...given); return own.apply(this, given); };
        }
        Object.defineProperty(Promise.prototype, 'constructor', { get() { got.push(arguments); return Promise; } });
        await 1;
        export default async () => { await 1; return got.every(value => value instanceof Object); };
        """)));

    [Theory]
    [InlineData("throw new Proxy({}, { getPrototypeOf() { throw 1; } });\nexport default 1;")]
    [InlineData("throw new Proxy(function () {}, { get() { throw 1; }, apply() { throw 1; } });\nexport default 1;")]
    public async Task Module_ThatThrowsATrap_FailsAlone(string source)
    {
        var before = await pool.ValueOf(SandboxPools.Function("return 1;"));
        Assert.Equal(SandboxErrorKind.Script, (await pool.ErrorOf(SandboxPools.Module(source))).Kind);
        Assert.Equal("1", before);
    }

    [Theory]
    [InlineData("Deno.exit(0)")]
    [InlineData("process.exit(1)")]
    [InlineData("close()")]
    [InlineData("globalThis.Deno.kill(1)")]
    public async Task Exit_IsNotPossible(string code)
    {
        Assert.Equal(SandboxErrorKind.Script, (await pool.ErrorOf(SandboxPools.Function(code))).Kind);
        Assert.Equal("1", await pool.ValueOf(SandboxPools.Function("return 1;")));
    }

    [Fact]
    public async Task Function_ThatClosesTheWrapper_IsRefused()
    {
        Assert.Equal(SandboxErrorKind.Script, (await pool.ErrorOf(SandboxPools.Function("}); globalThis.x = 1; (function () {"))).Kind);
        Assert.Equal(SandboxErrorKind.Script, (await pool.ErrorOf(SandboxPools.Expressions("1)}); globalThis.x = 1; (function () { (1"))).Kind);
    }
}
